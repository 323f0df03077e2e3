"""Which grant of a run does a token request mean, and which scopes of it? It signs nothing."""

import re
from dataclasses import dataclass

from valetkey.broker.policy import Policy
from valetkey.broker.tool_terms import ToolTerms
from valetkey.credentials import STS_AUDIENCE, Grant, GrantSource, TokenGrant
from valetkey.identity import Refusal
from valetkey.runs import Run

_ABSOLUTE_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[\x21\x22\x24-\x7e]+", re.ASCII)
"""RFC 8707 §2: a `resource` is an absolute URI without a fragment."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a token shall be good, as asked: by `audience`, by `resource`, or by both alike.

    `audience` is a grant's name or its audience, `resource` its audience as an absolute URI.
    """

    audience: str | None = None
    resource: str | None = None


def find_target(
    policy: Policy, run: Run, target: Target, *, terms: ToolTerms | None = None
) -> TokenGrant | Grant | Refusal:
    """Return the one grant of the run that `target` means.

    A role is a target where its grant gives tokens to the sandbox, and by its name alone: several
    roles have STS's audience. The tool gateway is one, on `terms`, for every run with a server of
    tools.
    """
    tokens = [policy.tokens[name] for name in run.grants if name in policy.tokens]
    if terms is not None and any(name in run.grants for name in policy.servers):
        tokens.append(gateway_grant(terms))
    roles = [policy.grants[name] for name in run.grants if name in policy.grants]
    found: list[TokenGrant | Grant] = [g for g in tokens if _is_meant(g, target)]
    if target.resource is None:
        found += [g for g in roles if _is_given(g) and g.name == target.audience]
    if len(found) == 1:
        return found[0]
    if found:
        return Refusal(
            code="token-target-ambiguous",
            public="several grants of the run have that target",
            reasons=(f"run `{run.id}`: {', '.join(g.name for g in found)}",),
        )
    return Refusal(
        code="token-target-unknown",
        public="the run has no grant of a token for that target",
        reasons=(f"run `{run.id}` has {', '.join(run.grants)}",),
    )


def gateway_grant(terms: ToolTerms) -> TokenGrant:
    """Return what a token for the tool gateway is of: a grant whose name is its audience, as no
    configured grant's can be.
    """
    return TokenGrant(terms.audience, terms.audience, (), terms.token_seconds)


def is_taken_by_sts(policy: Policy, audience: str) -> bool:
    """Say whether a role of `policy` takes tokens of this audience, however it is spelled.

    A tool's token there would be a session without tags: nothing would isolate it.
    """
    spelled = audience.lower()
    if spelled == STS_AUDIENCE:
        return True
    return any(
        grant.source is GrantSource.WEB_IDENTITY and (grant.audience or "").lower() == spelled
        for grant in policy.grants.values()
    )


def find_scopes(
    grant: TokenGrant | Grant, asked: tuple[str, ...] | None
) -> tuple[str, ...] | Refusal:
    """Return the scopes of the token in the grant's order: those asked for, all of them for None.

    None is dropped silently: the caller would learn of it at the tool only (lesson 35).
    """
    allowed = grant.scopes if isinstance(grant, TokenGrant) else ()
    if asked is None:
        return allowed
    if not set(asked) <= set(allowed):
        return Refusal(
            code="token-scope",
            public="the grant does not have every scope that is asked for",
            reasons=(f"grant `{grant.name}` has {' '.join(allowed) or 'no scope'}",),
        )
    return tuple(scope for scope in allowed if scope in asked)


def _is_given(grant: Grant) -> bool:
    return grant.source is GrantSource.WEB_IDENTITY and grant.token_to_sandbox


def _is_meant(grant: TokenGrant, target: Target) -> bool:
    named, resource = target.audience, target.resource
    if resource is not None and not (
        resource == grant.audience and _ABSOLUTE_URI.fullmatch(resource)
    ):
        return False
    if named is not None and named not in (grant.name, grant.audience):
        return False
    return named is not None or resource is not None
