"""Edits of what a role may do, the smallest first: each is tried, none is trusted."""

import re
from collections.abc import Iterator

from valetkey.isolation.answer import Witness
from valetkey.isolation.editing import (
    Edit,
    Json,
    Spot,
    called,
    conditioned,
    listed,
    permission_spots,
    resource_spots,
    without_condition,
)
from valetkey.isolation.map_statements import conditions_of, covers, rights_within
from valetkey.tenancy import PolicySet, TenancyMap, known_action, rights_of
from valetkey.tenancy.generating_permissions import allowing
from valetkey.tenancy.statements import one_or_many

_OPEN_TAG = re.compile(r"(\$\{aws:PrincipalTag/[^}]*\})(?=\*|$)", re.IGNORECASE)
_DEFAULT = re.compile(r"(\$\{aws:PrincipalTag/[^},]*),\s*'[^']*'\}", re.IGNORECASE)
_FOR_ALL = "forallvalues:"


def permission_edits(tenancy: TenancyMap, policies: PolicySet, witness: Witness) -> Iterator[Edit]:
    """Yield edits of the statements on which the witness rests; if none is named, of the role's."""
    if witness.expected == "allow":
        yield from _more(tenancy, policies, witness)
    for spot in permission_spots(policies, witness.role):
        for at, statement in enumerate(spot.statements()):
            if not _bears(spot, at, statement, witness):
                continue
            if statement.get("Effect") == "Allow" and witness.expected == "deny":
                yield from _less(spot, at, statement, witness, tenancy=tenancy)
                yield from _by_the_map(spot, at, statement, tenancy)
            elif statement.get("Effect") == "Deny" and witness.expected == "allow":
                yield Edit(_said(spot, at, statement, "remove it"), spot.changed(at))
        yield from _denied(spot, tenancy, witness)
    for spot in resource_spots(policies):
        for at, statement in enumerate(spot.statements()):
            if witness.statements and _bears(spot, at, statement, witness):
                yield from _less(spot, at, statement, witness, tenancy=tenancy)


def _bears(spot: Spot, at: int, statement: Json, witness: Witness) -> bool:
    """Tell whether the witness rests on the statement or, where it names none, may do so."""
    if witness.statements:
        return any(one.policy == spot.name and one.statement == at for one in witness.statements)
    named = listed(statement.get("Action"))
    return not named or any(covers(one.lower(), witness.action.lower()) for one in named)


def _less(
    spot: Spot, at: int, statement: Json, witness: Witness, *, tenancy: TenancyMap
) -> Iterator[Edit]:
    """Yield the statement with less in it, the smallest edit first."""
    if statement.get("Effect") == "Allow":
        yield from _texts(spot, at, statement)
        yield from _without_actions(spot, at, statement, witness, never=_given(tenancy))
        yield from _conditions(spot, at, statement)
        yield from _fewer(spot, at, statement, witness)


def _texts(spot: Spot, at: int, statement: Json) -> Iterator[Edit]:
    """Yield a `/` after each variable that anything may follow, and no default value."""
    for words, pattern, written in (
        ("a `/` after the variable", _OPEN_TAG, r"\1/"),
        ("no default value in the variable", _DEFAULT, r"\1}"),
    ):
        changed = dict(statement)
        for name in {"Resource", "Condition"} & set(statement):
            changed[name] = _rewritten(statement[name], pattern, written, name)
        if changed != statement:
            yield Edit(_said(spot, at, statement, words), spot.changed(at, changed))


def _rewritten(value: object, pattern: re.Pattern[str], written: str, key: str) -> object:
    """Return the value with the pattern replaced in the texts that name a path."""
    if isinstance(value, dict):
        return {name: _rewritten(one, pattern, written, name) for name, one in value.items()}
    if isinstance(value, list):
        return [_rewritten(one, pattern, written, key) for one in value]
    path = key.lower() in ("resource", "s3:prefix") or pattern is _DEFAULT
    return pattern.sub(written, value) if path and isinstance(value, str) else value


def _conditions(spot: Spot, at: int, statement: Json) -> Iterator[Edit]:
    """Yield a Null guard beside each ForAllValues, and one that sees absence for one that not."""
    for operator, keys in statement.get("Condition", {}).items():
        for key, value in keys.items():
            if operator.lower().startswith(_FOR_ALL):
                guarded = conditioned(statement, "Null", key, ["false"])
                if guarded != statement:
                    words = f"a Null guard for `{key}`"
                    yield Edit(_said(spot, at, statement, words), spot.changed(at, guarded))
            if operator.lower() == "stringnotequals" and listed(value) == [""]:
                bare = without_condition(statement, operator, key)
                words = f"`Null` in place of `{operator}` for `{key}`"
                guarded = conditioned(bare, "Null", key, ["false"])
                yield Edit(_said(spot, at, statement, words), spot.changed(at, guarded))


