"""Where a statement stands: the file, the JSON path and the line that a person opens."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.proof_world import BROAD, OWN, ROLE, document, policies, proof
from valetkey.cli.prove_places import line_of, locate, path_text, walk
from valetkey.cli.prove_proof import Form, SourceFile
from valetkey.iam import StatementRef
from valetkey.tenancy.policy_set import Attached, PolicySet, RolePolicies

ODD: Any = {
    "a": [{"x": 1}, {"b c": {"d": [1, [2, 3]]}}],
    'q"\n': "s{[,:]}",
    "é": {"\\": [{"deep": True}]},
}
REF = StatementRef("permissions", 1, "Broad")


@pytest.mark.parametrize("indent", [None, 2, 0])
def test_every_value_is_found_on_its_line(indent: int | None) -> None:
    text = json.dumps(ODD, indent=indent, ensure_ascii=False)
    for steps, value in walk(ODD):
        line = line_of(text, steps)
        assert line <= text.count("\n") + 1
        begins = json.dumps(value, ensure_ascii=False)[0]
        assert begins in text.splitlines()[line - 1]


def test_a_path_is_written_as_people_write_it() -> None:
    assert path_text(("policies", 0, "Statement", 2)) == "$.policies[0].Statement[2]"
    assert path_text(("Resources", "a-b", "x")) == '$.Resources["a-b"].x'


def test_the_role_whose_session_asks_is_looked_at_first() -> None:
    theirs = OWN | {"Resource": "*"}
    other = RolePolicies(f"{ROLE}Other", document(), (Attached("permissions", document(theirs)),))
    made = proof(policies=PolicySet((other, *policies(OWN, BROAD).roles)))
    ref = StatementRef("permissions", 0, "Own")

    assert locate(made, ref, ROLE).statement == OWN
    assert locate(made, ref, f"{ROLE}Other").statement == theirs
    assert locate(made, ref, ROLE).path == "$.policies[0].Statement[0]"


def test_the_same_statement_comes_before_one_of_the_same_sid() -> None:
    twin = BROAD | {"Resource": "x"}
    file = SourceFile(Form.ROLE, Path("r.json"), json.dumps([twin, BROAD]))
    assert locate(proof(files=(proof().files[0], file)), REF, ROLE).path == "$[1]"


def test_a_policy_in_a_string_has_the_place_of_the_string() -> None:
    inner = json.dumps(document(OWN, BROAD))
    file = SourceFile(Form.PLAN, Path("p.json"), json.dumps({"values": {"policy": inner}}))
    place = locate(proof(files=(proof().files[0], file)), REF, ROLE)

    assert (place.path, place.line) == ("$.values.policy", 1)


def test_where_the_text_differs_the_sid_tells() -> None:
    written = BROAD | {"Resource": {"Fn::Sub": "*"}}
    file = SourceFile(Form.TEMPLATE, Path("t.json"), json.dumps({"R": [document(written)]}))
    place = locate(proof(files=(proof().files[0], file)), REF, ROLE)

    assert place.path == "$.R[0].Statement[0]"


@pytest.mark.parametrize("text", ["Resources:\n  a: 1", "", "[" * 5_000, "{" * 5_000, "\udcff"])
def test_what_can_not_be_read_has_no_path(text: str) -> None:
    file = SourceFile(Form.TEMPLATE, Path("t.yaml"), text)
    place = locate(proof(files=(proof().files[0], file)), REF, ROLE)

    assert (place.text, place.line) == ("t.yaml", None)
    assert place.statement == BROAD


def test_a_statement_that_is_not_there_is_not_another() -> None:
    for ref in (StatementRef("permissions", 9, "Broad"), StatementRef("permissions", 0, "Broad")):
        assert locate(proof(), ref, ROLE).statement is None


def test_trust_and_resource_policies_are_found_by_their_names() -> None:
    role = RolePolicies(ROLE, document(OWN), ())
    made = proof(policies=PolicySet((role,), {"arn:aws:s3:::b": document(BROAD)}))

    assert locate(made, StatementRef(f"trust of {ROLE}", 0, "Own"), ROLE).statement == OWN
    named = StatementRef("resource policy of arn:aws:s3:::b", 0, "Broad")
    assert locate(made, named, ROLE).statement == BROAD


def test_a_huge_file_is_looked_at_no_longer_than_its_bound() -> None:
    assert sum(1 for _ in walk([[0] * 1_000] * 1_000)) == 200_000
