"""valetkey as an issuer, put together out of the settings. It makes no key by itself."""

import logging
import secrets
from collections.abc import Coroutine, Set
from dataclasses import replace
from typing import Any

from valetkey.aws import AwsError, KmsKeyMaker, KmsSigner
from valetkey.broker.key_proof import unable
from valetkey.broker.key_ring import KeyRing
from valetkey.broker.local_signer import LocalMaker, LocalSigner
from valetkey.broker.own_issuer import OwnIssuer
from valetkey.broker.ports import KeyMaker, Signer, Store
from valetkey.credentials import SigningKey
from valetkey.secret import Secret
from valetkey.settings import SettingsError
from valetkey.settings.values import OwnIssuerSettings, Publish, SubjectForm

log = logging.getLogger("valetkey")

UPLOAD_SECONDS = 900
"""From `valetkey keys publish` until the issuer's URL answers with what it wrote: the time that a
person has to copy the documents to their bucket."""


def build_issuer(
    settings: OwnIssuerSettings | None, store: Store, *, kms: KmsSigner
) -> OwnIssuer | None:
    """Return the issuer of the settings over the keys in `store`; None where there is none.

    `kms` is used only where the settings name a key of it.
    """
    if settings is None:
        return None
    signer, maker = _keys(settings, kms)
    is_static = settings.publish is Publish.STATIC
    ring = KeyRing(
        store,
        signer,
        maker=maker,
        issuer=settings.url,
        algorithms=settings.algorithms,
        schedule=replace(settings.schedule, upload_time=UPLOAD_SECONDS if is_static else 0),
        is_static=is_static,
        has_one_key=settings.kms_key is not None,
    )
    return OwnIssuer(
        url=settings.url,
        algorithm=settings.algorithms[0],
        qualified=settings.subject is SubjectForm.ISSUER_SUB,
        ring=ring,
    )


async def start_issuer(own: OwnIssuer | None, *, now: float) -> None:
    """See that what signs can, then have the keys that are due.

    Raises CredentialsError `signing-key-sealed` where the wrapping secret is not the one that they
    were sealed with, BrokerError `signing-secret-differs`, and what the store raises. An AWS KMS
    that does not answer is no reason not to start: it is asked again once a minute, and until then
    nothing is signed.
    """
    if own is None:
        return
    try:
        await own.ring.check(now=now)
        await own.ring.keep_up(now=now)
        await own.ring.check(now=now)
    except AwsError as error:
        log.warning(error.message, extra={"code": error.code, "hint": error.hint})


async def tell_of_waiting(own: OwnIssuer | None, *, now: float, told: Set[str]) -> set[str]:
    """Say in the log what would keep a key from signing when its time comes, unless it is `told`.

    The broker is as ready as it was: until then another one signs. Return what has been told.
    """
    found = [] if own is None else await unable(own.ring.signer, await own.ring.waiting(now=now))
    for error in found:
        if error.message not in told:
            fields = {"code": error.code, "detail": error.message, "hint": error.hint}
            log.warning("a key that is to sign later could not", extra=fields)
    return {error.message for error in found}


def _keys(settings: OwnIssuerSettings, kms: KmsSigner) -> tuple[Signer, KeyMaker]:
    if settings.kms_key is not None:
        return kms, KmsKeyMaker(kms, settings.kms_key)
    secret = settings.wrapping_secret
    if secret is None:
        raise SettingsError("config-invalid", "`[issuer]` needs `key_encryption` or `kms_key`")
    return _EachByItsKeeper(secret, kms), LocalMaker(secret, entropy=secrets.token_bytes)


class _EachByItsKeeper:
    """Signs by a key of AWS KMS, too: `valetkey keys rotate --kms-key` may have named one."""

    def __init__(self, secret: Secret, kms: KmsSigner) -> None:
        self._local = LocalSigner(secret)
        self._kms = kms

    def sign(self, key: SigningKey, signing_input: bytes) -> Coroutine[Any, Any, bytes]:
        signer = self._local if key.kms_key is None else self._kms
        return signer.sign(key, signing_input)
