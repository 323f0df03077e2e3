"""The generated trust policies: the broker alone, with exactly the map's tags."""

from collections.abc import Mapping

import pytest

from tests.tenancy.maps import ACCOUNT, BROKER, PROVIDER, ROLE, whole_map
from valetkey.iam import (
    ContextValue,
    Layer,
    Policies,
    Policy,
    Principal,
    PrincipalKind,
    Request,
    evaluate,
    parse_policy,
)
from valetkey.tenancy import RUN_TAG, AgentRole, Source, TenancyMap, bounds_of, generated

GRANTS = {
    "plain": AgentRole("plain", ROLE),
    "external": AgentRole("external", ROLE, external_id="an-id"),
    "web": AgentRole("web", ROLE, Source.WEB_IDENTITY, audience="sts.example.com"),
}
TAGS = {"user_id": "alice", "task_id": "t-1", RUN_TAG: "r-1"}
BY_BROKER = Principal(PrincipalKind.ARN, f"arn:aws:sts::{ACCOUNT}:assumed-role/ValetkeyBroker/b")
BY_TOKEN = Principal(PrincipalKind.FEDERATED, PROVIDER)

Context = Mapping[str, ContextValue]


def context(tags: Mapping[str, str] = TAGS, **changed: ContextValue | None) -> Context:
    """Return a request's keys; None takes one away, and `__` in a name is a colon."""
    found: dict[str, ContextValue | None] = {
        **{f"aws:RequestTag/{key}": value for key, value in tags.items()},
        "aws:TagKeys": tuple(tags),
        "sts:SourceIdentity": "r-1",
        "sts:ExternalId": "an-id",
        "sts:RoleAuthorizedByIdp": "true",
        "id.example.com:aud": "sts.example.com",
        "id.example.com:sub": "grant:web",
        **{key.replace("__", ":"): value for key, value in changed.items()},
    }
    return {key: value for key, value in found.items() if value is not None}


def policies(tenancy: TenancyMap) -> Policies:
    found = generated(tenancy)
    return Policies(
        identity=tuple(
            parse_policy(document, layer=Layer.IDENTITY, name="broker")
            for document in found.brokers.values()
        ),
        trust=parse_policy(found.roles[0].trust, layer=Layer.TRUST, name="trust"),
    )


def lets_in(source: str, seen: Context) -> bool:
    """Tell whether every action that a session with tags and source identity needs is allowed."""
    bearing = policies(whole_map([GRANTS[source]]))
    principal = BY_TOKEN if source == "web" else BY_BROKER
    first = "sts:AssumeRoleWithWebIdentity" if source == "web" else "sts:AssumeRole"
    actions = [first, *(["sts:TagSession"] if "aws:TagKeys" in seen else [])]
    actions += ["sts:SetSourceIdentity"] if "sts:SourceIdentity" in seen else []
    return all(allows(principal, action, seen, bearing) for action in actions)


def allows(principal: Principal, action: str, seen: Context, bearing: Policies) -> bool:
    request = Request(principal, action, ROLE, resource_account=ACCOUNT, context=seen)
    return evaluate(request, bearing).allowed


@pytest.mark.parametrize("source", GRANTS)
def test_the_broker_is_let_in_with_exactly_the_tags(source: str) -> None:
    assert lets_in(source, context())


REFUSED_TAGS = {
    "one is absent": {"user_id": "alice", RUN_TAG: "r-1"},
    "one is empty": {**TAGS, "task_id": ""},
    "one too many": {**TAGS, "team": "a"},
    "the run is absent": {"user_id": "alice", "task_id": "t-1"},
    "the run is none": {**TAGS, RUN_TAG: "x"},
    "one ends another": {**TAGS, "user_id": "alice/x"},
    "one is a version": {**TAGS, "user_id": "alice:1"},
}


@pytest.mark.parametrize("source", GRANTS)
@pytest.mark.parametrize("tags", REFUSED_TAGS.values(), ids=REFUSED_TAGS)
def test_other_tags_are_refused(source: str, tags: Mapping[str, str]) -> None:
    assert not lets_in(source, context(tags))


@pytest.mark.parametrize("source", GRANTS)
def test_a_session_without_tags_is_refused(source: str) -> None:
    assert not lets_in(source, context({}, aws__TagKeys=None))


