"""Theorems of the evaluator, over policies and requests that Hypothesis makes."""

import json
from dataclasses import replace
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from valetkey.errors import ValetkeyError
from valetkey.iam import (
    Decision,
    Layer,
    Policies,
    Policy,
    Principal,
    PrincipalKind,
    Request,
    evaluate,
    explain,
    parse_policy,
)
from valetkey.iam.glob import matches_tokens, units
from valetkey.iam.record import answer_line
from valetkey.iam.template import compile_text

ACCOUNT = "123456789012"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/agent/s1"
NAMES = ["t1", "t2", "", "*"]

values = st.sampled_from([*NAMES, "${aws:PrincipalTag/id}", "${aws:PrincipalTag/id, 't1'}", "t*"])
keys = st.sampled_from(["k", "aws:PrincipalTag/id", "aws:ResourceAccount", "absent"])
operators = st.sampled_from(
    [
        "StringEquals",
        "StringNotEquals",
        "StringLikeIfExists",
        "StringNotLike",
        "ForAllValues:StringEquals",
        "ForAnyValue:StringNotEquals",
    ]
)
blocks: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.just({}),
    st.dictionaries(
        operators,
        st.dictionaries(keys, st.lists(values, min_size=1, max_size=2), min_size=1, max_size=2),
        max_size=2,
    ),
    st.fixed_dictionaries({"Null": st.dictionaries(keys, st.booleans(), min_size=1, max_size=1)}),
)
actions = st.sampled_from(["*", "s3:*", "s3:Get*", "s3:GetObject", "sqs:*", "S3:PUTOBJECT"])
resources = st.sampled_from(
    ["*", "arn:aws:s3:::b/*", "arn:aws:s3:::b/${aws:PrincipalTag/id}/*", "arn:aws:s3:::c/?1/k"]
)
principals = st.sampled_from(
    [
        "*",
        {"AWS": ACCOUNT},
        {"AWS": f"arn:aws:iam::{ACCOUNT}:role/agent"},
        {"AWS": SESSION},
        {"AWS": "999988887777"},
    ]
)


@st.composite
def statements(draw: st.DrawFn, effect: str | None = None, principal: bool = False) -> Any:
    statement = {
        "Effect": effect or draw(st.sampled_from(["Allow", "Deny"])),
        draw(st.sampled_from(["Action", "NotAction"])): draw(actions),
        draw(st.sampled_from(["Resource", "NotResource"])): draw(resources),
        "Condition": draw(blocks),
    }
    return {**statement, "Principal": draw(principals)} if principal else statement


def compiled(written: list[Any], layer: Layer = Layer.IDENTITY, name: str = "p") -> Policy:
    document = {"Version": "2012-10-17", "Statement": written}
    return parse_policy(document, name=name, layer=layer)


identity_policies = st.lists(statements(), max_size=3)
resource_policies = st.none() | st.lists(statements(principal=True), max_size=2)
policy_sets = st.builds(
    lambda identity, resource, session, boundary, control: Policies(
        identity=(compiled(identity),),
        resource=None if resource is None else compiled(resource, Layer.RESOURCE, "resource"),
        session=None if session is None else (compiled(session, Layer.SESSION, "session"),),
        boundary=None if boundary is None else compiled(boundary, Layer.BOUNDARY, "boundary"),
        service_control=()
        if control is None
        else ((compiled(control, Layer.SERVICE_CONTROL, "control"),),),
    ),
    identity_policies,
    resource_policies,
    st.none() | identity_policies,
    st.none() | identity_policies,
    st.none() | identity_policies,
)
requests = st.builds(
    lambda tags, action, resource, account, context: Request(
        Principal(PrincipalKind.ARN, SESSION, tags=tags),
        action,
        resource,
        resource_account=account,
        context=context,
    ),
    st.dictionaries(st.just("id"), st.sampled_from(NAMES)),
    st.sampled_from(["s3:GetObject", "s3:PutObject", "sqs:SendMessage"]),
    st.sampled_from(["arn:aws:s3:::b/t1/k", "arn:aws:s3:::b/t2/k", "arn:aws:s3:::c/t1/k", "*"]),
    st.sampled_from([ACCOUNT, "999988887777"]),
    st.dictionaries(
        st.just("k"), st.sampled_from(NAMES) | st.lists(st.sampled_from(NAMES)).map(tuple)
    ),
)
LAYERS = ["identity", "resource", "session", "boundary", "service_control"]


