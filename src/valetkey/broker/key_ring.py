"""The signing keys as the broker uses them: what signs now, what is published, what is due.

When a key is made, published and wiped is decided by `credentials.key_phases`. The store has the
keys and several brokers may share it: what one changes the others hear of within a second.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from valetkey.audit import KeyCreated, KeyRetired, KeysPublished
from valetkey.broker.key_copy import KeyCopy
from valetkey.broker.key_errors import (
    key_retired,
    key_unknown,
    keys_busy,
    no_key_signs,
    same_key_again,
    too_many_keys,
)
from valetkey.broker.key_proof import PROBE, check_secret
from valetkey.broker.ports import KeyMaker, Signer, Store
from valetkey.credentials import Algorithm, KeyPhase, KeySchedule, SigningKey
from valetkey.credentials.key_phases import (
    PUBLISHED,
    forgettable,
    heirs,
    is_due,
    over,
    published,
    waiting,
)

BY_SCHEDULE: Final = "schedule"
_ATTEMPTS: Final = 5


class KeyRing:
    """The keys of `issuer`, one that signs for each of `algorithms`. Instants are Unix seconds.

    `is_static`: a person's command writes the documents out, and a key counts as published only
    when `note_published` has said so. `has_one_key`: the maker gives the same key each time, as AWS
    KMS does, so that its age makes no other one due.
    """

    def __init__(
        self,
        store: Store,
        signer: Signer,
        *,
        maker: KeyMaker,
        issuer: str,
        algorithms: Sequence[Algorithm] = (Algorithm.ES256,),
        schedule: KeySchedule | None = None,
        is_static: bool = False,
        has_one_key: bool = False,
    ) -> None:
        self.store = store
        self.signer = signer
        self.issuer = issuer
        self.algorithms = tuple(algorithms)
        self.schedule = schedule or KeySchedule()
        self.is_static = is_static
        self._maker = maker
        self._has_one_key = has_one_key
        self._has_asked = False
        self._copy = KeyCopy(store, issuer, self.schedule)

    async def signing(self, algorithm: Algorithm, *, now: float) -> SigningKey:
        """Return the key that signs by `algorithm` at `now`.

        Raises BrokerError `signing-key-missing`, and what the store raises when it can't be read.
        """
        if not self._copy.is_fresh(now):
            await self._copy.freshen(now)
        key = self._copy.signing.get(algorithm)
        if key is None:
            raise no_key_signs(algorithm, is_static=self.is_static)
        return key

    async def sign(self, key: SigningKey, signing_input: bytes) -> bytes:
        """Return a JWS signature by `key`. Raises a ValetkeyError when there is none."""
        return await self.signer.sign(key, signing_input)

    async def keys(self, *, now: float) -> tuple[tuple[SigningKey, KeyPhase], ...]:
        """Return every key of the issuer with what it is for, in the order they were made."""
        await self._copy.freshen(now)
        return self._copy.phases(now)

    async def published(self, *, now: float) -> tuple[SigningKey, ...]:
        """Return the key set, in the order the keys were made.

        With static publishing also the keys that wait for it: what is to be written out.
        """
        shown = {*PUBLISHED, KeyPhase.PENDING} if self.is_static else PUBLISHED
        return tuple(key for key, what in await self.keys(now=now) if what in shown)

    async def check(self, *, now: float) -> None:
        """Raise what keeps a key that signs now from it, such as `signing-key-sealed`."""
        await self._copy.freshen(now)
        for key in self._copy.working():
            await self.signer.sign(key, PROBE)

    async def waiting(self, *, now: float) -> list[SigningKey]:
        """Return the keys that are to sign later."""
        await self._copy.freshen(now)
        return self._copy.waiting(now)

    async def prove(self, *, now: float) -> None:
        """Raise BrokerError `signing-secret-differs` unless a key made here opens elsewhere."""
        waiting = await self.waiting(now=now)
        if not self._has_one_key:
            await check_secret(self.signer, signing=self._copy.working(), waiting=waiting)

    async def keep_up(self, *, now: float) -> None:
        """Make and publish what is due, wipe and forget what is over.

        For every start of a broker and once a minute. A key that has no room in the key set is not
        made: the one before goes on signing. Raises what the store and the maker raise.
        """
        await self._copy.reread(now)
        await self._publish_what_waits(now)
        for _ in range(_ATTEMPTS):
            due = await self._make_due(now)
            if not due or await self._add(due, by=BY_SCHEDULE, now=now):
                break
        await self._tidy(now)

    async def rotate(
        self, *, now: float, by: str, algorithm: Algorithm | None = None
    ) -> SigningKey:
        """Have another key take over from the one that signs; return it. Nothing is interrupted.

        One that waits already is returned as it is. `algorithm` None: the issuer's own. Raises
        BrokerError `signing-keys-too-many`, `signing-key-of-kms`, `signing-keys-busy`, and what
        `prove` raises.
        """
        wanted = algorithm or self.algorithms[0]
        for _ in range(_ATTEMPTS):
            await self._copy.reread(now)
            await self.prove(now=now)
            ready = waiting(self._copy.own, algorithm=wanted, now=now)
            if ready is not None:
                return ready
            made = await self._maker.make(wanted, issuer=self.issuer, now=now)
            if self._copy.knows(made.kid):
                raise same_key_again(made.kid)
            if not self._copy.has_room(1, now):
                raise too_many_keys()
            if await self._add([made], by=by, now=now):
                return next(key for key in self._copy.own if key.kid == made.kid)
        raise keys_busy()

    async def retire(
        self, kid: str, *, now: float, by: str, because: str, makes_next: bool = True
    ) -> None:
        """Withdraw a key for good: no key set has it and a second later no broker signs with it.

        If it was the one that signed the next one signs at once, made if there is none, unless not
        `makes_next`. Raises BrokerError `signing-key-unknown` for one that can't be retired.
        """
        record = KeyRetired(at=int(now * 1000), key_id=kid, by=by, because=because)
        await self._copy.reread(now)
        own = self._copy.own
        key = next((each for each in own if each.kid == kid), None)
        if key is not None and key.retired_at is not None:
            raise key_retired(kid, key.retired_at)
        if key is None or not await self.store.retire_signing_key(
            kid, at=int(now), record=record, heirs=heirs(kid, own, now=now)
        ):
            raise key_unknown(kid)
        await (self.keep_up(now=now) if makes_next else self._copy.reread(now))

    async def note_published(
        self, *, now: float, by: str, keys: Iterable[SigningKey] | None = None
    ) -> None:
        """Note that the documents were written out with `keys` in them; None: all of `published`.

        Those that waited for it sign when every cache has them, a first one at once.
        """
        written = tuple(await self.published(now=now) if keys is None else keys)
        begins = {
            key.kid: key.signs_from
            for key in published(written, among=self._copy.own, schedule=self.schedule, now=now)
            if key.signs_from is not None
        }
        names = tuple(key.kid for key in written)
        await self.store.publish_signing_keys(
            begins,
            at=int(now),
            record=KeysPublished(at=int(now * 1000), key_ids=names, by=by),
        )
        await self._copy.reread(now)

    async def _publish_what_waits(self, now: float) -> None:
        """Publish what was made while the documents were written out by a command."""
        if self.is_static:
            return
        phases = await self.keys(now=now)
        if any(what is KeyPhase.PENDING for _, what in phases):
            shown = [key for key, what in phases if what in PUBLISHED or what is KeyPhase.PENDING]
            await self.note_published(now=now, by=BY_SCHEDULE, keys=shown)

    async def _make_due(self, now: float) -> list[SigningKey]:
        """Return the keys that are due and have room. They are in no store yet."""
        made: list[SigningKey] = []
        for algorithm in self.algorithms:
            if self._is_due(algorithm, now) and self._copy.has_room(len(made) + 1, now):
                await self.prove(now=now)
                key = await self._maker.make(algorithm, issuer=self.issuer, now=now)
                if not self._copy.knows(key.kid):
                    made.append(key)
        self._has_asked = True
        return made

    def _is_due(self, algorithm: Algorithm, now: float) -> bool:
        if self._has_one_key:
            # Once a start: the configuration may name another key now.
            return not self._has_asked or self._copy.signing.get(algorithm) is None
        return is_due(self._copy.own, algorithm=algorithm, schedule=self.schedule, now=now)

    async def _add(self, made: Sequence[SigningKey], *, by: str, now: float) -> bool:
        """Put keys into the store; False, with a new copy, where others were faster."""
        if not self.is_static:
            made = published(made, among=self._copy.own, schedule=self.schedule, now=now)
        records = [_created(key, by=by, now=now) for key in made]
        among = [key.kid for key in self._copy.stored]
        added = await self.store.add_signing_keys(made, among=among, records=records)
        await self._copy.reread(now)
        return added

    async def _tidy(self, now: float) -> None:
        own = self._copy.own
        wipe = [key.kid for key in over(own, now=now)]
        drop = [key.kid for key in forgettable(own, self.schedule, now=now)]
        if wipe or drop:
            await self.store.tidy_signing_keys(wipe=wipe, drop=drop)
            await self._copy.reread(now)


def _created(key: SigningKey, *, by: str, now: float) -> KeyCreated:
    return KeyCreated(
        at=int(now * 1000),
        key_id=key.kid,
        algorithm=key.algorithm.value,
        by=by,
        signs_from=key.signs_from,
        kms_key=key.kms_key,
    )
