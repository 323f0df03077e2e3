"""Ask servers of tools what they have, for who pins it: no broker runs for that, and no run."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

from valetkey.errors import ValetkeyError
from valetkey.gateway.fetching import fetch_tools
from valetkey.gateway.trouble import LOG
from valetkey.secret import Secret
from valetkey.tools import ToolDefinition, ToolServer

Fetched: TypeAlias = tuple[ToolDefinition, ...] | ValetkeyError
"""The tools of a server, or why it did not tell them; `detail` is the operator's to see."""

_NAMELESS: Final = "the server of this tool"
"""How the gateway's sentences begin: its callers know tools."""


async def fetch_all(
    servers: Sequence[ToolServer], bearers: Mapping[str, Secret]
) -> dict[str, Fetched]:
    """Ask all at once; one that is dead keeps no other from answering."""
    answers = await asyncio.gather(
        *(_fetch(server, bearers.get(server.name)) for server in servers)
    )
    return {server.name: found for server, found in zip(servers, answers, strict=True)}


async def _fetch(server: ToolServer, bearer: Secret | None) -> Fetched:
    try:
        return await fetch_tools(server, bearer=bearer)
    except ValetkeyError as error:
        named = f"`{server.name}`" in error.message
        sentence = error.message.replace(_NAMELESS, "it", 1)
        sentence = sentence.removesuffix("; it may have acted")  # to tell its tools is no act
        message = sentence if named else f"server `{server.name}`: {sentence}"
        hint = None if error.hint is not None and LOG in error.hint else error.hint
        if error.code == "proof-needed":
            hint = f"`--bearer {server.name}=FILE`: a token that it takes; it goes there alone"
        return ValetkeyError(error.code, message, hint=hint, detail=error.detail)
    except Exception as error:  # noqa: BLE001 - the others still answer
        sentence = f"server `{server.name}`: valetkey itself failed ({type(error).__name__})"
        return ValetkeyError("internal-error", sentence)
