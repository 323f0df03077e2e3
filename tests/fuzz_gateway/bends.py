"""What chance does to a request that was good: one place, member, header or way of it at a time."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from random import Random
from typing import Any

from tests.fuzz_gateway.oddities import PATHS, TEXTS, VALUES

MODERN, LEGACY = "2026-07-28", "2025-11-25"
MARK = "fuzz-mark-7d1c"
"""Stands in headers of each request; no server may ever see it."""
OTHERS = (
    "tools/list",
    "prompts/list",
    "resources/list",
    "resources/templates/list",
    "server/discover",
    "ping",
    "completion/complete",
    "logging/setLevel",
    "resources/subscribe",
    "subscriptions/listen",
    "notifications/cancelled",
    "notifications/initialized",
    "tasks/get",
    "sampling/createMessage",
    "rpc.discover",
)


@dataclass(slots=True)
class Draft:
    """A request that is still values. `token` names one of the campaign's."""

    path: str
    message: Any
    headers: dict[str, str]
    token: str = "good"
    http: str = "POST"


def _bend_value(pick: Random, draft: Draft) -> None:
    """Put something odd at one place of the message."""
    places = list(_places(draft.message))
    if places:
        container, key = pick.choice(places)
        container[key] = deepcopy(pick.choice(VALUES))


def _bend_member(pick: Random, draft: Draft) -> None:
    """Add a member somewhere, or take one away."""
    objects = [each for each in _containers(draft.message) if isinstance(each, dict)]
    if not objects:
        return
    found = pick.choice(objects)
    if found and pick.random() < 0.5:
        del found[pick.choice(list(found))]
    else:
        found[pick.choice(TEXTS)] = deepcopy(pick.choice(VALUES))


def _bend_shape(pick: Random, draft: Draft) -> None:
    """Make a batch, a response, a notification or no object of it."""
    message = draft.message
    if not isinstance(message, dict):
        return
    rest = {name: value for name, value in message.items() if name != "id"}
    result = {"jsonrpc": "2.0", "id": 1, "result": {"content": []}}
    error = {"jsonrpc": "2.0", "id": 1, "error": {"code": -1, "message": MARK}}
    draft.message = pick.choice(([message], [message, message], rest, result, error, "x", 1, None))


def _bend_method(pick: Random, draft: Draft) -> None:
    """Name another method, in the message, in the header or in both."""
    other = pick.choice((*OTHERS, "tools/call", "TOOLS/CALL", "tools/call ", "tools\u002fcall"))
    if isinstance(draft.message, dict) and pick.random() < 0.7:
        draft.message["method"] = other
    if pick.random() < 0.5:
        draft.headers["mcp-method"] = other


def _bend_head(pick: Random, draft: Draft) -> None:
    """Leave a header out, or say another thing in it than the body."""
    name = pick.choice(list(draft.headers))
    if pick.random() < 0.4:
        del draft.headers[name]
    else:
        draft.headers[name] = pick.choice(
            (MODERN, LEGACY, "2024-11-05", "2099-01-01", "modern___note", "legacy___refund", *TEXTS)
        )


def _bend_token(pick: Random, draft: Draft) -> None:
    draft.token = pick.choice(("none", "garbage", "run", "other", "expired", "over", "twisted"))


def _bend_path(pick: Random, draft: Draft) -> None:
    draft.path = pick.choice(PATHS)


def _bend_http(pick: Random, draft: Draft) -> None:
    draft.http = pick.choice(("GET", "DELETE", "PUT", "OPTIONS", "HEAD", "POST"))


def bend_text(pick: Random, draft: Draft) -> None:
    """Marks a bend of the bytes, which whoever spells it makes."""


def bend_headers(pick: Random, draft: Draft) -> None:
    """Marks one more header, perhaps a second of its name, which whoever spells it adds."""


BENDS: tuple[Callable[[Random, Draft], None], ...] = (
    *(_bend_value,) * 4,
    *(_bend_member,) * 3,
    *(_bend_head,) * 3,
    *(bend_text,) * 3,
    bend_headers,
    _bend_shape,
    _bend_method,
    _bend_token,
    _bend_path,
    _bend_http,
)


def _containers(value: Any) -> list[Any]:
    if not isinstance(value, dict | list):
        return []
    inner = value.values() if isinstance(value, dict) else value
    return [value, *(found for each in inner for found in _containers(each))]


def _places(value: Any) -> list[tuple[Any, Any]]:
    return [
        (found, key)
        for found in _containers(value)
        for key in (list(found) if isinstance(found, dict) else range(len(found)))
    ]
