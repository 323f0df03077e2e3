"""A tool as its server describes it, and as it is pinned: the whole of it, by digest."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from valetkey.tools.server import public_name

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"


@dataclass(frozen=True, slots=True)
class ToolDefinition:
    """A `Tool` of MCP, whole: `document` has its `name`, its `inputSchema` and all else it said."""

    server: str
    name: str
    document: Mapping[str, Json]

    @property
    def public_name(self) -> str:
        """Its name at the whole gateway: `server___tool`."""
        return public_name(self.server, self.name)

    @property
    def digest(self) -> str:
        """SHA-256 of the definition, hexadecimal: any change of a word of it changes this."""
        text = json.dumps(self.document, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return hashlib.sha256(text.encode()).hexdigest()
