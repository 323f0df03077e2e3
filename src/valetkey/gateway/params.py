"""Members of `params`, taken one by one: what is not known is refused, and goes nowhere."""

from collections.abc import Iterable, Mapping
from typing import Final

from valetkey.gateway.faults import bad_params
from valetkey.gateway.limits import MAX_ID, MAX_TRACE
from valetkey.gateway.revisions import META_PROGRESS
from valetkey.tools import Json
from valetkey.tools.exact_json import canonical

META: Final = "_meta"
INPUT: Final = "inputResponses"
STATE: Final = "requestState"
_TRACE: Final = ("traceparent", "tracestate", "baggage")
"""W3C Trace Context and Baggage: besides progress, all of `_meta` that a server gets. Anything else
there could tell it what no policy saw."""


def only(params: Mapping[str, Json], known: Iterable[str]) -> None:
    """Refuse members besides `known` and `_meta`. Raises Fault `params-unknown`."""
    for name in params.keys() - {*known, META}:
        shown = name if name.isidentifier() and len(name) <= 64 else "one"
        raise bad_params(f"`params` has a member that is not known here: `{shown}`", _UNKNOWN)


def text(params: Mapping[str, Json], name: str, *, most: int) -> str:
    """Return a member that is text of 1 to `most` characters. Raises Fault `params-invalid`."""
    value = params.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= most:
        raise bad_params(f"`{name}` is not text of 1 to {most} characters")
    return value


def member(params: Mapping[str, Json], name: str) -> dict[str, Json]:
    """Return a member that is an object, {} where it is absent. Raises Fault `params-invalid`."""
    value = params.get(name, {})
    if not isinstance(value, dict):
        raise bad_params(f"`{name}` is not an object")
    return value


def meta(params: Mapping[str, Json]) -> dict[str, Json]:
    """Return what of `_meta` a server may have. Raises Fault `params-invalid`."""
    given = member(params, META)
    kept: dict[str, Json] = {}
    progress = given.get(META_PROGRESS)
    if type(progress) is int or (type(progress) is str and len(progress) <= MAX_ID):
        kept[META_PROGRESS] = progress
    elif progress is not None:
        raise bad_params(f"`{META_PROGRESS}` is not an integer or text of up to {MAX_ID}")
    for name in _TRACE:
        value = given.get(name)
        if isinstance(value, str) and len(value) <= MAX_TRACE:
            kept[name] = value
    return kept


def asked_again(params: Mapping[str, Json]) -> dict[str, Json]:
    """Return what a client adds when a server asked it something first (2026-07-28, MRTR)."""
    kept: dict[str, Json] = {}
    if INPUT in params:
        kept[INPUT] = member(params, INPUT)
    if STATE in params:
        state = params[STATE]
        if not isinstance(state, str):
            raise bad_params(f"`{STATE}` is not text")
        kept[STATE] = state
    return kept


def write(members: Mapping[str, Json]) -> bytes:
    """Return params as they go to a server. Raises ToolsError for what is no exact JSON."""
    return canonical(dict(members))


_UNKNOWN: Final = "params-unknown"
