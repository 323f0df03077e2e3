"""The store's part that has signing keys, in memory, and keys whose private part is a letter."""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from valetkey.audit import Record
from valetkey.credentials import Algorithm, SigningKey


class KeyStore:
    """As `ports.Store` says of signing keys; it counts what is asked."""

    def __init__(self) -> None:
        self.rows: dict[str, SigningKey] = {}
        self.records: list[Record] = []
        self.reads = 0

    async def signing_keys(self) -> list[SigningKey]:
        self.reads += 1
        return list(self.rows.values())

    async def add_signing_keys(
        self, keys: Sequence[SigningKey], *, among: Iterable[str], records: Sequence[Record]
    ) -> bool:
        if set(self.rows) != set(among):
            return False
        self.rows.update({key.kid: key for key in keys})
        self.records += records
        return True

    async def publish_signing_keys(
        self, signs_from: Mapping[str, int], *, at: int, record: Record
    ) -> None:
        for kid, begins in signs_from.items():
            key = self.rows[kid]
            if key.published_at is None and key.retired_at is None:
                self.rows[kid] = replace(key, published_at=at, signs_from=begins)
        self.records.append(record)

    async def retire_signing_key(
        self, kid: str, *, at: int, record: Record, heirs: Mapping[str, int] | None = None
    ) -> bool:
        key = self.rows.get(kid)
        if key is None or key.retired_at is not None:
            return False
        self.rows[kid] = replace(key, retired_at=at, sealed=None)
        for heir, begins in (heirs or {}).items():
            self.rows[heir] = replace(self.rows[heir], signs_from=begins)
        self.records.append(record)
        return True

    async def tidy_signing_keys(self, *, wipe: Iterable[str], drop: Iterable[str]) -> None:
        for kid in wipe:
            self.rows[kid] = replace(self.rows[kid], sealed=None)
        for kid in drop:
            del self.rows[kid]


class NumberedKeys:
    """The maker's and the signer's port without cryptography: keys are named `k1`, `k2`, …."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)

    async def make(self, algorithm: Algorithm, *, issuer: str, now: float) -> SigningKey:
        kid = f"k{next(self._numbers)}"
        return SigningKey(kid, issuer, algorithm, {"kid": kid}, int(now), sealed=b"s")

    async def sign(self, key: SigningKey, signing_input: bytes) -> bytes:
        assert key.sealed is not None
        return key.kid.encode() + b" signed " + signing_input
