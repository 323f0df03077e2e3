"""Each step of the evaluator is in the formula, and says the same."""

import pytest

from tests.iam.build import ACCOUNT, ROLE, SESSION, policy, statement
from tests.iam.test_reference import FEDERATED, OTHER, ROOT, SERVICE_LINKED
from valetkey.iam import (
    Layer,
    Policies,
    Policy,
    Principal,
    PrincipalKind,
)
from valetkey.isolation.encoding import Ask, allowed, decided
from valetkey.isolation.formula import (
    Assignment,
    Constant,
    text,
)

CALLER = Principal(PrincipalKind.ARN, SESSION)
NOTHING = Assignment({}, {})


def trusting(whom: str) -> Policy:
    return policy(statement(Principal={"AWS": whom}, Resource=None), layer=Layer.TRUST)


def granting(whom: str) -> Policy:
    return policy(statement(Principal={"AWS": whom}), layer=Layer.RESOURCE)


def sparing(*whom: str) -> Policy:
    deny = statement(Effect="Deny", NotPrincipal={"AWS": list(whom)})
    return policy(deny, layer=Layer.RESOURCE)


ALL = policy(statement())
NONE = policy(statement(Action="sqs:*"))
STEPS: dict[str, tuple[Principal, Policies, str, str | None, bool]] = {
    "a root may not assume a role": (
        Principal(PrincipalKind.ARN, ROOT),
        Policies(identity=(ALL,), trust=trusting(ACCOUNT)),
        "sts:AssumeRole",
        None,
        False,
    ),
    "a root needs no policy at home": (
        Principal(PrincipalKind.ARN, ROOT), Policies(), "s3:GetObject", None, True
    ),
    "a trust policy must allow at home too": (
        CALLER, Policies(identity=(ALL,)), "sts:AssumeRole", None, False
    ),
    "a trust policy that names the account delegates": (
        CALLER, Policies(identity=(ALL,), trust=trusting(ACCOUNT)), "sts:AssumeRole", None, True
    ),
    "a federated user has nothing without a session policy": (
        Principal(PrincipalKind.ARN, FEDERATED), Policies(identity=(ALL,)), "s3:x", None, False
    ),
    "a federated user has what its session policy leaves": (
        Principal(PrincipalKind.ARN, FEDERATED),
        Policies(identity=(ALL,), session=(ALL,)),
        "s3:x",
        None,
        True,
    ),
    "a session policy limits": (
        CALLER, Policies(identity=(ALL,), session=(NONE,)), "s3:x", None, False
    ),
    "in another account both sides must allow": (
        CALLER, Policies(identity=(ALL,)), "s3:x", OTHER, False
    ),
    "in another account the resource alone is not enough": (
        CALLER, Policies(resource=granting(ROLE)), "s3:x", OTHER, False
    ),
    "in another account both sides are enough": (
        CALLER, Policies(identity=(ALL,), resource=granting(ROLE)), "s3:x", OTHER, True
    ),
    "a service control policy must allow": (
        CALLER, Policies(identity=(ALL,), service_control=((NONE,),)), "s3:x", None, False
    ),
    "a service control policy does not bind a service": (
        Principal(PrincipalKind.SERVICE, "sns.amazonaws.com"),
        Policies(resource=granting("*"), service_control=((NONE,),)),
        "s3:x",
        None,
        True,
    ),
    "no control policy binds a service-linked role": (
        Principal(PrincipalKind.ARN, SERVICE_LINKED),
        Policies(identity=(ALL,), service_control=((NONE,),)),
        "s3:x",
        None,
        True,
    ),
    "a boundary takes the exception of NotPrincipal away": (
        Principal(PrincipalKind.ARN, ROLE),
        Policies(identity=(ALL,), boundary=ALL, resource=sparing(ROLE, ACCOUNT)),
        "s3:x",
        None,
        False,
    ),
    "a NotPrincipal spares whom it names": (
        Principal(PrincipalKind.ARN, ROLE),
        Policies(identity=(ALL,), resource=sparing(ROLE, ACCOUNT)),
        "s3:x",
        None,
        True,
    ),
}  # fmt: skip


@pytest.mark.parametrize("step", STEPS)
def test_every_step_of_the_evaluator_is_in_the_formula(step: str) -> None:
    caller, policies, action, account, expected = STEPS[step]
    ask = Ask(caller, action, text("arn:aws:s3:::b/k"), {}, policies, account)

    assert allowed(ask) == Constant(expected)
    assert decided(ask, NOTHING).allowed is expected
