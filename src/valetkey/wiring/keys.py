"""The issuer of the settings for a command: over the store, beside a running broker or without."""

import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import replace

import aiohttp

from valetkey.aws import AmbientAws, KmsSigner
from valetkey.broker.own_issuer import OwnIssuer
from valetkey.settings import Settings, SettingsError
from valetkey.settings.values import OwnIssuerSettings
from valetkey.store import SqliteStore
from valetkey.wiring.own_grants import account_name
from valetkey.wiring.own_issuer import build_issuer


def issuer_settings(settings: Settings) -> OwnIssuerSettings:
    """Return what the settings say of the issuer. Raises `issuer-none` where they say nothing."""
    if settings.issuer is None:
        raise SettingsError(
            "issuer-none",
            f"`{settings.path}` has no `[issuer]`: valetkey has no signing keys",
            hint="write `[issuer]` with its `url` and `key_encryption`",
        )
    return settings.issuer


def this_account() -> str:
    """Return who gives the command, as the audit log has it."""
    return f"account:{account_name()}"


@contextlib.asynccontextmanager
async def issuer_at(settings: Settings, *, kms_key: str | None = None) -> AsyncIterator[OwnIssuer]:
    """Have the issuer for the length of a block. No key is made by that.

    With `kms_key` the next key that is made is that of AWS KMS, whatever the settings name. Raises
    `issuer-none`, what the store raises, and an AwsError for an AWS profile that is not there.
    """
    chosen = issuer_settings(settings)
    if kms_key is not None:
        chosen = replace(chosen, kms_key=kms_key)
    async with contextlib.AsyncExitStack() as stack:
        store = await SqliteStore.open(settings.store)
        stack.push_async_callback(store.close)
        http = await stack.enter_async_context(
            aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        )
        ambient = AmbientAws(
            clock=time.time,
            profile=settings.aws.profile,
            region=settings.aws.region,
            endpoint_url=settings.aws.endpoint_url,
        )
        own = build_issuer(chosen, store, kms=KmsSigner(ambient, http))
        assert own is not None  # noqa: S101  # it is built from settings that are there
        yield own
