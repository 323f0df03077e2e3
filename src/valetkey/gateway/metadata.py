"""Who may come in, said as OAuth says it: RFC 9728 metadata, and challenges per RFC 6750 §3."""

from typing import Final

import msgspec

ENDPOINT: Final = "/mcp"
WELL_KNOWN: Final = "/.well-known/oauth-protected-resource"
_TYPE_PREFIX: Final = "urn:valetkey:problem:"
_TITLES: Final = {
    400: "bad request",
    401: "not authenticated",
    403: "not permitted",
    404: "not found",
    405: "method not allowed",
    408: "too slow",
    413: "too large",
    429: "too many requests",
    500: "internal error",
    503: "not available",
}
HOW_TO_COME_IN: Final = (
    "start the agent by `valetkey run`, which adds tokens on its loopback, or send a gateway token"
    " in a fixed `Authorization` header; login by browser is not offered yet"
)
"""Many clients answer a 401 by opening a browser: whoever reads this knows why that fails."""


def metadata(resource: str, issuer: str) -> bytes:
    """Return the protected-resource metadata of the gateway, RFC 9728 §2.

    Every server's path has the same: one token is good for all that the run may use.
    """
    return msgspec.json.encode(
        {
            "resource": resource,
            "authorization_servers": [issuer],
            "bearer_methods_supported": ["header"],
            "resource_name": "valetkey tool gateway",
        }
    )


def challenge(public_url: str, path: str, *, error: str | None = None) -> bytes:
    """Return `WWW-Authenticate` for a request of `path`; `error` only where a token was shown."""
    where = f'resource_metadata="{public_url}{WELL_KNOWN}{path}"'
    shown = "" if error is None else f'error="{error}", '
    return f"Bearer {shown}{where}".encode("ascii")


def problem(status: int, code: str, detail: str, *, hint: str | None = None) -> bytes:
    """Return a problem document, RFC 9457: for what is refused before there is a message."""
    document: dict[str, object] = {
        "type": _TYPE_PREFIX + code,
        "title": _TITLES.get(status, "refused"),
        "status": status,
        "code": code,
        "detail": detail,
    }
    return msgspec.json.encode(document if hint is None else document | {"hint": hint})
