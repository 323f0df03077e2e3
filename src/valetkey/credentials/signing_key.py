"""valetkey's own signing keys: what one is, and what it may do at an instant.

A key is published before it signs and stays published after it has signed, so that nobody who
caches the key set meets a token whose key is not in it (OpenID Connect Core §10.1.1).
It holds no private key: `sealed` opens elsewhere, a key of AWS KMS never leaves it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

STS_LEEWAY = 300
"""Seconds for which STS takes a token after its `exp`."""
MAX_TOKEN_SECONDS = 3600
"""The longest life of a token that valetkey signs."""
SPREAD = 60
"""Seconds that two brokers' clocks and copies of the store may be apart."""
MAX_PUBLISHED = 8
"""Keys in the key set at most: AWS takes 100 of a kind, and a set that grows is a fault."""


class Algorithm(Enum):
    """How tokens are signed (RFC 7518 §3.1)."""

    ES256 = "ES256"
    RS256 = "RS256"


class KeyPhase(Enum):
    """What a key is for at an instant."""

    PENDING = "pending"  # made, not published yet: nobody can know it
    NEXT = "next"  # published, signs when every cache has it
    SIGNING = "signing"
    LAST = "last"  # signs no more, its tokens are still taken
    GONE = "gone"  # no token of it is taken any more: out of the key set
    RETIRED = "retired"  # withdrawn by a person: out of the key set at once


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One key pair of the issuer `issuer`. Instants are Unix seconds.

    `public` is the JWK as published (RFC 7517: `kid`, `kty`, `alg`, `use`, no `key_ops`). Either
    `sealed`, the private key as `sealing` gives it, or `kms_key`, the ARN of a key of AWS KMS.
    `signs_from` is None until the key is published; what signs is the newest that may
    (`key_phases`). `sealed` is wiped once the key's time to sign is over.
    """

    kid: str
    issuer: str
    algorithm: Algorithm
    public: Mapping[str, str]
    created_at: int
    published_at: int | None = None
    signs_from: int | None = None
    retired_at: int | None = None
    kms_key: str | None = None
    sealed: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class KeySchedule:
    """When keys follow each other, in seconds. `cache_time`: how long others keep the key set.

    `upload_time`: how long it takes from writing the documents out until the issuer's address
    answers with them, where that is not at once.
    """

    key_lifetime: int = 30 * 86_400
    cache_time: int = 3600
    upload_time: int = 0

    @property
    def lead(self) -> int:
        """Seconds from publishing a key until everybody has it: then it may sign."""
        return self.upload_time + self.cache_time + SPREAD

    @property
    def afterlife(self) -> int:
        """Seconds that a key stays published after the next one took over."""
        return MAX_TOKEN_SECONDS + STS_LEEWAY + self.cache_time + SPREAD
