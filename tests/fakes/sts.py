"""STS as the broker's port has it: answers as AWS does, and misbehaves when told to."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from valetkey.credentials import AssumedRole, AssumeRoleRequest
from valetkey.errors import ValetkeyError
from valetkey.secret import Secret


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

    async def assume_role(self, request: AssumeRoleRequest) -> AssumedRole:
        self.asked.append(request)
        self.was_asked.set()
        await asyncio.sleep(self.delay)
        if self.release is not None:
            await self.release.wait()
        if self.failure is not None:
            raise self.failure
        now = int(self.clock())
        count = len(self.asked)
        answer = AssumedRole(
            access_key_id=f"ASIA{count:016d}",
            secret_access_key=Secret(f"secret-{count}"),
            session_token=Secret(f"session-{count}"),
            expiration=now + request.duration,
            assumed_role_arn=request.role.session_arn(request.session_name),
            source_identity=request.source_identity,
            packed_policy_size=3,
            request_id=f"request-{count}",
            answered_at=now,
        )
        return replace(answer, **self.changes)  # type: ignore[arg-type]

    async def caller_arn(self) -> str:
        if self.failure is not None:
            raise self.failure
        return "arn:aws:sts::111122223333:assumed-role/ValetkeyBroker/i-1"

    async def has_session_tags(self) -> bool:
        return self.tagged
