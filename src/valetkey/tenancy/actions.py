"""Actions that a map may name for every run: none that reaches its data, or gives other powers."""

import re
from collections.abc import Iterable

from valetkey.tenancy.catalog import KIND_OF_SERVICE, MODEL_ACTIONS, Reach, known_action
from valetkey.tenancy.errors import TenancyError

_ACTION = re.compile(r"[a-z0-9-]+:[A-Za-z0-9]+", re.ASCII)
_POWERS = frozenset({"iam", "sts", "organizations"})
# Services that stand before the data of a mapped one and pass on what it has.
_BEFORE = frozenset({"dax", "s3-object-lambda"})
_TELLING = ("Describe", "Get", "List")


def check_actions(place: str, names: Iterable[str]) -> None:
    """Raise `tenancy-actions` unless each is the name of one action that reaches nobody's data.

    Of the services that a map has tables for, only what tells about a resource may be named: the
    tables say what may be done to data.
    """
    for name in names:
        if not _ACTION.fullmatch(name):
            raise _wrong(place, name, "is not the full name of an action: no wildcard stands here")
        service = name.partition(":")[0]
        if service in _POWERS:
            raise _wrong(place, name, "says who may do what: no run may")
        if service in _BEFORE or name.lower() in _MODELS or _is_of_data(name, service):
            raise _wrong(
                place,
                name,
                "reaches data, or changes what it is kept in",
                hint="write `access`, an owner's table, or `models`",
            )


_MODELS = frozenset(name.lower() for name in MODEL_ACTIONS)


def _is_of_data(name: str, service: str) -> bool:
    known = known_action(name)
    if service not in KIND_OF_SERVICE:
        return known is not None and known.writes
    return known is None or known.reach is Reach.DATA or may_write(name)


def may_write(name: str) -> bool:
    """Tell whether the action may change something: what AWS names otherwise only tells."""
    return not name.partition(":")[2].startswith(_TELLING)


def _wrong(place: str, name: str, what: str, *, hint: str | None = None) -> TenancyError:
    return TenancyError("tenancy-actions", f"`{place}`: `{name}` {what}", hint=hint)
