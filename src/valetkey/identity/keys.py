"""An issuer's public keys, each pinned to the algorithms it may be used with. It fetches nothing.

joserfc does the arithmetic; which key and which algorithm meet is decided here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from valetkey.identity.base64url import decode_base64url
from valetkey.identity.errors import KeySetError
from valetkey.identity.issuer import ALGORITHMS
from valetkey.identity.strictjson import JsonValue, StrictJsonError, parse_object

MAX_DOCUMENT = 262_144  # bytes; 200 RSA keys with certificates stay below
MAX_KEYS_OF_A_TYPE = 100  # as AWS; SPIRE #4699 grew a key at each restart until it was refused
MIN_RSA_BITS = 2048  # RFC 7518 §3.3
MAX_RSA_BITS = 8192  # a check costs about the square of it
MIN_RSA_EXPONENT, MAX_RSA_EXPONENT = 2**16, 2**32  # FIPS 186-5 §A.1.1 below; cost above

_PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_CURVE_OF = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}
# RFC 8032 §5.1: the field, and what y is for the 8 points whose signatures need no private key
_FIELD_25519 = 2**255 - 19
_Y_OF_ORDER_8 = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
_SMALL_ORDER = frozenset(
    {0, 1, _FIELD_25519 - 1, _Y_OF_ORDER_8, _FIELD_25519 - _Y_OF_ORDER_8},
)
_COORDINATE_BYTES = {"P-256": 32, "P-384": 48, "P-521": 66, "Ed25519": 32}  # RFC 7518 §6.2.1.2

PublicKey: TypeAlias = RSAKey | ECKey | OKPKey


@dataclass(frozen=True, slots=True)
class VerificationKey:
    """A public key that may check signatures of `algorithms` and of nothing else."""

    kid: str | None
    algorithms: tuple[str, ...]
    _key: PublicKey = field(repr=False)

    def verifies(self, alg: str, *, signing_input: bytes, signature: bytes) -> bool:
        """Say whether `signature` is this key's over `signing_input`, made with `alg`."""
        if alg not in self.algorithms:
            return False
        name = "Ed25519" if alg == "EdDSA" else alg  # one curve is pinned: RFC 9864 names it
        try:
            model = JWSRegistry(algorithms=[name]).get_alg(name)
            model.check_key(self._key)
            return model.verify(signing_input, signature, self._key) is True
        except (JoseError, ValueError, TypeError):
            return False


@dataclass(frozen=True, slots=True)
class IgnoredKey:
    """A published key that is not used, and the kebab-case reason."""

    kid: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class KeySet:
    """The usable keys of one published JWK Set, and what was left out of it and why."""

    keys: tuple[VerificationKey, ...]
    ignored: tuple[IgnoredKey, ...] = ()

    @classmethod
    def from_jwks(cls, document: bytes, algorithms: Sequence[str]) -> "KeySet":
        """Return the keys of a JWK Set (RFC 7517 §5) that `algorithms` can use.

        Left out with a reason: symmetric, private, encryption, weak, malformed keys and those of
        no given algorithm. Raises KeySetError `keys-too-large`, `keys-malformed`, `keys-too-many`
        or, if two usable keys share a `kid`, `keys-duplicate-kid`.
        """
        usable: list[VerificationKey] = []
        ignored: list[IgnoredKey] = []
        for members in _published(document):
            read = _read_key(members, algorithms)
            if isinstance(read, IgnoredKey):
                ignored.append(read)
            else:
                usable.append(read)
        named = [key.kid for key in usable if key.kid is not None]
        if len(set(named)) != len(named):
            raise KeySetError("keys-duplicate-kid", "two keys of the set share a `kid`")
        return cls(tuple(usable), tuple(ignored))

    def find(self, kid: str | None) -> VerificationKey | None:
        """Return the key that `kid` names; without a `kid`, the only key of the set."""
        if kid is None:
            return self.keys[0] if len(self.keys) == 1 else None
        return next((key for key in self.keys if key.kid == kid), None)

    def knows(self, kid: str) -> bool:
        """Say whether the set published `kid` at all, usable or not."""
        return kid in [key.kid for key in self.keys] + [key.kid for key in self.ignored]


