"""What each signing key is for at an instant, and when the next one is due. It changes nothing.

`keys` are all of one issuer. A key that another one followed stays followed, even where that one
was retired: its private part is wiped, and how long it stays published was settled then.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

from valetkey.credentials.signing_key import (
    SPREAD,
    Algorithm,
    KeyPhase,
    KeySchedule,
    SigningKey,
)

PUBLISHED = frozenset({KeyPhase.NEXT, KeyPhase.SIGNING, KeyPhase.LAST})
"""The phases in which a key is in the key set."""


def phase(
    key: SigningKey, keys: Iterable[SigningKey], schedule: KeySchedule, *, now: float
) -> KeyPhase:
    """Say what `key`, one of `keys`, is for at `now`.

    Where nothing may sign, because a person retired what did or the clock was set back, the next
    key signs before its time: a cache that lacks it asks again for the unknown `kid`, or refuses
    for as long as it caches.
    """
    keys = [each for each in keys if each.issuer == key.issuer]
    if key.retired_at is not None:
        return KeyPhase.RETIRED
    if key.signs_from is None:
        return KeyPhase.PENDING
    if not _began(key, now):
        signs = signer(keys, algorithm=key.algorithm, now=now)
        return KeyPhase.SIGNING if signs is not None and signs.kid == key.kid else KeyPhase.NEXT
    followed_at = _followed_at(key, _kin(keys, key.algorithm), now)
    if followed_at is None:
        return KeyPhase.SIGNING
    return KeyPhase.LAST if now < followed_at + schedule.afterlife else KeyPhase.GONE


def signer(keys: Iterable[SigningKey], *, algorithm: Algorithm, now: float) -> SigningKey | None:
    """Return the key that signs by `algorithm` at `now`; None where none may."""
    keys = list(keys)
    kin = _kin(keys, algorithm)
    first = min(_left(kin, now), key=_place, default=None)
    if first is None or _began(first, now) or _stands_in(first, kin, keys, now):
        return first
    return None


def heirs(kid: str, keys: Iterable[SigningKey], *, now: float) -> dict[str, int]:
    """Return which key signs from when on if `kid` is retired at `now`, where that is early."""
    keys = list(keys)
    key = next(each for each in keys if each.kid == kid)
    if signer(keys, algorithm=key.algorithm, now=now) != key:
        return {}
    rest = [replace(each, retired_at=int(now)) if each.kid == kid else each for each in keys]
    heir = signer(rest, algorithm=key.algorithm, now=now)
    if heir is None or heir.signs_from is None:
        return {}
    # After every other, as always: but what the clock has not reached yet is before nothing.
    after = (key.signs_from or 0) + 1 if _began(key, now) else 0
    begins = max(int(now), after, heir.published_at or 0)
    return {heir.kid: begins} if begins < heir.signs_from else {}


def published(
    made: Iterable[SigningKey],
    *,
    among: Iterable[SigningKey],
    schedule: KeySchedule,
    now: float,
) -> list[SigningKey]:
    """Return `made`, those that were not published as they are when they are published now.

    A key signs when every cache has it; at once where nobody can hold an older key set, and where
    what signed was withdrawn and nothing is left to sign.
    """
    keys = list(among)
    return [
        key
        if key.signs_from is not None
        else replace(
            key, published_at=int(now), signs_from=_signs_from(key.algorithm, keys, schedule, now)
        )
        for key in made
    ]


def waiting(keys: Iterable[SigningKey], *, algorithm: Algorithm, now: float) -> SigningKey | None:
    """Return the key that takes over next, published yet or not; None where none is made."""
    keys = list(keys)
    kin = _kin(keys, algorithm)
    signs = signer(keys, algorithm=algorithm, now=now)
    coming = [key for key in _left(kin, now) if not _began(key, now) and key is not signs]
    pending = [key for key in kin if key.signs_from is None and key.retired_at is None]
    return next(iter([*sorted(coming, key=_place), *pending]), None)


def signs_until(key: SigningKey, keys: Iterable[SigningKey]) -> int | None:
    """Return when another key takes over from `key`, as far as that is settled (Unix seconds)."""
    return _followed_at(key, _kin(keys, key.algorithm, key.issuer), math.inf)


def is_due(
    keys: Iterable[SigningKey], *, algorithm: Algorithm, schedule: KeySchedule, now: float
) -> bool:
    """Say whether a key of `algorithm` is to be made now, so that it is ready in time."""
    keys = list(keys)
    if waiting(keys, algorithm=algorithm, now=now) is not None:
        return False
    signs = signer(keys, algorithm=algorithm, now=now)
    if signs is None:
        return True
    return now >= (signs.signs_from or 0) + schedule.key_lifetime - schedule.lead


def over(keys: Sequence[SigningKey], *, now: float) -> list[SigningKey]:
    """Return the keys that will never sign again and still have their private part."""
    found = []
    for key in keys:
        followed_at = _followed_at(key, _kin(keys, key.algorithm, key.issuer), now)
        if key.sealed is not None and followed_at is not None and followed_at + SPREAD <= now:
            found.append(key)
    return found


def forgettable(
    keys: Sequence[SigningKey], schedule: KeySchedule, *, now: float
) -> list[SigningKey]:
    """Return the keys of which no token is taken any more, however long it was kept.

    A key of AWS KMS that was retired is never forgotten: it is still there and would come back.
    """
    found = []
    for key in keys:
        gone = phase(key, keys, schedule, now=now) is KeyPhase.GONE
        retired = key.retired_at is not None and key.retired_at + schedule.afterlife <= now
        if gone or (retired and key.kms_key is None):
            found.append(key)
    return found


def _signs_from(
    algorithm: Algorithm, keys: Sequence[SigningKey], schedule: KeySchedule, now: float
) -> int:
    if all(key.published_at is None for key in keys):
        return int(now)
    kin = _kin(keys, algorithm)
    withdrawn, left = [key for key in kin if _was_withdrawn_at_work(key)], _left(kin, now)
    # After every other: of two that take over at one instant, one would never sign. But what was
    # withdrawn by a clock that was ahead, at a time that has not come yet, is before nothing.
    before = [*(key for key in withdrawn if _began(key, now)), *left]
    after = max((key.signs_from or 0 for key in before), default=0) + 1
    is_urgent = not left and (bool(withdrawn) or any(map(_was_ahead, kin)))
    return max(int(now) if is_urgent else int(now) + schedule.lead, after)


def _kin(
    keys: Iterable[SigningKey], algorithm: Algorithm, issuer: str | None = None
) -> list[SigningKey]:
    return [k for k in keys if k.algorithm is algorithm and issuer in {None, k.issuer}]


def _place(key: SigningKey) -> tuple[int, str]:
    return key.signs_from or 0, key.kid


def _began(key: SigningKey, now: float) -> bool:
    return key.signs_from is not None and key.signs_from <= now


def _has_begun(kin: Iterable[SigningKey], now: float) -> bool:
    """Say whether there is, or was, a key that signed: then tokens by `kin` are being taken."""
    return any(
        _began(key, now) and (key.retired_at is None or _was_withdrawn_at_work(key)) for key in kin
    )


def _stands_in(
    key: SigningKey, kin: Iterable[SigningKey], keys: Iterable[SigningKey], now: float
) -> bool:
    """Say whether `key`, of `kin`, of all the issuer's `keys`, signs before its time comes.

    What signed was withdrawn; or nothing of the issuer has begun, so that nobody uses an older key
    set; or the clock was ahead when `key` was published. Nothing else could sign.
    """
    is_ahead = key.published_at is not None and key.published_at > now + SPREAD
    return is_ahead or _has_begun(kin, now) or not _has_begun(keys, now)


def _left(kin: Iterable[SigningKey], now: float) -> list[SigningKey]:
    """Return the published keys whose time to sign is not over, each with its private part.

    A clock that was set back finds keys before their time that have been wiped: they never sign.
    """
    kin = list(kin)
    return [
        key
        for key in kin
        if key.signs_from is not None
        and key.retired_at is None
        and (key.sealed is not None or key.kms_key is not None)
        and _followed_at(key, kin, now) is None
    ]


def _followed_at(key: SigningKey, kin: Iterable[SigningKey], now: float) -> int | None:
    """Return when the next key took over from `key`, None where none has by `now`."""
    if key.signs_from is None:
        return None
    later = [
        other.signs_from
        for other in kin
        if other.signs_from is not None
        and _began(other, now)
        and _place(other) > _place(key)
        # One that was retired before its time never took over.
        and (other.retired_at is None or _was_withdrawn_at_work(other))
    ]
    return min(later, default=None)


def _was_withdrawn_at_work(key: SigningKey) -> bool:
    return (
        key.retired_at is not None
        and key.signs_from is not None
        and key.retired_at >= key.signs_from
    )


def _was_ahead(key: SigningKey) -> bool:
    """Say whether `key` was published by a clock that was set back before it was retired."""
    return (
        key.retired_at is not None
        and key.published_at is not None
        and key.retired_at < key.published_at
    )
