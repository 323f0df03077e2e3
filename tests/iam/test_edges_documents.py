"""Where a bad document is wrong, and what is just within a limit."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.iam.build import OBJECT, document, policy, session, statement
from tests.iam.test_record import answer, record
from valetkey.iam import Layer, PolicyError, Request, RequestError, parse_policy
from valetkey.iam.parse import MAX_DOCUMENT, MAX_TEXT
from valetkey.iam.record import ID_LENGTH
from valetkey.iam.request import LAST_SECOND, MAX_ACTION, MAX_MEMBERS, MAX_RESOURCE, MAX_VALUE

S = "$.Statement[0]"
LONG = "v" * (MAX_TEXT + 1)
K80, K81 = "k" * 80, "k" * 81


def of(**changes: Any) -> dict[str, Any]:
    return document(statement(**changes))


def condition(operator: str, key: str, value: object) -> dict[str, Any]:
    return of(Condition={operator: {key: value}})


@pytest.mark.parametrize(
    ("source", "layer", "path"),
    [
        ("[]", Layer.IDENTITY, "$: must be an object"),
        ({"Statement": [], "Id": 5}, Layer.IDENTITY, "$.Id:"),
        ({"Statement": [], "Version": "2020-01-01"}, Layer.IDENTITY, "$.Version:"),
        ({"Version": "2012-10-17"}, Layer.IDENTITY, "$: `Statement`"),
        (of(Sid=5), Layer.IDENTITY, f"{S}.Sid:"),
        (of(Effect="allow"), Layer.IDENTITY, f"{S}.Effect:"),
        (of(Action=None, NotAction=5), Layer.IDENTITY, f"{S}.NotAction:"),
        (of(Action=None, NotAction=[]), Layer.IDENTITY, f"{S}.NotAction:"),
        (of(Action=":a:b"), Layer.IDENTITY, f"{S}.Action: `:a:b`"),
        (of(Action="s3:"), Layer.IDENTITY, f"{S}.Action: `s3:`"),
        (of(Action="s3"), Layer.IDENTITY, f"{S}.Action: `s3`"),
        (of(Resource="b"), Layer.IDENTITY, f"{S}.Resource: `b`"),
        (of(Resource=LONG), Layer.IDENTITY, f"{S}.Resource:"),
        (of(Resource=None, NotResource="b"), Layer.IDENTITY, f"{S}.NotResource: `b`"),
        (of(Resource="arn:aws:s3::b"), Layer.SESSION, f"{S}.Resource: a session policy"),
        (of(Principal="*"), Layer.IDENTITY, f"{S}.Principal:"),
        (of(Principal={"AWS": ["x"]}), Layer.RESOURCE, f"{S}.Principal.AWS: `x`"),
        (of(Principal={"AWS": [5]}), Layer.RESOURCE, f"{S}.Principal.AWS:"),
        (of(Principal={"Who": "x"}), Layer.RESOURCE, f"{S}.Principal: `Who`"),
        (of(NotPrincipal="*"), Layer.RESOURCE, f"{S}.NotPrincipal:"),
        (condition("StringIs", "k", "v"), Layer.IDENTITY, f"{S}.Condition.StringIs.k: `StringIs`"),
        (condition("Null", "k", "v"), Layer.IDENTITY, f"{S}.Condition.Null.k: `v` is not `true`"),
        (condition("NumericEquals", "k", "v"), Layer.IDENTITY, f"{S}.Condition.NumericEquals.k:"),
        (condition("IpAddress", "a:b", ["::1", "v"]), Layer.IDENTITY,
         f'{S}.Condition.IpAddress["a:b"]: `v`'),
        (condition("Bool", K80, "v"), Layer.IDENTITY, f"{S}.Condition.Bool.{K80}: `v`"),
        (condition("Bool", K81, "v"), Layer.IDENTITY, f'{S}.Condition.Bool["{K80}"]: `v`'),
        (condition("StringEquals", "k", LONG), Layer.IDENTITY, f"{S}.Condition.StringEquals.k:"),
    ],
)  # fmt: skip
def test_a_refusal_begins_with_the_path_of_what_is_wrong(
    source: Any, layer: Layer, path: str
) -> None:
    with pytest.raises(PolicyError) as caught:
        parse_policy(source, name="p", layer=layer)

    assert caught.value.code == "malformed-policy"
    assert caught.value.message.startswith(path)


def test_a_canonical_user_is_refused_with_what_to_write_instead() -> None:
    with pytest.raises(PolicyError) as caught:
        policy(statement(Principal={"CanonicalUser": "79a5"}), layer=Layer.RESOURCE)

    assert caught.value.code == "unsupported-principal"
    assert caught.value.message.startswith(f"{S}.Principal:")
    assert caught.value.hint


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ('{"Id": "a", "Statement": [], "Statement": []}', "`Statement`"),
        ('{"Statement": NaN}', "NaN"),
        ('{"Statement": -Infinity}', "-Infinity"),
        (json.dumps({"A" * 80: 1}), "`" + "A" * 80 + "`"),
        (json.dumps({"A" * 81: 1}), "`" + "A" * 79 + "\\u2026`"),
    ],
)
def test_a_refusal_shows_what_was_read(source: str, shown: str) -> None:
    with pytest.raises(PolicyError) as caught:
        parse_policy(source, name="p", layer=Layer.IDENTITY)

    assert shown in caught.value.message


def test_bytes_are_utf_8_and_nothing_else() -> None:
    text = json.dumps(of())

    assert parse_policy(text.encode(), name="p", layer=Layer.IDENTITY).name == "p"
    for encoding in ("utf-16", "utf-32-le", "utf-8-sig"):
        with pytest.raises(PolicyError):
            parse_policy(text.encode(encoding), name="p", layer=Layer.IDENTITY)


def test_what_is_as_long_as_may_be_is_read() -> None:
    text = json.dumps(of())

    parse_policy(text.ljust(MAX_DOCUMENT), name="p", layer=Layer.IDENTITY)
    with pytest.raises(PolicyError):
        parse_policy(text.ljust(MAX_DOCUMENT + 1), name="p", layer=Layer.IDENTITY)
    policy(statement(Resource="arn:".ljust(MAX_TEXT, "x")))
    policy(statement(Resource="arn:aws:s3:::b"), layer=Layer.SESSION)


ALLOWED: dict[str, Any] = {"principal": session(), "action": "s3:GetObject", "resource": OBJECT}


@pytest.mark.parametrize(
    ("within", "beyond"),
    [
        ({"resource": "r" * MAX_RESOURCE}, {"resource": "r" * (MAX_RESOURCE + 1)}),
        ({"action": "a" * MAX_ACTION}, {"action": "a" * (MAX_ACTION + 1)}),
        ({"context": {"k": "v" * MAX_VALUE}}, {"context": {"k": "v" * (MAX_VALUE + 1)}}),
        ({"context": {"k": ("v" * MAX_VALUE,)}}, {"context": {"k": ("v" * (MAX_VALUE + 1),)}}),
        ({"context": {"k": ("",) * MAX_MEMBERS}}, {"context": {"k": ("",) * (MAX_MEMBERS + 1)}}),
        ({"now": 0}, {"now": -0.5}),
        ({"now": LAST_SECOND}, {"now": LAST_SECOND + 1}),
    ],
)
def test_a_limit_is_within(within: dict[str, Any], beyond: dict[str, Any]) -> None:
    Request(**{**ALLOWED, **within})
    with pytest.raises(RequestError) as caught:
        Request(**{**ALLOWED, **beyond})
    assert caught.value.code == "malformed-request"
    assert "None" not in caught.value.message


@pytest.fixture
def tokyo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("tokyo")
def test_the_current_time_is_utc_wherever_it_is_told() -> None:
    keys = Request(session(), "s3:GetObject", OBJECT, now=1_795_248_000).keys

    assert keys["aws:currenttime"] == "2026-11-21T08:00:00Z"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"policies": []}, "`policies` is an object"),
        ({"policies": {"trusts": None}}, "`policies` has the unknown member `trusts`"),
        ({"policies": {"boundary": []}}, "`boundary` is an object"),
        ({"policies": {"identity": [[]]}}, "`identity[0]` is an object"),
        ({"policies": {"service_control": [[5]]}}, "`service_control[0][0]` is an object"),
        ({"policies": {"session": {}}}, "`session` is a list"),
        ({"principal": []}, "`principal` is an object"),
        ({"principal": {"arn": "x", "name": "x"}}, "`principal` has the unknown member `name`"),
        ({"principal": {"service": "x", "tags": [1]}}, "`tags` is an object"),
        ({"context": []}, "`context` is an object"),
        ({"context": {"a": {}}}, "the context key `a` "),
        ({"more": 1}, "the record has the unknown member `more`"),
        ({"action": ...}, "`action` is missing"),
        ({"id": {}}, "`id` is "),
        ({"id": [1]}, "`id` is "),
        ({"id": 1.5}, "`id` is "),
        ({"id": 2**64}, "`id` is "),
        ({"id": "i" * (ID_LENGTH + 1)}, "`id` is "),
    ],
)
def test_a_bad_record_says_which_member(change: dict[str, Any], message: str) -> None:
    found = answer(record(**change))

    assert found["error"]["code"] == "malformed-record"
    assert found["error"]["message"].startswith(message)
    assert found["id"] == (None if "id" in change else "x")


def test_a_line_that_is_no_object_says_so() -> None:
    assert answer("[]")["error"]["message"] == "the record is an object"


@pytest.mark.parametrize("known", [None, 0, 2**64 - 1, -1, "", "i" * ID_LENGTH])
def test_an_id_comes_back_as_it_was(known: object) -> None:
    assert answer(record(id=known))["id"] == known
    assert answer(record(id=known, action=5))["id"] == known


def test_a_callers_account_is_read() -> None:
    domain = {"federated": "id.example.com", "account": "999988887777"}
    block = {"StringEquals": {"aws:ResourceAccount": "999988887777"}}
    bucket = document(statement(Principal="*", Condition=block))
    change = {"principal": domain, "resource_account": ..., "policies": {"resource": bucket}}

    assert answer(record(**change))["decision"] == "allow"
    wrong = answer(record(principal={**record()["principal"], "account": "999988887777"}))
    assert wrong["error"]["code"] == "malformed-principal"


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("0.1000000000000000055511151231257827", "0.1000000000000000055511151231257827"),
        ("9007199254740993", "9007199254740993"),
        (str(2**4096 - 1), str(2**4096 - 1)),
        (str(2**4096), None),
    ],
)
def test_a_number_stays_exact_or_is_refused(number: str, text: str | None) -> None:
    block = {"StringEquals": {"k": text or ""}}
    policies = {"identity": [document(statement(Condition=block))]}
    line = json.dumps(record(policies=policies, context={"k": "<number>"}))
    line = line.replace('"<number>"', number)

    found = answer(line)

    assert found.get("decision") == (None if text is None else "allow")
    assert ("error" in found) is (text is None)
