"""What a document tells of its layer, and where its texts stand."""

import json
from typing import Any

import pytest

from tests.iam.build import document, statement
from valetkey.iam import Layer
from valetkey.iam.lint import Document, read_documents

NAMED = {"AWS": "123456789012"}
ASSUME = statement(Action="sts:AssumeRole", Principal=NAMED, Resource=None)


def read(*statements: dict[str, Any], layer: Layer | None = None) -> Document:
    (found,) = read_documents(json.dumps(document(*statements)), "x.json", layer=layer)
    return found


@pytest.mark.parametrize(
    ("one", "layer"),
    [
        (statement(), Layer.IDENTITY),
        (ASSUME, Layer.TRUST),
        ({**ASSUME, "Action": ["sts:*", "sts:TagSession"]}, Layer.TRUST),
        (statement(Principal=NAMED), Layer.RESOURCE),
        ({**ASSUME, "Resource": "*"}, Layer.RESOURCE),
    ],
)
def test_a_document_tells_what_it_is_attached_to(one: dict[str, Any], layer: Layer) -> None:
    assert read(one).layer is layer


def test_a_layer_that_is_named_wins() -> None:
    assert read(statement(), layer=Layer.BOUNDARY).layer is Layer.BOUNDARY


def test_each_text_has_its_path() -> None:
    block = {"stringlike": {"s3:prefix": ["a", "b"]}, "Null": {"s3:prefix": "false"}}
    (one,) = read(statement(Action=["s3:Get*", "s3:Put*"], Condition=block)).statements

    assert one.actions[1].path == "$.Statement[0].Action[1]"
    assert one.resources[0].path == "$.Statement[0].Resource"
    assert [line.operator for line in one.lines] == ["StringLike", "Null"]
    assert one.lines[0].path == '$.Statement[0].Condition.stringlike["s3:prefix"]'
    assert one.lines[0].values[1].path == f"{one.lines[0].path}[1]"


def test_a_statement_that_is_no_list_has_no_index() -> None:
    whole = json.dumps({"Version": "2012-10-17", "Statement": statement()})
    (found,) = read_documents(whole, "x.json", layer=None)

    assert found.statements[0].path == "$.Statement"
