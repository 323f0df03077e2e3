"""See, rotate and retire the signing keys, for who administers. The ring records what it does."""

from valetkey.broker.broker import Broker
from valetkey.broker.errors import BrokerError
from valetkey.broker.finish import MAX_REASON
from valetkey.broker.key_ring import KeyRing
from valetkey.broker.own_issuer import OwnIssuer
from valetkey.broker.permission import objection
from valetkey.credentials import KeyPhase, SigningKey
from valetkey.identity import Power, Principal, Refusal

_USABLE = frozenset({KeyPhase.SIGNING, KeyPhase.NEXT, KeyPhase.PENDING})


async def administered(
    broker: Broker, principal: Principal, *, route: str, now: float
) -> OwnIssuer | Refusal:
    """Return the issuer, for who may administer it. Raises `issuer-none` where there is none."""
    refusal = await objection(broker, principal, Power.ADMINISTER, route=route, now=now)
    if refusal is not None:
        return refusal
    if broker.own is None:
        raise BrokerError("issuer-none", "this broker signs no tokens: it has no `[issuer]`")
    return broker.own


async def rotate_keys(broker: Broker, principal: Principal) -> SigningKey | Refusal:
    """Have another key take over from the one that signs, as soon as every cache has it."""
    now = broker.clock()
    own = await administered(broker, principal, route="POST /v1/keys/rotate", now=now)
    if isinstance(own, Refusal):
        return own
    return await own.ring.rotate(now=now, by=principal.label)


async def retire_key(
    broker: Broker, principal: Principal, kid: str, *, because: str
) -> OwnIssuer | Refusal:
    """Withdraw a key for good: a second later no broker signs with it.

    Raises BrokerError `signing-key-unknown`, `signing-key-last` or `reason-missing`.
    """
    now = broker.clock()
    route = "POST /v1/keys/{kid}/retire"
    own = await administered(broker, principal, route=route, now=now)
    if isinstance(own, Refusal):
        return own
    check_reason(because)
    await check_not_last(own.ring, kid, now=now)
    await own.ring.retire(kid, now=now, by=principal.label, because=because)
    return own


def check_reason(because: str) -> None:
    """Raise BrokerError `reason-missing` for what tells nobody why."""
    if not because.strip() or len(because) > MAX_REASON:
        raise BrokerError(
            "reason-missing", f"say why in 1 to {MAX_REASON} characters: it is recorded"
        )


async def check_not_last(ring: KeyRing, kid: str, *, now: float) -> None:
    """Raise BrokerError `signing-key-last` where without `kid` nothing could sign any more.

    AWS KMS makes no other key by itself; of keys of our own the ring makes one at once.
    """
    keys = await ring.keys(now=now)
    for key, what in keys:
        if key.kid != kid or key.kms_key is None or what is not KeyPhase.SIGNING:
            continue
        if not any(
            other.kid != kid and other.algorithm is key.algorithm and phase in _USABLE
            for other, phase in keys
        ):
            raise BrokerError(
                "signing-key-last",
                f"without `{kid}` nothing can sign by {key.algorithm.value}",
                hint="`valetkey keys rotate --kms-key ARN` first, or --leave-none",
            )
