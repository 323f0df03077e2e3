"""What the tests of token exchange ask, and what they look at."""

from typing import Any

from tests.fakes.platform import Platform
from tests.fakes.tokens import asked
from valetkey.broker import authenticate, revoke_run
from valetkey.broker.exchange import Exchanged
from valetkey.credentials import SigningKey
from valetkey.identity import Principal, Refusal
from valetkey.secret import Secret


async def given(here: Platform, run_token: Secret, *arguments: Any, **more: Any) -> Exchanged:
    answer = await asked(here, run_token, *arguments, **more)
    assert isinstance(answer, Exchanged), answer
    return answer


async def denied(here: Platform, run_token: Secret, *arguments: Any, **more: Any) -> str:
    answer = await asked(here, run_token, *arguments, **more)
    assert isinstance(answer, Refusal), answer
    return answer.code


async def leaf(here: Platform) -> dict[str, Any]:
    return (await here.audit())[-1]


async def revoked(here: Platform, run_id: str) -> None:
    principal = await authenticate(here.broker, here.actor("operator"), now=here.clock())
    assert isinstance(principal, Principal)
    await revoke_run(here.broker, principal, run_id, because="test")


class Signing:
    """A key's keeper that counts what it signs, and that may take its time."""

    def __init__(self, here: Platform, *, seconds: float = 0) -> None:
        own = here.broker.own
        assert own is not None
        self._signer, self._clock, self._seconds = own.ring.signer, here.clock, seconds
        self.count = 0
        own.ring.signer = self

    async def sign(self, key: SigningKey, message: bytes) -> bytes:
        self.count += 1
        self._clock.now += self._seconds
        return await self._signer.sign(key, message)
