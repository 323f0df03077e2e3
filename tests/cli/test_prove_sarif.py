"""`valetkey prove --sarif`: SARIF 2.1.0, with the statement as its place."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.cli.proof_world import HOSTILE, REFUTED, UNSURE, answered, proof, report, witness
from valetkey.cli.prove_proof import Form, SourceFile
from valetkey.cli.prove_sarif import sarif_of
from valetkey.isolation.answer import Answer, Theorem


def valid(log: dict[str, Any]) -> dict[str, Any]:
    """Return the log's one run, after checking what SARIF 2.1.0 requires of what we write."""
    assert log["version"] == "2.1.0"  # 3.13.2
    (run,) = log["runs"]  # 3.13.4
    driver = run["tool"]["driver"]  # 3.14.6, 3.18.2
    assert driver["name"]  # 3.19.8
    ids = [rule["id"] for rule in driver["rules"]]  # 3.49.3
    assert len(set(ids)) == len(ids)
    for rule in driver["rules"]:
        assert rule["shortDescription"]["text"].endswith(".")  # 3.49.9
        assert rule["defaultConfiguration"]["level"] in {"none", "note", "warning", "error"}
    for invocation in run["invocations"]:
        assert isinstance(invocation["executionSuccessful"], bool)  # 3.20.14
    for result in run["results"]:
        assert result["message"]["text"]  # 3.27.11
        assert ids[result["ruleIndex"]] == result["ruleId"]  # 3.27.5, 3.27.6
        assert result["level"] in {"none", "note", "warning", "error"}  # 3.27.10
        for location in result["locations"]:
            uri = location["physicalLocation"]["artifactLocation"]["uri"]  # 3.4.3
            assert re.fullmatch(r"[A-Za-z0-9._~%/:+-]+", uri)
            region = location["physicalLocation"].get("region", {"startLine": 1})
            assert region["startLine"] >= 1  # 3.30.5
    found: dict[str, Any] = run
    return found


def test_a_rule_a_theorem_and_a_result_a_witness() -> None:
    run = valid(sarif_of(proof(REFUTED)))

    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == [
        theorem.value for theorem in Theorem
    ]
    (result,) = run["results"]
    assert (result["ruleId"], result["level"]) == ("isolation", "error")
    assert "asks for s3:GetObject" in result["message"]["text"]


def test_the_place_is_the_statement_in_its_file() -> None:
    (result,) = valid(sarif_of(proof()))["results"]
    (place,) = result["locations"]
    line = place["physicalLocation"]["region"]["startLine"]

    assert place["physicalLocation"]["artifactLocation"]["uri"] == "role.json"
    assert place["logicalLocations"][0]["fullyQualifiedName"] == "$.policies[0].Statement[1]"
    assert '"Broad"' in proof().sources[0].text.splitlines()[line]


def test_of_generated_policies_the_place_is_the_map() -> None:
    (result,) = valid(sarif_of(proof(files=proof().files[:1])))["results"]
    place = result["locations"][0]["physicalLocation"]

    assert place["artifactLocation"]["uri"] == "valetkey.toml"


def test_an_unknown_is_a_warning_and_what_is_proved_is_nothing() -> None:
    (result,) = valid(sarif_of(proof(UNSURE)))["results"]

    assert (result["ruleId"], result["level"]) == ("usable", "warning")
    assert valid(sarif_of(proof(report())))["results"] == []


def test_hostile_text_has_no_control_characters() -> None:
    sent = witness(runs=({HOSTILE: HOSTILE},), resource=HOSTILE, why=HOSTILE)
    asked = answered(Theorem.ISOLATION, Answer.REFUTED, sent, reasons=(HOSTILE,))
    for result in valid(sarif_of(proof(report(asked))))["results"]:
        assert result["message"]["text"].isprintable()
        asked_for = result.get("properties", {"resource": ""})
        assert asked_for["resource"].isprintable()


@pytest.mark.parametrize(
    ("named", "uri"),
    [("a b#c.json", "a%20b%23c.json"), ("sub/../role.json", "role.json")],
)
def test_a_path_is_a_uri_from_here(
    named: str, uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    made = proof()
    file = SourceFile(Form.ROLE, Path(named), made.sources[0].text)
    (result,) = valid(sarif_of(proof(files=(made.files[0], file))))["results"]

    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == uri


def test_two_witnesses_have_two_fingerprints_and_one_has_the_same_again() -> None:
    two = report(
        answered(Theorem.ISOLATION, Answer.REFUTED, witness(), witness(action="s3:PutObject"))
    )
    prints = [
        [one["partialFingerprints"]["witness/v1"] for one in valid(sarif_of(proof(two)))["results"]]
        for _ in range(2)
    ]

    assert prints[0] == prints[1]
    assert len(set(prints[0])) == 2
