"""The revisions of MCP spoken here, and the names by which a message says which it is of."""

from enum import Enum
from typing import Final


class Revision(Enum):
    """A revision spoken here; its value is the protocol's own name of it."""

    LEGACY = "2025-11-25"  # begun by `initialize`; may have a session
    MODERN = "2026-07-28"  # each request stands alone and carries its version in `_meta`


SUPPORTED: Final = (Revision.MODERN.value, Revision.LEGACY.value)
"""What a `server/discover` and a refused version are told, the newest first."""

OLDER_HANDSHAKES: Final = frozenset({"2024-11-05", "2025-03-26", "2025-06-18"})
"""Versions of before: their `initialize` is answered with 2025-11-25, to take or leave."""

HANDSHAKES: Final = OLDER_HANDSHAKES | {Revision.LEGACY.value}
"""Versions that begin with `initialize`; a header of these routes the message to that side."""

META_VERSION: Final = "io.modelcontextprotocol/protocolVersion"
META_CLIENT_INFO: Final = "io.modelcontextprotocol/clientInfo"
META_CLIENT_CAPABILITIES: Final = "io.modelcontextprotocol/clientCapabilities"
META_LOG_LEVEL: Final = "io.modelcontextprotocol/logLevel"
META_SERVER_INFO: Final = "io.modelcontextprotocol/serverInfo"
META_SUBSCRIPTION: Final = "io.modelcontextprotocol/subscriptionId"
META_PROGRESS: Final = "progressToken"

OF_ONE_HOP: Final = frozenset(
    {
        META_VERSION,
        META_CLIENT_INFO,
        META_CLIENT_CAPABILITIES,
        META_LOG_LEVEL,
        META_SUBSCRIPTION,
        META_PROGRESS,
    }
)
"""Members of `_meta` that speak of one connection: written anew towards a server, never passed."""
