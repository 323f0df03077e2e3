"""What a role's trust policy does with our tokens: the evaluator is asked, token by token.

Pure. IAM user guide, "Pass session tags using AssumeRoleWithWebIdentity" and "IAM and AWS STS
condition context keys".
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from valetkey.cli.doctor_step import Outcome, Step
from valetkey.credentials import WebIdentityRequest
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

TRUST = "trust policy"
ASSUME = "sts:AssumeRoleWithWebIdentity"
_WITH_TAGS = {
    "sts:TagSession": "tags the session",
    "sts:SetSourceIdentity": "sets its source identity",
}
_OF_ASSUME_ALONE = "sts:RoleAuthorizedByIdp, which AWS has for AssumeRoleWithWebIdentity alone"


@dataclass(frozen=True, slots=True)
class _Trying:
    """Tokens like `wanted`, shown to a trust policy at the instant `now` (Unix seconds)."""

    policy: Policy
    wanted: WebIdentityRequest
    role_tags: Mapping[str, str]
    now: float

    @property
    def name(self) -> str:
        return self.wanted.issuer.partition("://")[2]

    def allows(self, action: str = ASSUME, **change: ContextValue) -> bool:
        """Say whether a token is let in; `change` is what it has other than ours."""
        wanted = self.wanted
        context: dict[str, ContextValue] = {
            f"{self.name}:aud": change.get("aud", wanted.audience),
            f"{self.name}:sub": change.get("sub", wanted.subject),
            "sts:RoleSessionName": wanted.session_name,
            "sts:SourceIdentity": wanted.source_identity,
        }
        if action == ASSUME:  # AWS has the key for that one action alone
            context["sts:RoleAuthorizedByIdp"] = change.get("authorized", "true")
        tags = {} if "untagged" in change else wanted.tags
        if tags:
            context["aws:TagKeys"] = context["sts:TransitiveTagKeys"] = tuple(tags)
        context.update({f"aws:RequestTag/{key}": value for key, value in tags.items()})
        context.update({f"aws:ResourceTag/{key}": value for key, value in self.role_tags.items()})
        principal = Principal(PrincipalKind.FEDERATED, wanted.provider)
        asked = Request(
            principal,
            action,
            str(wanted.role),
            resource_account=wanted.role.account,
            context=context,
            now=self.now,
        )
        return evaluate(asked, Policies(trust=self.policy)).allowed


def trust_steps(
    document: str, wanted: WebIdentityRequest, *, role_tags: Mapping[str, str], now: float
) -> Iterator[Step]:
    """Give what the trust policy `document` does with the token that asks for `wanted`.

    Raises PolicyError for a document that IAM would not take.
    """
    policy = _for_provider(parse_policy(document, name=TRUST, layer=Layer.TRUST), wanted.provider)
    trying = _Trying(policy, wanted, role_tags, now)
    if not trying.allows():
        said = f"it does not let a token of {wanted.subject} for {wanted.audience} in"
        yield Step(TRUST, Outcome.BROKEN, said, _statement(trying))
        return
    missing = [action for action in _WITH_TAGS if not trying.allows(action)]
    for action in missing:
        said = f"it does not allow {action} to the provider, and each token {_WITH_TAGS[action]}"
        fix = f"allow it in a statement with the same conditions, except {_OF_ASSUME_ALONE}"
        yield Step(TRUST, Outcome.BROKEN, said, fix)
    if not missing:
        said = f"it lets tokens of {wanted.subject} in, with tags and source identity"
        yield Step(TRUST, Outcome.HOLDS, said)
    yield from _pins(trying)
    yield from _asks(trying)


def _for_provider(policy: Policy, provider: str) -> Policy:
    """Return the policy as STS reads it for web identity: `*` lets nobody in."""
    return replace(
        policy,
        statements=tuple(
            one
            for one in policy.statements
            if not one.allow or (one.principal is not None and provider in one.principal.federated)
        ),
    )


def _pins(trying: _Trying) -> Iterator[Step]:
    wanted, name = trying.wanted, trying.name
    open_to = []
    if trying.allows(sub="grant:valetkey-doctor-another"):
        open_to.append(("subject", f'"{name}:sub": "{wanted.subject}"'))
    if trying.allows(aud="valetkey-doctor-another"):
        open_to.append(("audience", f'"{name}:aud": "{wanted.audience}"'))
    for what, line in open_to:
        said = f"it takes a token of another {what} as well"
        fix = f'add "StringEquals": {{{line}}} to its condition'
        yield Step(TRUST, Outcome.BROKEN, said, fix)
    if not open_to:
        said = f"it pins {name}:sub and {name}:aud to this grant's"
        yield Step(TRUST, Outcome.HOLDS, said)


def _asks(trying: _Trying) -> Iterator[Step]:
    if trying.allows(untagged="yes"):
        lines = ", ".join(f'"aws:RequestTag/{key}": "false"' for key in trying.wanted.tags)
        said = "it lets a token without tags in: such a session must reach nothing"
        yield Step(TRUST, Outcome.NOTE, said, f'add "Null": {{{lines}}} to refuse it earlier')
    else:
        yield Step(TRUST, Outcome.HOLDS, "it refuses a token without the run's tags")
    if trying.allows(authorized="false"):
        said = "it does not require that the token names the role (every token of ours does)"
        fix = (
            '"Bool": {"sts:RoleAuthorizedByIdp": "true"} would require it, in a statement of that '
            "one action: AWS has no such key for the other two"
        )
        yield Step(TRUST, Outcome.NOTE, said, fix)
    else:
        said = "it requires that the token names the role (sts:RoleAuthorizedByIdp)"
        yield Step(TRUST, Outcome.HOLDS, said)


def _statement(trying: _Trying) -> str:
    wanted, name = trying.wanted, trying.name
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": wanted.provider},
        "Action": [ASSUME, *_WITH_TAGS],
        "Condition": {
            "StringEquals": {f"{name}:aud": wanted.audience, f"{name}:sub": wanted.subject}
        },
    }
    return f"its statement may be: {json.dumps(statement)}"
