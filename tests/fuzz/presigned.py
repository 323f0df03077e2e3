"""Presigned URLs of calls on S3, whole ones and spoiled ones.

Standard: "Authenticating Requests: Using Query Parameters" and "Signature Version 4
Authentication Specific Policy Keys" (S3 API reference).
"""

from dataclasses import replace

from tests.fuzz.calls import Call, Context, Need, Presigned
from tests.fuzz.names import Tenant
from tests.fuzz.pick import Pick
from tests.fuzz.s3_reads import SIGNED, pick_key, pick_listing, pick_read
from tests.fuzz.s3_writes import pick_put
from tests.fuzz.urls import BUCKET_WIDE
from tests.fuzz.world import World

_METHODS = {"get_object", "head_object", "put_object", *BUCKET_WIDE}
_WEEK = 604_800
_AGES = (0, 0, 600, 7_200)  # seconds; conditions ask for one minute and one hour


def pick_presigned(pick: Pick, world: World, me: Tenant) -> Call:
    """Return a read, a listing or an upload by a presigned URL, at times a spoiled one."""
    maker = pick.one((pick_read, pick_read, pick_read, pick_listing, pick_put))
    call = maker(pick, world, me)
    while call.method not in _METHODS:
        call = maker(pick, world, me)
    signing = _signing(pick, world, me, call)
    hidden = None if call.hidden is None else _seen(call.hidden, signing)
    return replace(
        call, needs=tuple(_seen(one, signing) for one in call.needs), hidden=hidden,
        presigned=signing, puts=() if signing.spoil else call.puts,
    )  # fmt: skip


def _signing(pick: Pick, world: World, me: Tenant, call: Call) -> Presigned:
    if pick.chance(8):
        return Presigned(0, _WEEK, bare=True)
    if pick.chance(3):
        return _spoiled(pick, world, me, call)
    return Presigned(pick.one(_AGES), _WEEK)


def _seen(need: Need, signing: Presigned) -> Need:
    """Return the need with what conditions see of the signature: nothing, where there is none."""
    if signing.bare:
        kept = {name: value for name, value in need.context.items() if name not in SIGNED}
        return replace(need, context=kept)
    keys: Context = {
        "s3:authType": "REST-QUERY-STRING",
        "s3:signatureAge": str(signing.age * 1000),
        "s3:x-amz-content-sha256": "UNSIGNED-PAYLOAD",
    }
    return replace(need, context={**need.context, **keys})


def _spoiled(pick: Pick, world: World, me: Tenant, call: Call) -> Presigned:
    """Return how to spoil this call's URL: in a way that changes it for sure."""
    listing = call.method in BUCKET_WIDE
    spoils = ["late", "path", "verb", "header", "host", "life", "token", "key id", "signature"]
    spoil = pick.one([*spoils, "prefix" if listing else "version"])
    if spoil == "late":
        age, expires = pick.one(((600, 60), (7_200, 3_600), (-3_600, _WEEK)))
        return Presigned(age, expires, spoil)
    return Presigned(pick.one(_AGES), _WEEK, spoil, _into(pick, world, me, call, spoil=spoil))


def _into(pick: Pick, world: World, me: Tenant, call: Call, *, spoil: str) -> str:
    """Return what the spoiled place becomes: of another tenant where it can."""
    other = pick.one([one for one in world.tenants if one is not me])
    if spoil == "path":
        signed = call.arguments.get("Key")
        key = pick_key(pick, world, other, missing=False)
        return f"/{world.names.bucket}/{key if key != signed else f'{key}x'}"
    if spoil == "prefix":
        return f"{call.arguments.get('Prefix', '')}{other.user}"
    if spoil == "version":
        signed = call.arguments.get("VersionId")
        return pick.one(["none", *(known for _, known in world.versions if known != signed)])
    if spoil == "host":
        return "localhost"
    found = {"token": "SessionToken", "key id": "AccessKeyId"}.get(spoil)
    return "" if found is None else str(world.keys[other.number][found])
