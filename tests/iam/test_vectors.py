"""Every row of tests/vectors/iam: a record of `valetkey iam evaluate`, the decision, its reason
and the source it comes from.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from valetkey.iam import evaluate
from valetkey.iam.record import answer_line, read_record

FOLDER = Path(__file__).parent.parent / "vectors" / "iam"


def rows() -> list[Any]:
    return [
        pytest.param(row, id=f"{file.stem}:{row['record']['id']}")
        for file in sorted(FOLDER.glob("*.json"))
        for row in json.loads(file.read_text())
    ]


@pytest.mark.parametrize("row", rows())
def test_the_decision_is_the_one_that_aws_documents(row: dict[str, Any]) -> None:
    answer: dict[str, Any] = answer_line(json.dumps(row["record"]))

    assert answer["id"] == row["record"]["id"]
    if "error" in row:
        assert answer["error"]["code"] == row["error"]
        return
    assert answer.get("decision") == row["decision"], (row["reason"], answer)
    if "determining" in row:
        found = [[ref["policy"], ref["statement"]] for ref in answer["determining"]]
        assert found == row["determining"]
    if "contested" in row:
        assert bool(evaluate(*read_record(row["record"])).contested) is row["contested"]


def test_every_row_has_a_reason_and_a_source() -> None:
    for file in FOLDER.glob("*.json"):
        for row in json.loads(file.read_text()):
            assert row["reason"]
            assert row["source"].startswith(("IAM ", "AWS ", "Amazon ", "observed: "))


def test_no_two_rows_put_the_same_question() -> None:
    """Of 300 cases at least, as many differ."""
    asked = [json.dumps({**row.values[0]["record"], "id": ""}, sort_keys=True) for row in rows()]

    assert len(set(asked)) == len(asked) > 500
