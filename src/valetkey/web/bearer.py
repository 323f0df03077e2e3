"""The bearer token of a request. An empty one is no token, never an open door."""

from collections.abc import Iterable

from valetkey.secret import Secret
from valetkey.web.documents import RequestError

MAX_AUTHORIZATION = 16_384
_SCHEME = b"bearer "


def bearer_token(headers: Iterable[tuple[bytes, bytes]], *, raw: bool = False) -> Secret:
    """Return the token of the one `Authorization` header (RFC 6750 section 2.1).

    `raw` also takes the token alone, as the container-credentials contract sends it. Raises
    `RequestError("not-authenticated")` when there is none, an empty one or more than one.
    """
    found = [value for name, value in headers if name == b"authorization"]
    if len(found) == 1 and 0 < len(found[0]) <= MAX_AUTHORIZATION:
        value = found[0]
        token: bytes | None = value if raw else None
        if value[: len(_SCHEME)].lower() == _SCHEME:
            token = value[len(_SCHEME) :].strip(b" ")
        if token and token.isascii():
            return Secret(token.decode("ascii"))
    raise RequestError(
        "not-authenticated",
        "the request needs one bearer token",
        hint="send `Authorization: Bearer TOKEN`",
    )
