"""Can the keys that are there sign? Each is asked to sign something that is no token."""

from collections.abc import Iterable, Sequence
from typing import Final

from valetkey.broker.key_errors import secret_differs
from valetkey.broker.ports import Signer
from valetkey.credentials import SigningKey
from valetkey.errors import ValetkeyError

PROBE: Final = b"valetkey: can this key sign?"
"""No token: a signing input has a dot (RFC 7515 §5.1)."""
_SEALED: Final = "signing-key-sealed"


async def unable(signer: Signer, keys: Iterable[SigningKey]) -> list[ValetkeyError]:
    """Return what keeps each of `keys` from signing; empty where all can."""
    found = []
    for key in keys:
        try:
            await signer.sign(key, PROBE)
        except ValetkeyError as error:
            found.append(error)
    return found


async def opens(signer: Signer, key: SigningKey) -> bool:
    """Say whether the secret that `signer` has is the one that `key` is sealed under."""
    if key.sealed is None:
        return False
    return all(error.code != _SEALED for error in await unable(signer, [key]))


async def check_secret(
    signer: Signer, *, signing: Sequence[SigningKey], waiting: Sequence[SigningKey]
) -> None:
    """See that a key which is made now would open where the ones that are there do.

    Every one that signs opens; where none does, one of those that wait. Where there is none at all,
    nothing is against it. Raises BrokerError `signing-secret-differs`.
    """
    signing = [key for key in signing if key.sealed is not None]
    for key in signing:
        if not await opens(signer, key):
            raise secret_differs(key.kid)
    waiting = [key for key in waiting if key.sealed is not None]
    if waiting and not signing and not any([await opens(signer, key) for key in waiting]):
        raise secret_differs(waiting[0].kid)
