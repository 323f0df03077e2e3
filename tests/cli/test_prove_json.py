"""`valetkey prove --json`: the members that programs rely on."""

import hashlib
import json

from tests.cli.proof_world import EDIT, OWN, REFUTED, UNSURE, policies, proof, report
from valetkey.cli.prove_json import members_of
from valetkey.cli.prove_proof import Change
from valetkey.isolation.answer import Answer
from valetkey.isolation.mending import Mend


def test_a_refuted_theorem_has_its_witness() -> None:
    found = members_of(proof(REFUTED))

    assert found["answer"] == "refuted"
    assert [each["name"] for each in found["theorems"]] == [
        "isolation",
        "fail-closed",
        "only-by-the-broker",
        "no-way-up",
        "usable",
    ]
    isolation = found["theorems"][0]
    assert isolation["answer"] == "refuted"
    assert isolation["seconds"] == 0.25
    kept = {"principal", "runs", "request", "expected", "got"}
    assert {name: isolation["witness"][name] for name in kept} == {
        "principal": "arn:aws:sts::111122223333:assumed-role/AgentTenantData/vk-r-1",
        "runs": [{"tags": {"user_id": "a", "task_id": "t"}}, {"tags": {"user_id": "b"}}],
        "request": {
            "action": "s3:GetObject",
            "resource": "arn:aws:s3:::trace-artifacts/traces/b/1",
            "context": {"s3:prefix": "x", "aws:TagKeys": ["user_id", "task_id"]},
        },
        "expected": "deny",
        "got": "allow",
    }


def test_a_proved_theorem_has_no_witness_and_its_assumptions() -> None:
    proved = members_of(proof(REFUTED))["theorems"][1]

    assert (proved["answer"], proved["witness"], proved["witnesses"]) == ("proved", None, [])
    assert {"text": "ACLs are off", "kept_by": "AWS"} in proved["assumptions"]


def test_an_unknown_has_its_reasons() -> None:
    found = members_of(proof(UNSURE))

    assert found["answer"] == "unknown"
    assert found["theorems"][4]["reasons"] == ["no time was left"]


def test_a_statement_is_named_by_file_path_and_line() -> None:
    (statement,) = members_of(proof())["theorems"][0]["witness"]["statements"]
    lines = proof().sources[0].text.splitlines()

    assert statement["path"] == "$.policies[0].Statement[1]"
    assert '"Broad"' in lines[statement["line"]]  # the line after the brace
    assert statement["file"] == "role.json"


def test_files_are_named_with_what_was_read() -> None:
    made = proof()
    inputs = members_of(made)["inputs"]

    assert [one["form"] for one in inputs] == ["tenancy map", "role"]
    assert inputs[0]["sha256"] == hashlib.sha256(b"[tenancy]\n").hexdigest()


def test_a_mend_and_a_change_are_there_where_asked_for() -> None:
    change = Change("main", Answer.PROVED, ("opened",), ("closed",))
    found = members_of(proof(mend=Mend(policies(OWN), (EDIT,), report()), change=change))

    assert (found["mend"]["answer"], found["mend"]["edits"]) == ("proved", [EDIT])
    assert '-      "Sid": "Broad",' in found["mend"]["documents"][0]["diff"]
    assert found["since"] == {
        "revision": "main",
        "before": "proved",
        "opened": ["opened"],
        "closed": ["closed"],
    }
    assert "mend" not in members_of(proof())
    json.dumps(found)