def _fewer(spot: Spot, at: int, statement: Json, witness: Witness) -> Iterator[Edit]:
    """Yield the statement without the resource or the action that is too much, then without it."""
    resources = listed(statement.get("Resource"))
    for one in resources if len(resources) > 1 else ():
        if witness.resource.startswith(_head(one)):
            left = one_or_many([each for each in resources if each != one])
            changed = {**statement, "Resource": left}
            yield Edit(_said(spot, at, statement, f"without `{one}`"), spot.changed(at, changed))
    yield from _without_actions(spot, at, statement, witness)
    if len(spot.statements()) > 1:
        yield Edit(_said(spot, at, statement, "remove it"), spot.changed(at))


def _without_actions(
    spot: Spot,
    at: int,
    statement: Json,
    witness: Witness,
    *,
    never: frozenset[str] = frozenset(),
) -> Iterator[Edit]:
    """Yield the statement without the action that the witness is of, unless it is one of those
    that are `never` taken away.
    """
    actions = listed(statement.get("Action"))
    for one in actions if len(actions) > 1 else ():
        if covers(one.lower(), witness.action.lower()) and one.lower() not in never:
            left = one_or_many([each for each in actions if each != one])
            changed = {**statement, "Action": left}
            yield Edit(_said(spot, at, statement, f"without `{one}`"), spot.changed(at, changed))


def _given(tenancy: TenancyMap) -> frozenset[str]:
    """Return the actions that the map gives, in lower case."""
    return frozenset(right.action.lower() for right in rights_of(tenancy))


def _head(resource: str) -> str:
    """Return what stands before the first wildcard or variable."""
    return re.split(r"[*?]|\$\{", resource, maxsplit=1)[0]


def _by_the_map(spot: Spot, at: int, statement: Json, tenancy: TenancyMap) -> Iterator[Edit]:
    """Yield the statement with what the map gives of it: its actions, its conditions, all of it."""
    actions, resources = listed(statement.get("Action")), listed(statement.get("Resource"))
    given = list(rights_within(tenancy, actions, resources))
    exact = list(dict.fromkeys(one.action for one in given))
    if exact and exact != actions:
        changed = {**statement, "Action": one_or_many(exact)}
        yield Edit(_said(spot, at, statement, "the map's actions alone"), spot.changed(at, changed))
    blocks = conditions_of(given)
    if len(blocks) == 1 and (block := blocks[0]):
        changed = statement
        for operator, keys in block.items():
            for key, value in keys.items():
                changed = conditioned(changed, operator, key, listed(value))
        words = (
            f"`{'`, `'.join(sorted({key for keys in block.values() for key in keys}))}` asked for"
        )
        yield Edit(_said(spot, at, statement, words), spot.changed(at, changed))
    if given:
        words = "what the map gives, in its place"
        yield Edit(_said(spot, at, statement, words), spot.changed(at, *allowing(given)))


def _more(tenancy: TenancyMap, policies: PolicySet, witness: Witness) -> Iterator[Edit]:
    """Yield what the map gives of the action that a run lacks, then of the same access."""
    rights = rights_of(tenancy)
    lacking = [one for one in rights if one.action == witness.action]
    alike = [
        one
        for one in rights
        if any(one.entry is each.entry and one.access is each.access for each in lacking)
    ]
    for spot in permission_spots(policies, witness.role):
        for given, what in ((lacking, f"`{witness.action}`"), (alike, "the same access")):
            grown = spot.statements()
            for one in allowing(given):
                _grow(grown, one)
            words = f"{spot.name}: add what the map gives of {what}"
            yield Edit(words, spot.with_statements(grown))


def _grow(statements: list[Json], given: Json) -> None:
    """Add the actions to the statement that is about the same, or else the statement itself."""
    for at, one in enumerate(statements):
        same = all(
            listed(one.get(name)) == listed(given.get(name)) for name in ("Resource", "Effect")
        )
        if same and one.get("Condition", {}) == given.get("Condition", {}):
            named = dict.fromkeys([*listed(one.get("Action")), *listed(given["Action"])])
            statements[at] = {**one, "Action": one_or_many(list(named))}
            return
    statements.append(given)


def _denied(spot: Spot, tenancy: TenancyMap, witness: Witness) -> Iterator[Edit]:
    """Yield a Deny of the write that reaches something protected."""
    known = known_action(witness.action)
    for protected in tenancy.protected:
        if witness.expected == "deny" and known and covers(protected.arn, witness.resource):
            deny = {"Effect": "Deny", "Action": known.name, "Resource": protected.arn}
            words = f"{spot.name}: deny `{known.name}` on `{protected.arn}`"
            yield Edit(words, spot.with_statements([*spot.statements(), deny]))


def _said(spot: Spot, at: int, statement: Json, words: str) -> str:
    return f"{spot.name}, {called(statement, at)}: {words}"
