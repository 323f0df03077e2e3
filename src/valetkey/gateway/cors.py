"""What pages of the configured origins may read (WHATWG Fetch, CORS protocol). Others nothing."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from valetkey.gateway.answers import send_whole

Send = Callable[[dict[str, Any]], Awaitable[None]]
_ALLOWED: Final = (
    (b"access-control-allow-methods", b"GET, POST, DELETE"),
    (b"access-control-allow-headers", b"authorization, *"),  # the star does not cover the first
    (b"access-control-max-age", b"600"),
)
_SHOWN: Final = (b"access-control-expose-headers", b"mcp-session-id, www-authenticate")


def shown_to(send: Any, origin: bytes) -> Send:
    """Return a `send` whose answers pages of `origin` may read."""

    async def sending(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            allowed = (b"access-control-allow-origin", origin)
            headers = [*message["headers"], allowed, _SHOWN, (b"vary", b"origin")]
            message = {**message, "headers": headers}
        await send(message)

    return sending


async def preflight(send: Any) -> None:
    """Answer what a browser asks before a page's request."""
    await send_whole(send, 204, b"", _ALLOWED)
