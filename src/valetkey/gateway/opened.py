"""What a server says of itself when a link is opened, read from its first answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar

import msgspec

from valetkey.gateway.incoming import malformed
from valetkey.gateway.link import Link
from valetkey.gateway.revisions import HANDSHAKES, META_SERVER_INFO, Revision
from valetkey.tools.definition import Json

T = TypeVar("T")
_UNNAMED: Final = b'{"name":"unnamed","version":""}'
MAX_INSTRUCTIONS: Final = 65_536
"""Characters; what is beyond is cut."""


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Opened:
    """A server as it introduced itself; `version` is the handshake's, of 2026-07-28 that one.

    Two introductions are never equal: after the second it may be another server.
    """

    version: str
    server_info: bytes
    capabilities: Mapping[str, Json]
    instructions: str | None


class OpenedLink(Link, Protocol):
    """A link that says which introduction it stands on."""

    @property
    def opened(self) -> Opened: ...


class _Initialized(msgspec.Struct, rename="camel"):
    protocol_version: str
    capabilities: dict[str, object]
    server_info: msgspec.Raw
    instructions: str | None = None


class _Discovered(msgspec.Struct, rename="camel"):
    supported_versions: list[str]
    capabilities: dict[str, object]
    instructions: str | None = None
    meta: dict[str, msgspec.Raw] | None = msgspec.field(name="_meta", default=None)


def read_initialized(result: bytes) -> Opened:
    """Read the result of `initialize`. Raises `server-answer-malformed`."""
    said = _decode(result, _Initialized)
    if said.protocol_version not in HANDSHAKES:
        raise malformed(f"a handshake of version `{said.protocol_version[:32]}`")
    return Opened(
        said.protocol_version,
        _object(said.server_info),
        said.capabilities,  # type: ignore[arg-type]  # msgspec read it from JSON
        _cut(said.instructions),
    )


def read_discovered(result: bytes) -> Opened | None:
    """Read the result of `server/discover`; None for a server without 2026-07-28."""
    said = _decode(result, _Discovered)
    if Revision.MODERN.value not in said.supported_versions:
        return None
    info = (said.meta or {}).get(META_SERVER_INFO)
    return Opened(
        Revision.MODERN.value,
        _UNNAMED if info is None else _object(info),
        said.capabilities,  # type: ignore[arg-type]
        _cut(said.instructions),
    )


def _decode(result: bytes, shape: type[T]) -> T:
    try:
        return msgspec.json.decode(result, type=shape)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise malformed(f"its introduction: {str(error)[:200]}") from None


def _object(raw: msgspec.Raw) -> bytes:
    text = bytes(raw)
    if not text.startswith(b"{"):
        raise malformed("its `serverInfo` is no object")
    return text


def _cut(text: str | None) -> str | None:
    return None if text is None else text[:MAX_INSTRUCTIONS]
