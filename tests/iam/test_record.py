"""The JSON lines of `valetkey iam evaluate`."""

import json
from typing import Any

import pytest

from tests.iam.build import OBJECT, SESSION, document, statement
from valetkey.iam.record import _policies, answer_line


def record(**changes: Any) -> dict[str, Any]:
    """The line that the project's issue gives as its example, with `changes`."""
    whole = {
        "id": "x",
        "principal": {"arn": SESSION, "tags": {"user_id": "u1"}},
        "action": "s3:GetObject",
        "resource": OBJECT,
        "resource_account": "123456789012",
        "context": {"s3:prefix": "traces/u1/", "dynamodb:LeadingKeys": ["u1"]},
        "policies": {
            "identity": [document(statement())],
            "resource": None,
            "trust": None,
            "session": None,
            "boundary": None,
            "service_control": [],
            "resource_control": [],
        },
        "now": "2026-11-21T08:00:00Z",
        **changes,
    }
    return {name: value for name, value in whole.items() if value is not ...}


def answer(line: dict[str, Any] | str | bytes) -> Any:
    return answer_line(json.dumps(line) if isinstance(line, dict) else line)


def test_an_answer_has_exactly_its_members() -> None:
    assert answer(record()) == {
        "id": "x",
        "decision": "allow",
        "determining": [{"policy": "identity[0]", "statement": 0, "sid": None}],
        "because": "identity[0] statement 0 allows the s3:GetObject action",
    }


def test_policies_are_named_by_their_place() -> None:
    deny = document(statement(Effect="Deny", Sid="No"))
    policies = {"identity": [document(statement())], "service_control": [[deny], [deny, deny]]}

    found = answer(record(policies=policies))["determining"]

    assert [ref["policy"] for ref in found] == [
        "service_control[0][0]",
        "service_control[1][0]",
        "service_control[1][1]",
    ]
    assert found[0]["sid"] == "No"


@pytest.mark.parametrize(
    ("principal", "decision"),
    [
        ({"federated": "arn:aws:iam::123456789012:oidc-provider/x"}, "implicit-deny"),
        ({"service": "s3.amazonaws.com"}, "implicit-deny"),
        ({"anonymous": True}, "implicit-deny"),
        ({"arn": SESSION, "account": "123456789012", "role_tags": {"a": "b"}}, "allow"),
    ],
)
def test_a_principal_has_one_of_four_forms(principal: dict[str, Any], decision: str) -> None:
    assert answer(record(principal=principal, resource_account=...))["decision"] == decision


@pytest.mark.parametrize("now", ["2026-11-21T08:00:00Z", "2026-11-21T09:00:00+01:00", 1795248000])
def test_now_fills_the_current_time(now: object) -> None:
    block = {"DateEquals": {"aws:CurrentTime": "2026-11-21T08:00:00Z"}}
    policies = {"identity": [document(statement(Condition=block))]}

    assert answer(record(policies=policies, now=now))["decision"] == "allow"


def test_context_scalars_are_read_as_iam_text() -> None:
    block = {
        "Bool": {"b": "true"},
        "NumericEquals": {"i": "7", "f": "1.5"},
        "ForAllValues:NumericLessThan": {"l": "9"},
    }
    policies = {"identity": [document(statement(Condition=block))]}
    context = {"b": True, "i": 7, "f": 1.5, "l": [1, 2.5]}

    assert answer(record(policies=policies, context=context))["decision"] == "allow"


@pytest.mark.parametrize(
    ("number", "text"),
    [("1.50", "1.50"), ("1e3", "1000"), ("1E-2", "0.01"), ("-0", "0"), ("-0.0", "-0.0"),
     ("1.0", "1.0"), ("0.1234567890123456789", "0.1234567890123456789"),
     ("123456789012345678901234567890", "123456789012345678901234567890")],
)  # fmt: skip
def test_a_number_keeps_its_digits_and_loses_its_exponent(number: str, text: str) -> None:
    """In the context and in a policy alike."""
    block = {"StringEquals": {"k": text, "l": "@"}}
    line = record(
        policies={"identity": [document(statement(Condition=block))]},
        context={"k": "@", "l": text},
    )

    assert answer(json.dumps(line).replace('"@"', number))["decision"] == "allow"


def test_a_line_with_long_policies_is_answered_and_not_remembered() -> None:
    before = _policies.cache_info().currsize
    many = [{"Effect": "Allow", "Action": f"s3:{n}", "Resource": "*"} for n in range(1_000)]
    given = record(policies={"identity": [document(*many)]})
    assert answer(given)["decision"] == "implicit-deny"
    assert _policies.cache_info().currsize == before


