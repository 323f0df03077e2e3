"""`sts:AssumeRoleWithWebIdentity`: a token of an issuer that the account trusts, for a session.

1. the parameters are well formed   2. the issuer is a registered provider of the role's account
3. one of its keys signed the token   4. its times, audience and roles are right
5. the role's trust policy allows it, and tags and source identity   6. the session

Standard: `AssumeRoleWithWebIdentity` (STS API reference). Up to 4 nothing is held: the issuer is
asked over HTTP, while others are served; what was read of the account then is read again in 5.
"""

from dataclasses import dataclass, field, replace
from typing import Any

from valetkey.iam import ContextValue, Policy
from valetkey.localaws.assume_role import (
    RoleRequest,
    check_names,
    role_asks,
    session_seconds,
    session_size,
)
from valetkey.localaws.callers import Caller, web_identity_caller
from valetkey.localaws.faults import AwsError
from valetkey.localaws.identities import Identities, ProviderRecord, RoleRecord
from valetkey.localaws.models import Params
from valetkey.localaws.oidc_urls import provider_name
from valetkey.localaws.session_tags import session_tags
from valetkey.localaws.sts import Require, SecurityTokens, session_result
from valetkey.localaws.web_identity_cache import KeyCache
from valetkey.localaws.web_identity_claims import WebClaims, read_claims
from valetkey.localaws.web_identity_token import (
    UnverifiedWebToken,
    invalid_token,
    read_web_token,
)

OPERATION = "AssumeRoleWithWebIdentity"
ACTION = f"sts:{OPERATION}"


@dataclass(frozen=True, slots=True)
class WebIdentity:
    """A verified token, and what is asked for with it. Nothing is decided yet."""

    token: UnverifiedWebToken
    claims: WebClaims
    wanted: RoleRequest
    caller: Caller


@dataclass(frozen=True, slots=True)
class WebIdentities:
    """Exchanges tokens of the account's OpenID Connect providers."""

    security_tokens: SecurityTokens
    keys: KeyCache = field(default_factory=KeyCache)

    def verified(self, params: Params, *, now: float) -> WebIdentity:
        """Return who brought the token and what for. It may wait for the issuer, and holds nothing.

        Raises AwsError.
        """
        check_names(params, None)
        if "ProviderId" in params:
            raise invalid_token(
                "ProviderId is for OAuth 2.0 access tokens, which are not modelled."
            )
        if "MinimumSessionTokenSize" in params:
            raise _refused("MinimumSessionTokenSize is not modelled by valetkey's local AWS.")
        token = read_web_token(params["WebIdentityToken"])
        with self._identities.storage.active():
            provider = self._provider(token, params)
        self.keys.keys(provider.url, token.kid).check(token)
        claims = read_claims(token.claims, now)
        if claims.roles is not None and params["RoleArn"] not in claims.roles:
            raise invalid_token("The roles claim of the token does not list the requested role.")
        keys = claims.trust_keys(provider_name(provider.url))
        caller = web_identity_caller(provider.arn, self._identities.storage.account, keys)
        return WebIdentity(token, claims, _request(params, claims), caller)

    def session(
        self, identity: WebIdentity, params: Params, *, require: Require, now: float
    ) -> dict[str, Any]:
        """Return the operation's result, with the storage held. Raises AwsError.

        `require` asks for the token's caller.
        """
        provider = self._provider(identity.token, params)
        if identity.claims.audience not in provider.client_ids:
            raise invalid_token("Incorrect token audience")
        wanted, caller, claims = identity.wanted, identity.caller, identity.claims
        role = self._identities.role_by_arn(wanted.role_arn)
        if role is None:
            raise AwsError("AccessDenied", f"Not authorized to perform {ACTION}", status=403)
        role = replace(role, trust=trust_in(role, provider.arn))
        authorized = "false" if claims.roles is None else "true"
        more: dict[str, ContextValue] = {"sts:RoleAuthorizedByIdp": authorized}
        for ask in role_asks(wanted, role, caller, action=ACTION, more=more):
            require(ask)
        seconds = session_seconds(wanted, role, caller)
        size = session_size(wanted)
        session, token = self.security_tokens.open_session(
            wanted,
            role,
            caller,
            seconds=seconds,
            now=now,
            federated={
                **claims.session_keys(provider_name(provider.url)),
                "aws:FederatedProvider": provider.arn,
            },
        )
        return {
            **session_result(session, token, size),
            "SubjectFromWebIdentityToken": claims.subject,
            "Provider": provider.arn,
            "Audience": claims.audience,
        }

    def _provider(self, token: UnverifiedWebToken, params: Params) -> ProviderRecord:
        """Return the provider of the token's issuer in the role's account."""
        account = params["RoleArn"].split(":")[4]
        found = None
        if account == self._identities.storage.account:
            found = self._identities.provider_of(token.issuer)
        if found is None:
            message = f"No OpenIDConnect provider found in your account for {token.issuer}"
            raise invalid_token(message)
        return found

    @property
    def _identities(self) -> Identities:
        return self.security_tokens.sessions.identities


def trust_in(role: RoleRecord, provider_arn: str) -> Policy:
    """Return the trust policy as STS reads it for a web identity: whatever denies, and those
    allowing statements that name the provider. `*` and `{"AWS": "*"}` let nobody in.
    """
    return replace(
        role.trust,
        statements=tuple(
            one
            for one in role.trust.statements
            if not one.allow
            or (one.principal is not None and provider_arn in one.principal.federated)
        ),
    )


def _request(params: Params, claims: WebClaims) -> RoleRequest:
    """Return what is asked for: tags and source identity are the token's, not the call's."""
    check_names(params, claims.source_identity)
    return RoleRequest(
        role_arn=params["RoleArn"],
        session_name=params["RoleSessionName"],
        tags=session_tags(claims.tags, claims.transitive_keys, inherited={}),
        transitive_keys=claims.transitive_keys,
        external_id=None,
        source_identity=claims.source_identity,
        seconds=params.get("DurationSeconds"),
        policy=params.get("Policy"),
        policy_arns=tuple(item["arn"] for item in params.get("PolicyArns", ())),
    )


def _refused(message: str) -> AwsError:
    return AwsError("ValidationError", message, status=400)
