"""What the formula of a decision says, and the request that a solution of it is."""

from typing import Any

import pytest

from tests.iam.build import ACCOUNT, ROLE, SESSION, policy, statement
from tests.isolation.symbols import unknowns
from valetkey.iam import (
    Layer,
    Policies,
    Principal,
    PrincipalKind,
)
from valetkey.isolation.encoding import Ask, allowed, applies, decided, request_of
from valetkey.isolation.formula import (
    FALSE,
    TRUE,
    Assignment,
    Formula,
    Symbol,
    all_of,
    holds,
    text,
)
from valetkey.isolation.keys import Fixed, Keys
from valetkey.isolation.unencodable import Unencodable

CALLER = Principal(PrincipalKind.ARN, SESSION)
NOTHING = Assignment({}, {})
OBJECT = text("arn:aws:s3:::b/", Symbol("r"))


def ask_of(
    policies: Policies, keys: Keys | None = None, caller: Principal = CALLER, **changes: Any
) -> Ask:
    whole: dict[str, Any] = {"action": "s3:GetObject", "resource": OBJECT, **changes}
    return Ask(caller, whole["action"], whole["resource"], keys or {}, policies)


def identity(*written: Any) -> Policies:
    return Policies(identity=(policy(*written),))


def test_a_policy_that_allows_all_is_true_whatever_the_resource_is() -> None:
    assert allowed(ask_of(identity(statement()))) == TRUE


def test_a_policy_of_another_action_is_false() -> None:
    assert allowed(ask_of(identity(statement(Action="sqs:*")))) == FALSE


def test_a_statement_that_names_a_session_of_the_role_is_not_encoded() -> None:
    """It would pass by boundary and session policy, and an agent's session may be that one."""
    named = policy(statement(Principal={"AWS": SESSION}), layer=Layer.RESOURCE, name="bucket")

    with pytest.raises(Unencodable) as raised:
        allowed(ask_of(Policies(resource=named)))

    assert raised.value.code == "unencodable"
    assert raised.value.reason == "`bucket` names a session of the role"


def test_a_session_of_another_role_is_nobody() -> None:
    other = SESSION.replace("/agent/", "/agent2/")
    named = policy(statement(Principal={"AWS": other}), layer=Layer.RESOURCE)

    assert allowed(ask_of(Policies(resource=named))) == FALSE


def test_a_role_in_a_resource_policy_needs_the_boundary_too() -> None:
    named = policy(statement(Principal={"AWS": ROLE}), layer=Layer.RESOURCE)
    narrow = policy(statement(Action="sqs:*"), layer=Layer.BOUNDARY)

    assert allowed(ask_of(Policies(resource=named))) == TRUE
    assert allowed(ask_of(Policies(resource=named, boundary=narrow))) == FALSE


