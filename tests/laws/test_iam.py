"""Theorems of the evaluator, over policies and requests that Hypothesis makes."""

from collections import Counter
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from valetkey.iam import (
    Decision,
    Effect,
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
    """Half of them are of all there is: a law that hardly ever meets an allow says nothing."""
    if draw(st.booleans()):
        statement: Any = {"Effect": effect or "Allow", "Action": "*", "Resource": "*"}
    else:
        statement = {
            "Effect": effect or draw(st.sampled_from(["Allow", "Deny"])),
            draw(st.sampled_from(["Action", "Action", "NotAction"])): draw(actions),
            draw(st.sampled_from(["Resource", "Resource", "NotResource"])): draw(resources),
            "Condition": draw(blocks),
        }
    return {**statement, "Principal": draw(principals)} if principal else statement


def compiled(written: list[Any], layer: Layer = Layer.IDENTITY, name: str = "p") -> Policy:
    document = {"Version": "2012-10-17", "Statement": written}
    return parse_policy(document, name=name, layer=layer)


def everyones(written: list[Any]) -> list[Any]:
    return [{**statement, "Principal": "*"} for statement in written]


def one_level(written: list[Any] | None, layer: Layer) -> tuple[tuple[Policy, ...], ...]:
    return () if written is None else ((compiled(written, layer, layer.value),),)


identity_policies = st.lists(statements(), max_size=3)
resource_policies = st.none() | st.lists(statements(principal=True), max_size=2)
limits = st.none() | st.lists(statements(), min_size=1, max_size=2)
policy_sets = st.builds(
    lambda identity, resource, session, boundary, controls: Policies(
        identity=(compiled(identity),),
        resource=None if resource is None else compiled(resource, Layer.RESOURCE, "resource"),
        session=None if session is None else (compiled(session, Layer.SESSION, "session"),),
        boundary=None if boundary is None else compiled(boundary, Layer.BOUNDARY, "boundary"),
        service_control=one_level(controls[0], Layer.SERVICE_CONTROL),
        resource_control=one_level(
            None if controls[1] is None else everyones(controls[1]), Layer.RESOURCE_CONTROL
        ),
    ),
    st.lists(statements(), min_size=1, max_size=3),
    resource_policies,
    limits,
    limits,
    st.tuples(limits, limits),
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
LAYERS = ["identity", "resource", "session", "boundary", "service_control", "resource_control"]


def with_statement(policies: Policies, layer: str, statement: Any) -> Policies | None:
    """Return `policies` with one statement more in an existing policy of `layer`."""
    kind = Layer[layer.upper()]
    everyone = kind in (Layer.RESOURCE, Layer.RESOURCE_CONTROL)
    extra = compiled([{**statement, "Principal": "*"} if everyone else statement], kind)
    there: Any = getattr(policies, layer)
    if there is None or there == ():
        return None
    more: Any
    if layer in ("identity", "session"):
        more = (*there, extra)
    elif layer in ("boundary", "resource"):
        more = merged(there, extra)
    else:
        more = ((*there[0], extra),)
    changes: dict[str, Any] = {layer: more}
    return replace(policies, **changes)


def merged(policy: Policy, other: Policy) -> Policy:
    return Policy(policy.name, policy.layer, (*policy.statements, *other.statements))


def test_the_generators_reach_every_outcome() -> None:
    """Else the laws below could not fail."""
    seen: Counter[Effect] = Counter()

    @settings(max_examples=400, database=None, derandomize=True)
    @given(requests, policy_sets)
    def decided(request: Request, policies: Policies) -> None:
        seen[evaluate(request, policies).effect] += 1

    decided()
    assert min(seen[effect] for effect in Effect) > sum(seen.values()) / 8, seen


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


@given(requests, policy_sets, identity_policies, st.booleans())
def test_a_control_policy_level_never_opens(
    request: Request, policies: Policies, control: list[Any], of_resources: bool
) -> None:
    if of_resources:
        level = (compiled(everyones(control), Layer.RESOURCE_CONTROL),)
        narrowed = replace(policies, resource_control=(*policies.resource_control, level))
    else:
        level = (compiled(control, Layer.SERVICE_CONTROL),)
        narrowed = replace(policies, service_control=(*policies.service_control, level))

    if evaluate(request, narrowed).allowed:
        assert evaluate(request, policies).allowed


@settings(max_examples=300)
@given(requests, st.lists(statements(), min_size=2, max_size=4), st.randoms())
def test_neither_order_nor_duplicates_matter(
    request: Request, written: list[Any], random: Any
) -> None:
    shuffled = [*written, *written]
    random.shuffle(shuffled)
    split = tuple(compiled([one]) for one in shuffled)

    effect = evaluate(request, Policies(identity=(compiled(written),))).effect
    assert evaluate(request, Policies(identity=(compiled(shuffled),))).effect is effect
    assert evaluate(request, Policies(identity=split)).effect is effect


@given(requests, policy_sets)
def test_explaining_decides_the_same(request: Request, policies: Policies) -> None:
    decision: Decision = explain(request, policies)

    assert replace(decision, near_misses=()) == evaluate(request, policies)
