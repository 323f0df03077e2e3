"""What a message is refused with: a number of JSON-RPC, an HTTP status, a code of ours.

A policy's denial is no fault: it is a value (`broker.tool_call.DeniedCall`) that `verdicts` words.
"""

from collections.abc import Mapping
from typing import Final

from valetkey.gateway.errors import GatewayError
from valetkey.gateway.revisions import Revision
from valetkey.tools.definition import Json

PARSE: Final = -32700
INVALID_REQUEST: Final = -32600
METHOD_UNKNOWN: Final = -32601
INVALID_PARAMS: Final = -32602
INTERNAL: Final = -32603
HEADER_MISMATCH: Final = -32020
VERSION_UNKNOWN: Final = -32022
DENIED: Final = -31001
"""Ours: a policy says no. Outside the range that JSON-RPC and MCP keep for themselves."""
SERVER_FAILED: Final = -31002
"""Ours: the server did not do its part, or may not be asked now."""

_STATUSES: Final = {
    PARSE: 400,
    INVALID_REQUEST: 400,
    INVALID_PARAMS: 400,
    HEADER_MISMATCH: 400,
    -32021: 400,
    VERSION_UNKNOWN: 400,
    METHOD_UNKNOWN: 404,
}
"""What 2026-07-28 says over HTTP besides the error; all else is 200, as in 2025-11-25."""


class Fault(GatewayError):  # noqa: N818 - a GatewayError is one
    """A message that is not served. `status` None: what the revision says of `number`.

    `data` is what goes out besides `code` and `hint`.
    """

    def __init__(
        self,
        number: int,
        code: str,
        message: str,
        *,
        status: int | None = None,
        hint: str | None = None,
        data: Mapping[str, Json] | None = None,
    ) -> None:
        super().__init__(code, message, hint=hint)
        self.number = number
        self.status = status
        self.data = data


class NotServed(Exception):  # noqa: N818 - an answer, not an error
    """The run is over, or was never let in: nothing more is served, whatever was asked."""

    def __init__(self, code: str, public: str) -> None:
        super().__init__(code)
        self.code = code
        self.public = public


def status_of(number: int, revision: Revision) -> int:
    """Return the HTTP status of an answer that is this error."""
    return _STATUSES.get(number, 200) if revision is Revision.MODERN else 200


def bad_params(message: str, code: str = "params-invalid") -> Fault:
    """Return the fault of members that are not as the method wants them."""
    return Fault(INVALID_PARAMS, code, message)


def no_such_method(hint: str | None = None) -> Fault:
    """Return the fault of a method that is unknown here or closed, which look alike."""
    return Fault(METHOD_UNKNOWN, "method-unknown", "there is no such method here", hint=hint)
