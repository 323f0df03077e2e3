"""Who is not let in, told by OAuth (RFC 6750 §3) and by a sentence that a person can use."""

from typing import Any, Final

from valetkey.gateway.answers import send_whole
from valetkey.gateway.metadata import HOW_TO_COME_IN, challenge, problem

_PROBLEM: Final = (b"content-type", b"application/problem+json")
_NO_STORE: Final = (b"cache-control", b"no-store")
_NOT_BY_TOKEN: Final = frozenset({"policy-version-gone", "tools-not-configured", "facts-missing"})
"""No other token would help these: a challenge would make clients ask for one again and again."""


async def send_problem(
    send: Any,
    status: int,
    code: str,
    detail: str,
    *,
    hint: str | None = None,
    headers: tuple[tuple[bytes, bytes], ...] = (),
) -> None:
    """Send a problem document."""
    body = problem(status, code, detail, hint=hint)
    more = ((b"retry-after", b"2"),) if status in {429, 503} else ()
    await send_whole(send, status, body, (_PROBLEM, _NO_STORE, *more, *headers))


async def turn_away(
    send: Any,
    code: str,
    detail: str,
    *,
    at: tuple[str, str],
) -> None:
    """Send 401 with a challenge, or 403 where another token would change nothing.

    `at` is the public URL and the path that was asked. Without a token (`not-authenticated`) the
    challenge names no error.
    """
    if code in _NOT_BY_TOKEN:
        await send_problem(send, 403, code, detail)
        return
    error = None if code == "not-authenticated" else "invalid_token"
    header = (b"www-authenticate", challenge(*at, error=error))
    await send_problem(send, 401, code, detail, hint=HOW_TO_COME_IN, headers=(header,))
