"""Whom a policy's Principal elements name, as callers whose request can be asked about.

A principal that stands for many (an account, `*`) is asked about as one of them, a role that
nobody named.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum

from valetkey.iam import Layer, Policy, Principal, PrincipalKind, parse_policy
from valetkey.iam.arn import split_arn
from valetkey.iam.naming import PrincipalElement, without_path
from valetkey.iam.policies import TRUST_ACTIONS
from valetkey.iam.policy import Statement
from valetkey.tenancy.tenancy_map import TenancyMap

ASSUMING = ("sts:AssumeRole", "sts:AssumeRoleWithWebIdentity", "sts:AssumeRoleWithSAML")
TAG_SESSION = "sts:TagSession"
IN_TRUST = (*ASSUMING, TAG_SESSION, "sts:SetSourceIdentity", "sts:SetContext")
SESSION_NAME = "valetkey-witness"
STRANGER = "999999999999"  # an account that nobody named
ANYBODY = "Stranger"  # a role that nobody named
OF_THE_CALLER = ("aws:principal", "aws:userid", "aws:username", "aws:source", "aws:calledvia")

SUPPOSED = parse_policy(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
    },
    name="the caller's own policy (supposed)",
    layer=Layer.IDENTITY,
)
"""What a caller whose policies we can't see may have: everything."""


class Named(Enum):
    """What kind of principal a text names."""

    ROLE = "role"
    SESSION = "session"
    OTHER_ARN = "user"
    PROVIDER = "identity provider"
    SERVICE = "service"
    ACCOUNT = "account"
    EVERYONE = "everyone"


@dataclass(frozen=True, slots=True)
class Caller:
    """One who is named: `text` as a policy writes it, and a caller for whom it stands."""

    named: Named
    text: str
    principal: Principal


def callers_of(element: PrincipalElement) -> Iterator[Caller]:
    """Yield a caller for each principal that the element names, in a fixed order.

    What AWS leaves of a deleted principal names nobody.
    """
    if element.everyone:
        yield Caller(Named.EVERYONE, "*", role_session(_role_of(STRANGER)))
    for arn in sorted(element.roles):
        yield Caller(Named.ROLE, arn, role_session(arn))
    for arn in sorted(element.arns):
        kind = Named.SESSION if ":assumed-role/" in arn else Named.OTHER_ARN
        yield Caller(kind, arn, Principal(PrincipalKind.ARN, arn))
    for name in sorted(element.federated):
        yield Caller(Named.PROVIDER, name, Principal(PrincipalKind.FEDERATED, name))
    for name in sorted(element.services):
        yield Caller(Named.SERVICE, name, Principal(PrincipalKind.SERVICE, name))
    for account in sorted(element.accounts):
        yield Caller(Named.ACCOUNT, account, role_session(_role_of(account)))


def role_session(role_arn: str, name: str = SESSION_NAME) -> Principal:
    """Return a session of the role; its tags are not told."""
    arn = split_arn(role_arn)
    partition, account = (arn.partition, arn.account) if arn else ("aws", STRANGER)
    role = without_path(role_arn).rpartition("/")[2]
    return Principal(
        PrincipalKind.ARN,
        f"arn:{partition}:sts::{account}:assumed-role/{role}/{name}",
        role_arn=role_arn,
    )


def trusted_callers(trust: Policy) -> tuple[Caller, ...]:
    """Return everyone whom an Allow of the trust policy names, each once."""
    found: dict[str, Caller] = {}
    for statement in trust.statements:
        if statement.allow and statement.principal and trust_actions(statement):
            for caller in callers_of(statement.principal):
                found.setdefault(caller.text, caller)
    return tuple(found.values())


def known_callers(trust: Policy, tenancy: TenancyMap) -> tuple[Caller, ...]:
    """Return those callers of the map whom the trust policy names, by whatever it names them."""
    known = [Caller(Named.ROLE, arn, role_session(arn)) for arn in tenancy.assumed_by]
    if tenancy.oidc_provider is not None:
        provider = Principal(PrincipalKind.FEDERATED, tenancy.oidc_provider)
        known.append(Caller(Named.PROVIDER, tenancy.oidc_provider, provider))
    return tuple(caller for caller in known if actions_for(caller, trust))


def actions_for(caller: Caller, trust: Policy) -> tuple[str, ...]:
    """Return the actions that some Allow of the trust policy has for the caller."""
    found = (
        action
        for statement in trust.statements
        if statement.allow
        and statement.principal is not None
        and statement.principal.names(caller.principal)
        for action in trust_actions(statement)
    )
    return tuple(dict.fromkeys(found))


def trust_actions(statement: Statement) -> tuple[str, ...]:
    """Return the actions of a trust policy that the statement covers."""
    return tuple(action for action in IN_TRUST if statement.covers_action(action.lower()))


def takes(caller: Caller) -> tuple[str, ...]:
    """Return the actions by which such a caller comes to a session of a role."""
    if caller.named is not Named.PROVIDER:
        return ("sts:AssumeRole",)
    is_saml = ":saml-provider/" in caller.text
    return ("sts:AssumeRoleWithSAML" if is_saml else "sts:AssumeRoleWithWebIdentity",)


def for_anybody(policy: Policy) -> Policy:
    """Return the policy as it bears on some caller of an account: of its conditions on who calls
    none keeps an Allow from applying, and a Deny with one may not apply.
    """
    kept: list[Statement] = []
    for statement in policy.statements:
        others = tuple(one for one in statement.conditions if not is_on_caller(one.key))
        if statement.allow:
            kept.append(replace(statement, conditions=others))
        elif len(others) == len(statement.conditions):
            kept.append(statement)
    return replace(policy, statements=tuple(kept))


def is_on_caller(key: str) -> bool:
    """Tell whether the context key (in lower case) says who calls, or from where."""
    return key.startswith(OF_THE_CALLER) and not key.startswith("aws:principaltag/")


def is_trust_action(action: str) -> bool:
    """Tell whether the action is allowed by a role's trust policy."""
    return action.lower() in TRUST_ACTIONS


def account_of(arn: str) -> str | None:
    """Return the account in an ARN, None where it has none."""
    parts = split_arn(arn)
    return parts.account or None if parts else None


def _role_of(account: str) -> str:
    return f"arn:aws:iam::{account}:role/{ANYBODY}"
