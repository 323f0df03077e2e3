"""Tokens that valetkey never signs: each is as its own in everything, but lacks the tags claim.

They are signed with the broker's own key, as one who holds that key could. Nothing else makes one.
"""

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from valetkey.broker.local_signer import LocalSigner
from valetkey.credentials import SigningKey, parse_role_arn, web_identity_request
from valetkey.credentials.own_token import compact, header_text, signing_input
from valetkey.credentials.token_claims import (
    AWS_CLAIM,
    TOKEN_ID_BYTES,
    Json,
    new_token_id,
    sts_claims,
)
from valetkey.demo.processes import DemoError
from valetkey.settings import Settings, read_settings
from valetkey.store import SqliteStore

RUN = "r-of-nobody"


@dataclass(frozen=True, slots=True)
class Twins:
    """Two tokens for one role that differ in the tags claim alone: one has it, one does not."""

    role: str
    tagged: str
    untagged: str


def twins(config: Path, roles: Sequence[str], *, person: str, now: float) -> list[Twins]:
    """Return a person's tokens for STS, by the key that signs for the broker of `config`."""
    return asyncio.run(_twins(read_settings(config), roles, person=person, now=int(now)))


async def _twins(settings: Settings, roles: Sequence[str], *, person: str, now: int) -> list[Twins]:
    own = settings.issuer
    if own is None or own.wrapping_secret is None:
        raise DemoError("the second half's broker signs nothing")
    key, signer = await _key(settings.store), LocalSigner(own.wrapping_secret)

    async def signed(claims: dict[str, Json]) -> str:
        message = signing_input(header_text(key.algorithm.value, key.kid, "JWT"), claims)
        return compact(message, await signer.sign(key, message))

    made = []
    for role in roles:
        request = web_identity_request(
            replace(settings.grants[0], role=parse_role_arn(role)),
            issuer=own.url,
            run_id=RUN,
            tags={"user_id": person, "valetkey_run": RUN},
        )
        claims = sts_claims(
            request,
            run_id=RUN,
            actor_issuer=own.url,
            actor="demo",
            token_id=new_token_id(secrets.token_bytes(TOKEN_ID_BYTES)),
            now=now,
        )
        without = {name: said for name, said in claims.items() if name != AWS_CLAIM + "tags"}
        made.append(Twins(role, tagged=await signed(claims), untagged=await signed(without)))
    return made


async def _key(path: Path) -> SigningKey:
    store = await SqliteStore.open(path)
    try:
        keys = await store.signing_keys()
    finally:
        await store.close()
    if not keys:
        raise DemoError("the second half's broker has no signing key")
    return keys[-1]
