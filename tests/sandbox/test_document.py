"""What the broker says, as values."""

import json

import pytest

from valetkey.errors import ValetkeyError
from valetkey.sandbox.document import (
    parse_credentials,
    parse_document,
    parse_usable_credentials,
    problem_in,
)
from valetkey.sandbox.errors import (
    BrokerDeniedError,
    BrokerRefusedError,
    BrokerUnavailableError,
    TokenRefusedError,
)

GOOD = {
    "AccessKeyId": "ASIA1",
    "SecretAccessKey": "s",
    "Token": "t",
    "Expiration": "2026-11-21T13:00:00Z",
}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'"x"',
        b"{",
        b"{} {}",
        b"{}x",
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": 1, "a": 2}',
        b'{"a": {"b": 1, "b": 1}}',
        b"\xff",
        b"[" * 50_000,
        b'{"a": ' + b"[" * 64 + b"]" * 64 + b"}",
        b'{"a": ' + b"9" * 10_000 + b"}",
    ],
)
def test_json_is_read_strictly(body: bytes) -> None:
    with pytest.raises(ValetkeyError) as caught:
        parse_document(body)
    assert caught.value.code == "broker-answer-unreadable"


def test_an_object_is_read_as_json_reads_it() -> None:
    text = ' {"a": [1, null, true, "\\u00e4\\n"], "b": {"c": -1.5}}\n'
    assert parse_document(text.encode()) == json.loads(text)


def test_members_that_the_contract_does_not_name_are_left_out() -> None:
    body = json.dumps(GOOD | {"RoleArn": "arn", "Policy": "secret"}).encode()
    assert parse_credentials(body) == GOOD | {"RoleArn": "arn"}


@pytest.mark.parametrize("name", list(GOOD))
@pytest.mark.parametrize("value", [None, "", 5, ["x"]])
def test_half_credentials_are_none(name: str, value: object) -> None:
    with pytest.raises(ValetkeyError) as caught:
        parse_credentials(json.dumps(GOOD | {name: value}).encode())
    assert caught.value.code == "broker-answer-unreadable"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, TokenRefusedError),
        (403, BrokerDeniedError),
        (404, BrokerRefusedError),
        (408, BrokerUnavailableError),
        (425, BrokerUnavailableError),
        (429, BrokerUnavailableError),
        (500, BrokerUnavailableError),
        (503, BrokerUnavailableError),
        (302, BrokerUnavailableError),
    ],
)
def test_the_status_tells_a_no_from_no_answer(status: int, kind: type[ValetkeyError]) -> None:
    body = b'{"code": "run-revoked", "title": "t", "detail": "d", "hint": "h"}'
    error = problem_in(status, body)
    assert type(error) is kind
    assert (error.code, error.message, error.hint) == ("run-revoked", "d", "h")


@pytest.mark.parametrize("code", ["Not Kebab", 5, None, "x" * 100, "a\nb"])
def test_a_code_without_the_form_of_one_is_not_passed_on(code: object) -> None:
    assert problem_in(400, json.dumps({"code": code}).encode()).code == "broker-refused"


@pytest.mark.parametrize("name", list(GOOD))
@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a b", "\u00e4", "\u202e", "a\0"])
def test_what_could_not_stand_in_a_header_is_no_credential(name: str, value: str) -> None:
    """botocore shows a value that it refuses, and one of them is a secret (invariant 10)."""
    with pytest.raises(BrokerUnavailableError) as caught:
        parse_usable_credentials(json.dumps(GOOD | {name: value}).encode())
    assert caught.value.code == "broker-answer-unreadable"


@pytest.mark.parametrize(
    ("account", "is_one"),
    [
        ("111122223333", True),
        ("evil.example/#", False),
        ("11112222333", False),
        ("1111222233334", False),
        ("\u0661" * 12, False),
    ],
)
def test_an_account_is_twelve_digits_or_left_out(account: str, is_one: bool) -> None:
    """Some endpoints have it in their host's name."""
    body = json.dumps(GOOD | {"AccountId": account}).encode()
    assert ("AccountId" in parse_usable_credentials(body)) is is_one


@pytest.mark.parametrize("status", [400, 401, 403, 404, 407, 429, 502])
@pytest.mark.parametrize("body", [b"", b"<html>no</html>", b'{"title": "t"}', b'{"code": "No!"}'])
def test_a_no_without_a_code_is_not_the_brokers(status: int, body: bytes) -> None:
    """It is a proxy's or a limiter's: what is held must not be dropped for it (invariant 12)."""
    error = problem_in(status, body)
    assert type(error) is BrokerUnavailableError
    assert error.hint


@pytest.mark.parametrize("code", ["", ', "code": "Not Kebab"'])
def test_a_hint_of_the_answers_own_wins_over_ours(code: str) -> None:
    assert problem_in(404, f'{{"hint": "h"{code}}}'.encode()).hint == "h"


def test_a_body_that_is_no_problem_is_not_shown() -> None:
    error = problem_in(500, b"<html>arn:aws:iam::111122223333:role/Secret</html>")
    assert "111122223333" not in f"{error} {error.hint} {error.detail}"