@pytest.mark.parametrize(
    ("resource", "given_", "may"),
    [
        (text(f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/k"), {}, False),
        (text(f"arn:aws:kms:eu-west-1:{ACCOUNT}:alias/k"), {}, True),
        (text(f"arn:aws:kms:eu-west-1:{ACCOUNT}:", Symbol("r")), {"r": "key/k"}, False),
        (text(f"arn:aws:kms:eu-west-1:{ACCOUNT}:", Symbol("r")), {"r": "key/k:1"}, True),
        (text(f"arn:aws:kms:eu-west-1:{ACCOUNT}:", Symbol("r")), {"r": "alias/key/"}, True),
        (text(Symbol("r")), {"r": "key/k"}, False),
        (text(Symbol("r")), {"r": "x:key/"}, False),
    ],
)
def test_a_key_whose_policy_is_not_known_is_closed(
    resource: Any, given_: dict[str, str], may: bool
) -> None:
    ask = ask_of(identity(statement()), action="kms:Decrypt", resource=resource)
    values = Assignment(given_, {})

    assert holds(allowed(ask), values) is may
    assert decided(ask, values).allowed is may


def test_an_anonymous_caller_needs_the_resource_policy_alone() -> None:
    everyone = policy(statement(Principal="*"), layer=Layer.RESOURCE)
    nobody = Principal(PrincipalKind.ANONYMOUS, "*")

    assert allowed(ask_of(Policies(resource=everyone), caller=nobody)) == TRUE
    assert allowed(ask_of(identity(statement()), caller=nobody)) == FALSE


def test_a_caller_that_is_no_arn_has_no_principal_tags() -> None:
    tagged = statement(Principal="*", Condition={"Null": {"aws:PrincipalTag/id": "false"}})
    nobody = Principal(PrincipalKind.ANONYMOUS, "*")

    assert (
        allowed(ask_of(Policies(resource=policy(tagged, layer=Layer.RESOURCE)), caller=nobody))
        == FALSE
    )


def test_a_solution_becomes_a_request_with_tags_context_and_resource() -> None:
    block = {"StringEquals": {"aws:PrincipalTag/Id": "t1", "s3:Prefix": "p"}}
    ask = ask_of(identity(statement(Condition=block)), prefix="")
    flags = dict.fromkeys(unknowns(allowed(ask))[1], True)
    given_ = Assignment(
        {"key.aws:principaltag/id": "t1", "key.s3:prefix": "p", "r": "\ud83d\ude00"}, flags
    )

    request = request_of(ask, given_)

    assert request.principal.tags == {"Id": "t1"}
    assert request.context == {"s3:Prefix": "p"}
    assert request.resource == "arn:aws:s3:::b/\U0001f600"
    assert decided(ask, given_).allowed


def test_a_role_whose_path_is_not_known_stays_so_in_a_witness() -> None:
    """Else a statement that names it with its path would not name it any more."""
    with_path = ROLE.replace("role/", "role/path/")
    named = policy(statement(Principal={"AWS": with_path}), layer=Layer.RESOURCE)
    ask = ask_of(Policies(resource=named), {"aws:principaltag/id": Fixed("t1")})

    assert allowed(ask) == TRUE
    assert decided(ask, NOTHING).allowed


def test_a_statement_applies_where_resource_and_conditions_do() -> None:
    one = statement(Resource="arn:aws:s3:::b/x/*", Condition={"StringEquals": {"s3:prefix": "p"}})
    policies = identity(one)
    formula: Formula = applies(policies.identity[0].statements[0], ask_of(policies))
    given_ = Assignment({"r": "x/1", "key.s3:prefix": "p"}, {"has.s3:prefix": True})

    assert holds(formula, given_)
    assert not holds(formula, Assignment({**given_.texts, "r": "y/1"}, given_.flags))
    assert not holds(formula, Assignment({**given_.texts, "key.s3:prefix": "q"}, given_.flags))
    assert not holds(formula, Assignment(given_.texts, {}))
    assert holds(all_of([formula, TRUE]), given_)


def test_what_follows_from_the_principal_is_never_free() -> None:
    """A role session has no user name, whatever a request brings."""
    named = statement(Condition={"Null": {"aws:username": "true"}})

    assert allowed(ask_of(identity(named))) == TRUE
    assert allowed(ask_of(identity(named), {"aws:username": Fixed("x")})) == FALSE


def test_a_key_that_can_not_be_modelled_is_missed_only_where_it_matters() -> None:
    """A statement on another action reads it in two ways: this request does not have it."""
    blocks = {"NumericEquals": {"k": "1"}, "StringEquals": {"k": "1"}}
    mixed = statement(Action="s3:*", Condition=blocks)
    policies = identity(statement(Action="sqs:*"), mixed)

    elsewhere = ask_of(policies, action="sqs:SendMessage")

    assert allowed(elsewhere) == TRUE
    assert decided(elsewhere, NOTHING).allowed
    with pytest.raises(Unencodable):
        allowed(ask_of(policies))
