"""Documents as attackers write them."""

import json
from typing import Any

import pytest

from tests.iam.build import document, policy, statement
from valetkey.iam import Layer, PolicyError, parse_policy
from valetkey.iam.parse import MAX_DOCUMENT, MAX_TEXT


def refusal(source: Any, layer: Layer = Layer.IDENTITY) -> PolicyError:
    with pytest.raises(PolicyError) as caught:
        parse_policy(source, name="p", layer=layer)
    return caught.value


@pytest.mark.parametrize(
    "source",
    [
        "",
        b"",
        b"\xff\xfe",
        b"\xef\xbb\xbf{}",
        "null",
        "[]",
        '"*"',
        "NaN",
        '{"Statement": Infinity}',
        '{"Statement": [], "Statement": []}',
        '{"Statement": [{"Effect": "Deny", "Effect": "Allow", "Action": "*", "Resource": "*"}]}',
        "[" * 100_000,
        '{"Statement":' * 5_000,
        "{" + " " * MAX_DOCUMENT + "}",
        "1e999999999999999999999",
        "9" * 5_000,
    ],
)
def test_what_is_not_one_plain_object_is_refused(source: str | bytes) -> None:
    assert refusal(source).code == "malformed-policy"


def test_nesting_too_deep_is_an_error_not_a_crash() -> None:
    deep = '{"Statement":[' + "[" * 20_000 + "]" * 20_000 + "]}"

    assert refusal(deep).code == "malformed-policy"


def test_a_refusal_names_the_json_path() -> None:
    error = refusal(document(statement(), statement(Action=5)))

    assert error.message.startswith("$.Statement[1].Action:")
    error = refusal(document(statement(Condition={"StringEquals": {"aws:x\n": {}}})))
    assert error.message.startswith('$.Statement[0].Condition.StringEquals["aws:x\\n"]:')


def test_a_message_stays_on_one_line_however_long_the_input() -> None:
    error = refusal(document({"A\n" * 4_000: 1}))

    assert "\n" not in error.message
    assert len(error.message) < 300


@pytest.mark.parametrize(
    "changes",
    [
        {"Effect": None},
        {"Effect": ["Allow"]},
        {"Action": None},
        {"Action": {"a": "b"}},
        {"Action": ["s3:*", None]},
        {"Action": "s3 : Get"},
        {"Action": ":"},
        {"Resource": None},
        {"Resource": True},
        {"Resource": "a" * (MAX_TEXT + 1)},
        {"Resource": "b/*"},
        {"Sid": 1},
        {"Condition": "x"},
        {"Condition": {"StringEquals": []}},
        {"Condition": {"StringEquals": {"k": None}}},
        {"Condition": {"StringNotEquals": {"k": []}}},
        {"Condition": {"ForAnyValue:ArnNotLikeIfExists": {"k": []}}},
        {"Condition": {"Null": {"k": []}}},
        {"Condition": {"NullIfExists": {"k": "true"}}},
        {"Condition": {"ForAllValues:Null": {"k": "true"}}},
        {"Condition": {"StringLi\u212ae": {"k": "a"}}},
        {"Condition": {"StringEqualsIfExistsIfExists": {"k": "a"}}},
        {"Condition": {"ForAllValues:ForAnyValue:StringEquals": {"k": "a"}}},
        {"Condition": {"StringEquals": {"k": [["a"]]}}},
        {"Condition": {"StringEquals": {"k": float("nan")}}},
        {"NotResource": "*"},
        {"Resource": None, "NotResource": []},
        {"principal": "*"},
    ],
)
def test_a_statement_is_as_the_grammar_has_it(changes: dict[str, Any]) -> None:
    assert refusal(document(statement(**changes))).code == "malformed-policy"


@pytest.mark.parametrize(
    ("layer", "principal", "resource"),
    [
        (Layer.IDENTITY, "*", "*"),
        (Layer.SESSION, "*", "*"),
        (Layer.BOUNDARY, "*", "*"),
        (Layer.SERVICE_CONTROL, "*", "*"),
        (Layer.RESOURCE, None, "*"),
        (Layer.RESOURCE, "*", None),
        (Layer.TRUST, None, None),
        (Layer.TRUST, "*", "*"),
        (Layer.RESOURCE_CONTROL, {"AWS": "123456789012"}, "*"),
        (Layer.RESOURCE_CONTROL, None, "*"),
    ],
)
def test_each_layer_has_its_elements(layer: Layer, principal: Any, resource: Any) -> None:
    with pytest.raises(PolicyError) as caught:
        policy(statement(Principal=principal, Resource=resource), layer=layer)

    assert caught.value.code == "malformed-policy"


def test_text_bytes_and_mapping_are_the_same_policy() -> None:
    source = document(statement(Sid="A"))
    text = json.dumps(source)

    for given in (source, text, text.encode()):
        assert parse_policy(given, name="p", layer=Layer.IDENTITY).statements[0].ref.sid == "A"


def test_numbers_and_booleans_are_texts_in_conditions_only() -> None:
    block = {"NumericEquals": {"k": [1, 1.5]}, "Bool": {"k": True}}

    assert policy(statement(Condition=block)).statements[0].conditions[0].wanted({}) == ("1", "1.5")


def test_operators_are_read_in_any_case_and_shown_as_iam_writes_them() -> None:
    block = {"foranyvalue:STRINGLIKEifexists": {"k": "a"}, "NULL": {"k": "true"}}

    conditions = policy(statement(Condition=block)).statements[0].conditions
    assert [one.operator for one in conditions] == ["ForAnyValue:StringLikeIfExists", "Null"]


LAYERS = {
    Layer.IDENTITY: statement(),
    Layer.TRUST: statement(Principal="*", Action="sts:AssumeRole", Resource=None),
    Layer.RESOURCE: statement(Principal="*"),
}


@pytest.mark.parametrize("layer", LAYERS)
def test_a_sid_comes_once(layer: Layer) -> None:
    one = LAYERS[layer]
    policy({**one, "Sid": "A"}, {**one, "Sid": "a"}, {**one, "Sid": ""}, {**one, "Sid": ""}, one,
           layer=layer)  # fmt: skip
    with pytest.raises(PolicyError) as caught:
        policy({**one, "Sid": "A"}, one, {**one, "Sid": "A"}, layer=layer)
    assert caught.value.code == "malformed-policy"


@pytest.mark.parametrize("sid", ["a-b", "a b", "é", "a_b", "a\n", "$x"])
def test_a_sid_has_letters_and_digits_only_in_iams_own_policies(sid: str) -> None:
    for layer in (Layer.IDENTITY, Layer.TRUST):
        with pytest.raises(PolicyError):
            policy({**LAYERS[layer], "Sid": sid}, layer=layer)
    policy({**LAYERS[Layer.RESOURCE], "Sid": sid}, layer=Layer.RESOURCE)