def test_a_number_and_its_text_are_two_policies() -> None:
    """Policies are remembered: what was read for one must not stand for the other."""
    policies = {"resource": document(statement(Sid="1.5", Principal="*"))}
    line = json.dumps(record(policies=policies))

    assert answer(line)["decision"] == "allow"
    assert answer(line.replace('"1.5"', "1.5"))["error"]["code"] == "malformed-policy"


def test_a_policy_beyond_awss_largest_is_refused() -> None:
    policies = {"identity": [document(statement(Resource=["arn:aws:s3:::b/*"] * 5_000))]}

    assert answer(record(policies=policies))["error"]["code"] == "malformed-record"


@pytest.mark.parametrize("text", ["\ud800", "\udfff\ud83d", "\u0000", "\ufeff", "\u2028"])
def test_any_text_is_a_value(text: str) -> None:
    block = {"StringEquals": {"k": text}, "StringLike": {"k": f"*{text}"}}
    policies = {"identity": [document(statement(Condition=block, Sid=None))]}
    found = answer(record(id=text, policies=policies, context={"k": text}))

    assert (found["id"], found["decision"]) == (text, "allow")


@pytest.mark.parametrize(
    "change",
    [
        {"principal": {}},
        {"principal": {"arn": SESSION, "service": "x"}},
        {"principal": {"arn": SESSION, "name": "x"}},
        {"principal": {"arn": SESSION, "tags": {"a": 1}}},
        {"principal": {"anonymous": False}},
        {"principal": SESSION},
        {"action": None},
        {"action": ...},
        {"policies": ...},
        {"policies": {"identity": {}}},
        {"policies": {"identities": []}},
        {"policies": {"identity": [None]}},
        {"policies": {"resource": []}},
        {"policies": {"service_control": [{}]}},
        {"context": []},
        {"context": {"a": {}}},
        {"context": {"a": [["b"]]}},
        {"context": {"a": None}},
        {"now": "today"},
        {"now": True},
        {"now": "1" * 5_000},
        {"unknown": 1},
        {"session": None},
        {"now": [1]},
        {"now": "2026-11-21T08:00:00"},
        {"resource_account": 123456789012},
        {"principal": {"arn": SESSION, "tags": []}},
        {"principal": {"arn": None}},
        {"policies": []},
        {"policies": {"session": {}}},
        {"policies": {"service_control": [document(statement())]}},
        {"policies": {"trust": [document(statement())]}},
    ],
)
def test_a_bad_record_is_an_error_with_its_id(change: dict[str, Any]) -> None:
    found = answer(record(**change))

    assert found["id"] == "x"
    assert found["error"]["code"] == "malformed-record"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"principal": {"arn": "x"}}, "malformed-principal"),
        ({"resource_account": "12"}, "malformed-request"),
        ({"context": {"A": "1", "a": "2"}}, "malformed-request"),
        ({"now": -1_000_000}, "malformed-request"),
        ({"policies": {"identity": [{}]}}, "malformed-policy"),
    ],
)
def test_an_error_has_the_code_of_what_is_wrong(change: dict[str, Any], code: str) -> None:
    assert answer(record(**change))["error"]["code"] == code


@pytest.mark.parametrize(
    "line",
    [
        "",
        "null",
        b"\xff",
        '{"id":"x","id":"x"}',
        '{"id":{}}',
        '{"id":NaN}',
        '{"id":true}',
        "[" * 100_000,
        "x" * 3_000_000,
    ],
)
def test_a_line_that_is_no_record_has_no_id(line: str | bytes) -> None:
    found = answer(line)

    assert found["id"] is None
    assert found["error"]["code"] == "malformed-record"


@pytest.mark.parametrize("number", ["1" * 5_000, "1e99999999999999999999", "-1e-99999999999999999"])
def test_a_number_that_python_would_not_take_is_said_plainly(number: str) -> None:
    found = answer(f'{{"id":{number}}}')["error"]
    assert found["code"] == "malformed-record"
    assert "set_int_max" not in found["message"] and "class" not in found["message"]


def test_duplicate_members_are_refused_at_any_depth() -> None:
    line = json.dumps(record()).replace('"Effect": "Allow"', '"Effect":"Deny","Effect":"Allow"')

    assert answer(line)["error"]["code"] == "malformed-record"
