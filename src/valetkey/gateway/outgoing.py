"""Messages to servers, as text: the link's own ids, and what a revision wants to be told."""

from dataclasses import dataclass

import msgspec

from valetkey.gateway.incoming import members
from valetkey.gateway.link import ClientSide, MessageId
from valetkey.gateway.revisions import (
    META_CLIENT_CAPABILITIES,
    META_CLIENT_INFO,
    META_LOG_LEVEL,
    META_PROGRESS,
    META_VERSION,
    OF_ONE_HOP,
    Revision,
)


@dataclass(frozen=True, slots=True)
class Written:
    """A request's text, and the raw progress token that the caller gave, if any."""

    text: bytes
    progress: bytes | None


def write_request(
    method: str, params: bytes | None, *, ours: int, revision: Revision, client: ClientSide
) -> Written:
    """Return a request with the id `ours`, which is its progress token as well."""
    said = members(params)
    meta = members(bytes(said.pop("_meta", b"{}")))
    progress = meta.get(META_PROGRESS)
    kept = {name: value for name, value in meta.items() if name not in OF_ONE_HOP}
    if progress is not None:
        kept[META_PROGRESS] = _raw(ours)
    if revision is Revision.MODERN:
        kept[META_VERSION] = _raw(Revision.MODERN.value)
        kept[META_CLIENT_INFO] = msgspec.Raw(client.info)
        kept[META_CLIENT_CAPABILITIES] = msgspec.Raw(client.capabilities)
        level = meta.get(META_LOG_LEVEL)
        if client.log_level is not None:
            level = _raw(client.log_level)
        if level is not None:
            kept[META_LOG_LEVEL] = level
    if kept:
        said["_meta"] = msgspec.Raw(msgspec.json.encode(kept))
    message: dict[str, object] = {"jsonrpc": "2.0", "id": ours, "method": method}
    if said or params is not None:
        message["params"] = said
    return Written(msgspec.json.encode(message), None if progress is None else bytes(progress))


def write_notification(method: str, params: bytes | None) -> bytes:
    """Return a notification's text."""
    message: dict[str, object] = {"jsonrpc": "2.0", "method": method}
    if params is not None:
        message["params"] = msgspec.Raw(params)
    return msgspec.json.encode(message)


def write_answer(id_: MessageId, *, result: bytes | None, error: bytes | None) -> bytes:
    """Return the answer to a server's request; an empty result where neither is given."""
    message: dict[str, object] = {"jsonrpc": "2.0", "id": id_}
    if error is not None:
        message["error"] = msgspec.Raw(error)
    else:
        message["result"] = msgspec.Raw(result if result is not None else b"{}")
    return msgspec.json.encode(message)


def initialize_params(client: ClientSide) -> bytes:
    """Return what `initialize` says of the client, in the version that is asked for."""
    return msgspec.json.encode(
        {
            "protocolVersion": Revision.LEGACY.value,
            "capabilities": msgspec.Raw(client.capabilities),
            "clientInfo": msgspec.Raw(client.info),
        }
    )


def _raw(value: object) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(value))
