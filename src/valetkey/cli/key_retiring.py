"""What `valetkey keys retire` does and says: what signs afterwards, and who still believes."""

from valetkey.broker.key_errors import secret_is_the_same
from valetkey.broker.key_proof import opens
from valetkey.broker.operate_keys import check_not_last, check_reason
from valetkey.broker.own_issuer import OwnIssuer
from valetkey.credentials import KeyPhase
from valetkey.wiring.keys import this_account

_IN_USE = frozenset({KeyPhase.PENDING, KeyPhase.NEXT, KeyPhase.SIGNING, KeyPhase.LAST})


async def retire_key(
    own: OwnIssuer, kid: str, *, because: str, leave_none: bool, now: float
) -> list[str]:
    """Withdraw a key and return what a person must know now, a line each.

    Raises BrokerError `signing-secret-differs` where the next key could be one that the broker
    can't use; `signing-key-last` where nothing could sign afterwards, unless `leave_none`: AWS KMS
    makes no other key by itself; `reason-missing` for an empty reason.
    """
    ring = own.ring
    check_reason(because)
    await ring.prove(now=now)
    if not leave_none:
        await check_not_last(ring, kid, now=now)
    await ring.retire(kid, now=now, by=this_account(), because=because)
    after = await ring.keys(now=now)
    signing = [each.kid for each, phase in after if phase is KeyPhase.SIGNING]
    lines = [f"{kid} is retired; {' and '.join(signing) or 'nothing'} signs now"]
    if ring.is_static:
        lines.append("publish a key set without it now: `valetkey keys publish DIR`, then copy it")
        if not signing:
            lines.append("no token is signed until then")
    return [*lines, _believed(own)]


async def retire_lost_key(own: OwnIssuer, kid: str, *, because: str, now: float) -> list[str]:
    """Withdraw a key that is sealed under another secret than ours; no other one is made.

    A broker makes the next one when it starts. Raises BrokerError `signing-secret-same` where our
    secret opens the key, and `reason-missing`.
    """
    ring = own.ring
    check_reason(because)
    key = next((each for each, _ in await ring.keys(now=now) if each.kid == kid), None)
    if key is not None and await opens(ring.signer, key):
        raise secret_is_the_same(kid)
    await ring.retire(kid, now=now, by=this_account(), because=because, makes_next=False)
    left = [
        each.kid
        for each, phase in await ring.keys(now=now)
        if phase in _IN_USE and not await opens(ring.signer, each)
    ]
    lines = [f"{kid} is retired"]
    lines += [f"sealed under another secret, too: retire {each}" for each in left]
    if not left and ring.is_static:
        lines.append("nothing is left of the old secret: `valetkey keys publish DIR`, copy it, and")
        lines.append("start the broker")
    elif not left:
        lines.append(
            "nothing is left of the old secret: start the broker, which makes the next key"
        )
    return [*lines, _believed(own)]


def _believed(own: OwnIssuer) -> str:
    return f"who has the key set may believe it for {own.ring.schedule.cache_time} s more"