def _published(document: bytes) -> tuple[Mapping[str, JsonValue], ...]:
    if len(document) > MAX_DOCUMENT:
        raise KeySetError("keys-too-large", f"the key set is larger than {MAX_DOCUMENT} bytes")
    try:
        listed = parse_object(document).get("keys")
    except StrictJsonError as error:
        raise KeySetError("keys-malformed", "the key set is not strict JSON") from error
    if not isinstance(listed, tuple):
        raise KeySetError("keys-malformed", "the key set has no list `keys`")
    keys = tuple(entry for entry in listed if isinstance(entry, Mapping))
    if len(keys) != len(listed):
        raise KeySetError("keys-malformed", "an entry of the key set is not an object")
    types = [key.get("kty") for key in keys]
    if any(types.count(kty) > MAX_KEYS_OF_A_TYPE for kty in ("RSA", "EC", "OKP", "oct")):
        raise KeySetError(
            "keys-too-many", f"the key set has more than {MAX_KEYS_OF_A_TYPE} keys of a type"
        )
    return keys


def _read_key(
    members: Mapping[str, JsonValue], algorithms: Sequence[str]
) -> VerificationKey | IgnoredKey:
    kid = members.get("kid")
    if kid is not None and (not isinstance(kid, str) or not kid):
        return IgnoredKey(None, "malformed")
    reason = _why_not(members)
    if reason is not None:
        return IgnoredKey(kid, reason)
    pinned = tuple(alg for alg in ALGORITHMS if alg in algorithms and _fits(alg, members))
    if not pinned:
        return IgnoredKey(kid, "no-accepted-algorithm")
    key = _import(members)
    if isinstance(key, str):
        return IgnoredKey(kid, key)
    return VerificationKey(kid, pinned, key)


def _why_not(members: Mapping[str, JsonValue]) -> str | None:
    if members.get("kty") == "oct":
        return "symmetric"
    if members.get("kty") not in ("RSA", "EC", "OKP"):
        return "unknown-type"
    if members.get("use", "sig") != "sig":
        return "not-for-signatures"
    operations = members.get("key_ops", ("verify",))
    if not isinstance(operations, tuple) or "verify" not in operations:
        return "not-for-signatures"
    if _PRIVATE_MEMBERS & members.keys():
        return "private"  # who can read the set can sign with it
    return None


def _fits(alg: str, members: Mapping[str, JsonValue]) -> bool:
    """Say whether a key's `alg`, `kty` and `crv` allow `alg` (RFC 7517 §4.4, RFC 7518 §3.1)."""
    if members.get("alg", alg) != alg:
        return False
    if alg.startswith("ES"):
        return members.get("kty") == "EC" and members.get("crv") == _CURVE_OF[alg]
    if alg.startswith("Ed"):
        return members.get("kty") == "OKP" and members.get("crv") == "Ed25519"
    return members.get("kty") == "RSA"


def _import(members: Mapping[str, JsonValue]) -> PublicKey | str:
    """Return the key, or why it is not used.

    joserfc is given the public members alone: `alg` and `use` are judged here, not there.
    """
    kty = members["kty"]
    names = ("n", "e") if kty == "RSA" else ("x", "y") if kty == "EC" else ("x",)
    public = {name: value for name in names if isinstance(value := members.get(name), str)}
    try:
        numbers = {name: decode_base64url(value) for name, value in public.items()}
        if len(public) != len(names):
            return "malformed"
        if kty == "RSA":
            return _weakness(numbers) or RSAKey.import_key({"kty": "RSA", **public})
        crv = str(members["crv"])
        if any(len(value) != _COORDINATE_BYTES[crv] for value in numbers.values()):
            return "malformed"
        if kty == "EC":
            return ECKey.import_key({"kty": "EC", "crv": crv, **public})
        return _smallness(numbers) or OKPKey.import_key({"kty": "OKP", "crv": crv, **public})
    except (JoseError, ValueError, TypeError):
        return "malformed"


def _weakness(numbers: Mapping[str, bytes]) -> str | None:
    modulus, exponent = (int.from_bytes(numbers[name], "big") for name in ("n", "e"))
    if not MIN_RSA_BITS <= modulus.bit_length() <= MAX_RSA_BITS:
        return "key-size"
    if not MIN_RSA_EXPONENT < exponent < MAX_RSA_EXPONENT:
        return "exponent"
    return None


def _smallness(numbers: Mapping[str, bytes]) -> str | None:
    y = int.from_bytes(numbers["x"], "little") & (2**255 - 1)  # the last bit is the sign of x
    if y >= _FIELD_25519:
        return "malformed"
    return "small-order" if y in _SMALL_ORDER else None