def with_statement(policies: Policies, layer: str, statement: Any) -> Policies | None:
    """Return `policies` with one statement more in an existing policy of `layer`."""
    extra = {**statement, "Principal": "*"} if layer == "resource" else statement
    if layer == "identity":
        return replace(policies, identity=(*policies.identity, compiled([extra])))
    if layer == "session" and policies.session is not None:
        return replace(policies, session=(*policies.session, compiled([extra], Layer.SESSION)))
    if layer == "service_control" and policies.service_control:
        level = (*policies.service_control[0], compiled([extra], Layer.SERVICE_CONTROL))
        return replace(policies, service_control=(level,))
    if layer == "boundary" and policies.boundary is not None:
        merged = Policy(
            "boundary",
            Layer.BOUNDARY,
            (*policies.boundary.statements, *compiled([extra], Layer.BOUNDARY).statements),
        )
        return replace(policies, boundary=merged)
    if layer == "resource" and policies.resource is not None:
        merged = Policy(
            "resource",
            Layer.RESOURCE,
            (*policies.resource.statements, *compiled([extra], Layer.RESOURCE).statements),
        )
        return replace(policies, resource=merged)
    return None


@given(requests, policy_sets, st.sampled_from(LAYERS), statements(effect="Deny"))
def test_adding_a_deny_never_opens(
    request: Request, policies: Policies, layer: str, deny: Any
) -> None:
    more = with_statement(policies, layer, deny)
    if more is not None and evaluate(request, more).allowed:
        assert evaluate(request, policies).allowed


@given(requests, policy_sets, st.sampled_from(LAYERS), statements(effect="Allow"))
def test_adding_an_allow_never_closes(
    request: Request, policies: Policies, layer: str, allow: Any
) -> None:
    more = with_statement(policies, layer, allow)
    if more is not None and evaluate(request, policies).allowed:
        assert evaluate(request, more).allowed


@given(requests, policy_sets, identity_policies)
def test_a_session_policy_never_opens(
    request: Request, policies: Policies, session: list[Any]
) -> None:
    without = replace(policies, session=None)
    narrowed = replace(policies, session=(compiled(session, Layer.SESSION),))

    if evaluate(request, narrowed).allowed:
        assert evaluate(request, without).allowed


@given(requests, policy_sets, identity_policies)
def test_a_boundary_never_opens(request: Request, policies: Policies, boundary: list[Any]) -> None:
    without = replace(policies, boundary=None)
    narrowed = replace(policies, boundary=compiled(boundary, Layer.BOUNDARY))

    if evaluate(request, narrowed).allowed:
        assert evaluate(request, without).allowed


@given(requests, policy_sets, identity_policies)
def test_a_control_policy_level_never_opens(
    request: Request, policies: Policies, control: list[Any]
) -> None:
    level = (compiled(control, Layer.SERVICE_CONTROL),)
    narrowed = replace(policies, service_control=(*policies.service_control, level))

    if evaluate(request, narrowed).allowed:
        assert evaluate(request, policies).allowed


@given(requests, identity_policies, st.randoms())
def test_neither_order_nor_duplicates_matter(
    request: Request, written: list[Any], random: Any
) -> None:
    shuffled = [*written, *written]
    random.shuffle(shuffled)
    split = tuple(compiled([one]) for one in shuffled)

    effect = evaluate(request, Policies(identity=(compiled(written),))).effect
    assert evaluate(request, Policies(identity=(compiled(shuffled),))).effect is effect
    assert evaluate(request, Policies(identity=split)).effect is effect


@given(requests, identity_policies)
def test_renaming_every_tenant_changes_nothing(request: Request, written: list[Any]) -> None:
    def renamed(text: str) -> str:
        return text.replace("t1", "x9").replace("t2", "y9").replace("/?1/", "/?9/")

    other = Request(
        Principal(
            PrincipalKind.ARN,
            SESSION,
            tags={key: renamed(value) for key, value in request.principal.tags.items()},
        ),
        request.action,
        renamed(request.resource),
        resource_account=request.resource_account,
        context={
            key: renamed(value) if isinstance(value, str) else tuple(map(renamed, value))
            for key, value in request.context.items()
        },
    )
    tenants = [one for one in written if "t*" not in json.dumps(one)]
    policies = Policies(identity=(compiled(tenants),))
    moved = Policies(identity=(compiled(json.loads(renamed(json.dumps(tenants)))),))

    assert evaluate(request, policies).effect is evaluate(other, moved).effect


@given(requests, policy_sets)
def test_explaining_decides_the_same(request: Request, policies: Policies) -> None:
    decision: Decision = explain(request, policies)

    assert replace(decision, near_misses=()) == evaluate(request, policies)


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