@pytest.mark.parametrize("source", ["plain", "external", "web"])
def test_a_source_identity_that_is_no_run_is_refused(source: str) -> None:
    assert not lets_in(source, context(sts__SourceIdentity="alice"))


@pytest.mark.parametrize("value", ["another", None])
def test_the_external_id_is_asked_for_where_the_grant_has_one(value: str | None) -> None:
    assert not lets_in("external", context(sts__ExternalId=value))
    assert lets_in("plain", context(sts__ExternalId=value))


@pytest.mark.parametrize(
    "changed",
    [
        {"id.example.com:aud": "sts.amazonaws.com"},
        {"id.example.com:aud": None},
        {"id.example.com:sub": "grant:another"},
        {"id.example.com:sub": None},
        {"sts:RoleAuthorizedByIdp": "false"},
        {"sts:RoleAuthorizedByIdp": None},
        {"sts:SourceIdentity": None},
    ],
)
def test_a_token_about_something_else_is_refused(changed: dict[str, str | None]) -> None:
    assert not lets_in("web", context(TAGS, **changed))


def test_actions_are_asked_for_no_key_that_they_do_not_carry() -> None:
    bearing = policies(whole_map([GRANTS["external"]]))
    tags = {key: value for key, value in context().items() if key.startswith("aws:")}
    assert allows(BY_BROKER, "sts:TagSession", tags, bearing)
    source = {"sts:SourceIdentity": "r-1"}
    assert allows(BY_BROKER, "sts:SetSourceIdentity", source, bearing)
    by_token = policies(whole_map([GRANTS["web"]]))
    token = {"id.example.com:aud": "sts.example.com", "id.example.com:sub": "grant:web"}
    assert allows(BY_TOKEN, "sts:TagSession", {**token, **tags}, by_token)
    assert allows(BY_TOKEN, "sts:SetSourceIdentity", {**token, **source}, by_token)


@pytest.mark.parametrize("source", GRANTS)
def test_nobody_else_of_the_account_is_let_in(source: str) -> None:
    bearing = policies(whole_map([GRANTS[source]]))
    all_of_it = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    mighty = parse_policy(
        {"Version": "2012-10-17", "Statement": [all_of_it]}, layer=Layer.IDENTITY, name="all"
    )
    other = Principal(PrincipalKind.ARN, f"arn:aws:sts::{ACCOUNT}:assumed-role/Admin/a")
    for action in ("sts:AssumeRole", "sts:AssumeRoleWithWebIdentity", "sts:TagSession"):
        assert not allows(other, action, context(), with_identity(bearing, mighty))


def with_identity(bearing: Policies, policy: Policy) -> Policies:
    return Policies(identity=(policy,), trust=bearing.trust)


def test_an_inherited_run_can_not_be_passed_again_and_so_no_session_chains() -> None:
    # STS refuses a transitive key that is passed again; without it the request has no run.
    inherited = {key: value for key, value in TAGS.items() if key != RUN_TAG}
    assert not lets_in("plain", context(inherited))


def test_every_broker_and_every_way_of_one_role_is_in_its_trust_policy() -> None:
    grants = [GRANTS["plain"], GRANTS["web"], AgentRole("too", ROLE, Source.WEB_IDENTITY)]
    (role,) = generated(whole_map(grants)).roles
    principals = [statement["Principal"] for statement in role.trust["Statement"]]
    assert principals == [{"AWS": BROKER}] * 2 + [{"Federated": PROVIDER}] * 2
    is_ours = role.trust["Statement"][3]["Condition"]["StringEquals"]
    assert is_ours["id.example.com:sub"] == ["grant:web", "grant:too"]
    assert is_ours["id.example.com:aud"] == ["sts.example.com", "sts.amazonaws.com"]


def test_the_text_bounds_what_the_map_needs_bounded() -> None:
    tenancy = whole_map([GRANTS["plain"]])
    condition = generated(tenancy).roles[0].trust["Statement"][0]["Condition"]
    assert bounds_of(tenancy) == {"user_id": ("/", ":"), "task_id": ("/",)}
    assert condition["StringNotLike"] == {
        "aws:RequestTag/user_id": ["*/*", "*:*"],
        "aws:RequestTag/task_id": "*/*",
    }
