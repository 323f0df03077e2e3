"""Denials, refusals and troubles of servers in MCP's words. It decides none of them."""

import logging
import traceback
from pathlib import Path
from typing import Final

from valetkey.broker.tool_call import UNKNOWN, DeniedCall
from valetkey.errors import ValetkeyError
from valetkey.gateway.errors import GatewayError
from valetkey.gateway.faults import DENIED, INTERNAL, INVALID_PARAMS, SERVER_FAILED, Fault
from valetkey.gateway.telling import Telling

log = logging.getLogger("valetkey.gateway")

NEEDS_PERSON: Final = "approval-needed"
_OF_THE_CALLER: Final = frozenset({UNKNOWN, "tool-arguments-invalid"})
"""A tool that is unknown, hidden or not for this caller is one and the same answer."""


def fault_of_denial(denied: DeniedCall, *, obstacle: str | None) -> Fault:
    """Return what a denied call is answered with; `obstacle` is the code that stood in the way."""
    if denied.code in _OF_THE_CALLER:
        number = INVALID_PARAMS
    else:
        number = SERVER_FAILED if denied.code == obstacle else DENIED
    data = {"approval": "needed"} if denied.code == NEEDS_PERSON else None
    return Fault(number, denied.code, denied.public, hint=denied.hint, data=data)


def fault_of(error: Exception, telling: Telling) -> Fault:
    """Turn whatever went wrong into what the caller may know; the log gets the kind and place.

    The log never gets an unforeseen error's own words: they could be somebody's arguments.
    """
    if isinstance(error, Fault):
        return error
    if isinstance(error, GatewayError):
        telling.tell("a server of tools did not do its part", error)
        return Fault(SERVER_FAILED, error.code, error.message, hint=error.hint)
    if isinstance(error, ValetkeyError):
        log.warning("a message was refused", extra={"code": error.code, "detail": error.detail})
        return Fault(INTERNAL, error.code, "valetkey can't serve this now; nothing was called")
    log.error(
        "a message failed for a reason nobody foresaw",
        extra={"type": type(error).__name__, "place": _place(error)},
    )
    return Fault(INTERNAL, "internal-error", "valetkey failed; nothing was called")


def _place(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "unknown"
