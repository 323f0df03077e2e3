"""What a person is told about a role that could not be tried: every row of tests/vectors/grant."""

import json
from pathlib import Path
from typing import Any

import pytest

from valetkey.aws import AwsError
from valetkey.aws.refusals import sts_error
from valetkey.cli.grant_advice import Advice, Asked, advise, own_statement, trust_statement
from valetkey.cli.grant_trial import Failed
from valetkey.credentials import parse_role_arn
from valetkey.errors import ValetkeyError
from valetkey.iam import Layer, parse_policy

VECTORS = Path(__file__).parent.parent / "vectors" / "grant" / "refusals.json"
ROLE = parse_role_arn("arn:aws:iam::111122223333:role/AgentTenantData")
ALICE = "arn:aws:iam::111122223333:user/alice"
ROWS: list[dict[str, Any]] = json.loads(VECTORS.read_text())


def advice(row: dict[str, Any]) -> Advice:
    code, text = row["aws"]
    error = sts_error(code, text, role=row["role"], profile=row["profile"])
    failed = Failed(error, row["caller"], row["most_hours"])
    return advise(failed, Asked(parse_role_arn(row["role"]), row["profile"], row["external_id"]))


@pytest.mark.parametrize("row", ROWS, ids=[row["id"] for row in ROWS])
def test_each_refusal_of_aws_has_its_code_and_its_next_step(row: dict[str, Any]) -> None:
    given = advice(row)
    text = "\n".join(given.lines)

    assert given.error.code == row["code"], row["reason"]
    for words in row["hint"]:
        assert words in (given.error.hint or ""), row["reason"]
    for words in row["lines"]:
        assert words in text, row["reason"]
    for words in row["absent"]:
        assert words not in text, row["reason"]


@pytest.mark.parametrize("row", ROWS, ids=[row["id"] for row in ROWS])
def test_awss_own_words_are_shown_and_said_to_be_awss(row: dict[str, Any]) -> None:
    assert advice(row).lines[0] == f"AWS says: {row['aws'][0]}: {row['aws'][1]}"


@pytest.mark.parametrize("row", ROWS, ids=[row["id"] for row in ROWS])
def test_awss_own_words_stay_out_of_message_and_hint(row: dict[str, Any]) -> None:
    error = advice(row).error

    assert row["aws"][1] not in f"{error.message} {error.hint}"
    assert error.detail is None


@pytest.mark.parametrize(
    "error",
    [
        AwsError("aws-unreachable", "x", detail="ClientConnectorError('nowhere')"),
        AwsError("aws-failed", "x", detail="status 302, ResponseParserError"),
        AwsError("aws-profile-unknown", "x", detail="profiles: dev"),
        ValetkeyError("aws-answer-mismatch", "x", detail="role session `a` instead of `b`"),
        ValetkeyError("store-failed", "x", detail="OperationalError: disk I/O error"),
    ],
)
def test_what_others_said_is_not_said_to_be_awss(error: ValetkeyError) -> None:
    (line,) = advise(Failed(error, None), Asked(ROLE, None, None)).lines

    assert line == f"details: {error.detail}"


def test_without_credentials_the_way_to_a_profile_is_said() -> None:
    error = ValetkeyError("aws-no-credentials", "x", hint="for a broker")
    given = advise(Failed(error, None), Asked(ROLE, None, None))

    assert "--profile" in (given.error.hint or "")
    named = advise(Failed(error, None), Asked(ROLE, "dev", None))
    assert named.error.hint == "for a broker"


@pytest.mark.parametrize(
    ("caller", "external_id"),
    [
        (ALICE, None),
        (ALICE, "x-1"),
        ("arn:aws:sts::111122223333:assumed-role/Developer/alice", None),
        ("arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Dev_0123/alice", "x-1"),
        ("arn:aws:sts::111122223333:federated-user/alice", None),
    ],
)
def test_a_statement_to_paste_is_one_that_a_trust_policy_takes(
    caller: str, external_id: str | None
) -> None:
    statement = trust_statement(caller, external_id)
    document = {"Version": "2012-10-17", "Statement": [statement]}

    assert len(parse_policy(document, name="t", layer=Layer.TRUST).statements) == 1


@pytest.mark.parametrize(
    "caller", ["", "arn:aws:iam::111122223333:root", "arn:aws:iam::1:user/a b"]
)
def test_who_is_no_principal_gets_no_statement(caller: str) -> None:
    assert trust_statement(caller, None) is None


def test_the_own_statement_is_for_this_role_alone() -> None:
    assert own_statement(ROLE)["Resource"] == str(ROLE)
