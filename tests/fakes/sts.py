"""STS as the broker's port has it: answers as AWS does, and misbehaves when told to.

By web identity it makes its session of what the token says and nothing else: without the tags
claim an untagged one, and not a word about it.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from valetkey.credentials import AssumedRole, AssumeRoleRequest, SigningKey, WebIdentityRequest
from valetkey.errors import ValetkeyError
from valetkey.identity import KeySet, UnverifiedToken, parse_unverified
from valetkey.secret import Secret

AWS = "https://aws.amazon.com/"
TOKEN_LEEWAY = 300


@dataclass(frozen=True)
class FakeSession:
    """A session as it is in AWS: what policies see of it."""

    tags: Mapping[str, str]
    transitive: frozenset[str]
    source_identity: str | None


@dataclass
class FakeSts:
    clock: Callable[[], float]
    delay: float = 0.0
    failure: ValetkeyError | None = None
    changes: dict[str, object] = field(default_factory=dict)
    asked: list[AssumeRoleRequest] = field(default_factory=list)
    clock_skew: float | None = 0.0
    tagged: bool = False
    release: asyncio.Event | None = None
    was_asked: asyncio.Event = field(default_factory=asyncio.Event)
    published: Callable[[], Awaitable[tuple[SigningKey, ...]]] | None = None
    presented: list[tuple[WebIdentityRequest, UnverifiedToken]] = field(default_factory=list)
    sessions: list[FakeSession] = field(default_factory=list)
    looked: list[str | None] = field(default_factory=list)
    plain: tuple[str | None, ...] = ()  # regions whose STS is reached by plain http

    async def assume_role(self, request: AssumeRoleRequest) -> AssumedRole:
        self.asked.append(request)
        tags = dict(request.tags)
        made = FakeSession(tags, frozenset(tags), request.source_identity)
        return await self._answer(request, made)

    async def assume_role_with_web_identity(
        self, request: WebIdentityRequest, token: Secret
    ) -> AssumedRole:
        unverified = parse_unverified(token)
        self.presented.append((request, unverified))
        claims = await self._believed(unverified, request)
        said = claims.get(AWS + "tags", {"principal_tags": {}, "transitive_tag_keys": []})
        tags = {key: value for key, (value,) in said["principal_tags"].items()}
        made = FakeSession(
            tags, frozenset(said["transitive_tag_keys"]), claims.get(AWS + "source_identity")
        )
        told = {"subject": claims["sub"], "audience": claims["aud"], "provider": request.provider}
        return await self._answer(request, made, **told)

    async def _believed(
        self, token: UnverifiedToken, request: WebIdentityRequest
    ) -> Mapping[str, Any]:
        """Verify the token as AWS does: signature by a published key, issuer, times, role."""
        assert self.published is not None, "no issuer is registered"
        jwks = {"keys": [dict(key.public) for key in await self.published()]}
        key = KeySet.from_jwks(json.dumps(jwks).encode(), ("ES256", "RS256")).find(token.kid)
        assert key is not None, "InvalidIdentityToken: no such key"
        assert key.verifies(token.alg, signing_input=token.signing_input, signature=token.signature)
        now, claims = self.clock(), dict[str, Any](token.claims)
        assert claims["iss"] == request.issuer and claims["aud"] == request.audience
        assert claims["iat"] <= now < claims["exp"] + TOKEN_LEEWAY
        assert str(request.role) in claims[AWS + "roles"]
        return claims

    async def _answer(
        self, request: AssumeRoleRequest | WebIdentityRequest, made: FakeSession, **told: str
    ) -> AssumedRole:
        self.was_asked.set()
        await asyncio.sleep(self.delay)
        if self.release is not None:
            await self.release.wait()
        if self.failure is not None:
            raise self.failure
        self.sessions.append(made)
        now = int(self.clock())
        count = len(self.asked) + len(self.presented)
        answer = AssumedRole(
            access_key_id=f"ASIA{count:016d}",
            secret_access_key=Secret(f"secret-{count}"),
            session_token=Secret(f"session-{count}"),
            expiration=now + request.duration,
            assumed_role_arn=request.role.session_arn(request.session_name),
            source_identity=made.source_identity,
            packed_policy_size=3,
            request_id=f"request-{count}",
            answered_at=now,
            **told,
        )
        return replace(answer, **self.changes)  # type: ignore[arg-type]

    async def caller_arn(self) -> str:
        if self.failure is not None:
            raise self.failure
        return "arn:aws:sts::111122223333:assumed-role/ValetkeyBroker/i-1"

    async def has_session_tags(self) -> bool:
        return self.tagged

    async def check_way(self, region: str | None) -> None:
        if region in self.plain:
            raise ValetkeyError("aws-endpoint-plain", "it would be seen")

    async def look(self, region: str | None) -> None:
        self.looked.append(region)
        if self.failure is not None:
            raise self.failure
