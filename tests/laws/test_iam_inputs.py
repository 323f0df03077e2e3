"""Any input is a policy, an answer or an error of ours."""

import json
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from valetkey.errors import ValetkeyError
from valetkey.iam import Layer, parse_policy
from valetkey.iam.glob import matches_tokens, units
from valetkey.iam.record import answer_line
from valetkey.iam.template import compile_text

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["Version", "Statement", "Effect", "Action", "Resource", "Condition", "Principal",
             "NotPrincipal", "StringEquals", "AWS", "id", "principal", "policies", "identity"]
        )
        | st.text(max_size=4),
        inner,
        max_size=4,
    ),
    max_leaves=12,
)  # fmt: skip


@given(
    st.binary() | st.text().map(lambda text: text.encode(errors="replace")), st.sampled_from(Layer)
)
@example(b"[" * 200_000, Layer.IDENTITY)
@example(b'{"Statement":' * 5_000, Layer.TRUST)
@example(b'{"Version":"' + b"x" * 1_000_000 + b'"}', Layer.RESOURCE)
def test_any_bytes_are_a_policy_or_an_error(source: bytes, layer: Layer) -> None:
    try:
        parse_policy(source, name="p", layer=layer)
    except ValetkeyError as error:
        assert "\n" not in error.message


@given(json_values, st.sampled_from(Layer))
def test_any_json_is_a_policy_or_an_error(value: Any, layer: Layer) -> None:
    for source in (json.dumps(value), value):
        if isinstance(source, str | dict):
            try:
                parse_policy(source, name="p", layer=layer)
            except ValetkeyError as error:
                assert error.code in ("malformed-policy", "unsupported-principal")


@given(st.binary() | json_values.map(lambda value: json.dumps(value).encode()))
@example(b"[" * 200_000)
@example(b'"' + b"x" * 1_000_000 + b'"')
def test_any_line_is_answered(line: bytes) -> None:
    answer = answer_line(line)

    assert "id" in answer
    assert ("error" in answer) != ("decision" in answer)
    json.dumps(answer)


@given(
    principal=json_values,
    action=st.text(),
    resource=st.text(),
    context=json_values,
    now=json_values,
)
def test_any_members_of_a_record_are_answered(**members: Any) -> None:
    policies = {"identity": [{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}]}
    answer = answer_line(json.dumps({"id": "x", "policies": policies, **members}))

    assert answer["id"] == "x" or "error" in answer
    json.dumps(answer)


def slowly(pattern: str, text: str) -> bool:
    """The plainest matcher there is, to compare with."""
    if not pattern:
        return not text
    if pattern[0] == "*":
        return slowly(pattern[1:], text) or (text != "" and slowly(pattern, text[1:]))
    return text != "" and pattern[0] in ("?", text[0]) and slowly(pattern[1:], text[1:])


@settings(max_examples=300)
@given(st.text("ab:*?", max_size=8), st.text("ab:\U0001f600", max_size=8))
def test_matching_is_what_the_plainest_matcher_says(pattern: str, text: str) -> None:
    template = compile_text(pattern, "$", wildcards=True, variables=False)
    tokens = [piece for piece in template.pieces if not hasattr(piece, "key")]
    expected = slowly(pattern, units(text))

    assert template.matches(units(text), {}) is expected
    assert matches_tokens(tokens, units(text)) is expected
