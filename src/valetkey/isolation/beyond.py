"""Which actions a statement allows beyond the map's finite list, one of each kind.

Two actions are of one kind where the same statements cover them and they are checked alike: the
evaluator answers both alike. What AWS may add tomorrow is asked about as an action that nobody
knows.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from valetkey.iam import Policies, Policy
from valetkey.iam.glob import STAR, Wild, from_units
from valetkey.iam.policy import Statement
from valetkey.isolation.automaton import START, Glob, machine, shortest
from valetkey.tenancy.catalog import CATALOG, known_action

AN_ACTION: Glob = (Wild.ONE, STAR, ":", Wild.ONE, STAR)
SHOWN = 3
"""Known actions that a person sees of a wildcard."""
_KNOWN = [one.name.lower() for one in sorted(CATALOG, key=lambda one: bool(one.given_by))]
NEW = "newaction"
"""What a person reads as an action that AWS has not made yet."""


@dataclass(frozen=True, slots=True, eq=False)
class Bearing:
    """What bears on every action of a session: all denies, and the levels that must allow too.
    `elsewhere` are the statements of resource policies, which bear at their places alone.
    """

    denies: tuple[Statement, ...]
    levels: tuple[tuple[Statement, ...], ...]
    elsewhere: tuple[Statement, ...] = ()

    @property
    def everywhere_alike(self) -> bool:
        """Whether an action that no Deny covers stands for all those that none always denies."""
        return not self.levels and not self.elsewhere and all(map(_is_always, self.denies))

    def kind(self, action: str) -> tuple[object, ...]:
        """Return what the evaluator's answer about the action (in lower case) depends on."""
        every = (*self.denies, *(one for level in self.levels for one in level), *self.elsewhere)
        known = known_action(action)
        covering = tuple(one for one in every if one.covers_action(action))
        return covering, known and (known.key, known.shapes)


@dataclass(frozen=True, slots=True)
class Beyond:
    """Actions beyond the list. Unless they are `complete`, that none of these is allowed does not
    say that no other is.
    """

    actions: tuple[str, ...]
    complete: bool = True


def bearing_of(policies: Policies, resources: Iterable[Policy] = ()) -> Bearing:
    """Return what bears by these policies, and by those of resources at their places."""
    levels = (
        *policies.service_control,
        *policies.resource_control,
        *(() if policies.boundary is None else ((policies.boundary,),)),
    )
    each = (
        *policies.identity,
        *(() if policies.resource is None else (policies.resource,)),
        *(policy for level in levels for policy in level),
    )
    return Bearing(
        tuple(one for policy in each for one in policy.statements if not one.allow),
        tuple(
            tuple(one for policy in level for one in policy.statements if one.allow)
            for level in levels
        ),
        tuple(one for policy in resources for one in policy.statements),
    )


def beyond(statement: Statement, listed: frozenset[str], bearing: Bearing) -> Beyond:
    """Return actions that the Allow covers and the list (in lower case) does not have: those it
    names, known ones that its wildcards cover, and one that nobody knows.

    The known ones are one of each kind; where there is one that nobody knows, which may carry and
    reach whatever they do, only a few to be seen.
    """
    named: list[str] = []
    if not statement.not_action:
        named = [
            _called(one.constant, one.written)
            for one in statement.actions
            if one.constant is not None and one.constant not in listed
        ]
    if not is_wild(statement):
        return Beyond(tuple(dict.fromkeys(named)))
    covered = [one for one in _KNOWN if statement.covers_action(one) and one not in listed]
    new = new_action(statement, listed, bearing)
    kinds: dict[object, str] = {}
    for name in covered:
        if new is None or len(kinds) < SHOWN:
            kinds.setdefault(bearing.kind(name), _called(name, name))
    found = [*named, *kinds.values(), *([] if new is None else [new])]
    return Beyond(tuple(dict.fromkeys(found)), new is None or bearing.everywhere_alike)


def is_wild(statement: Statement) -> bool:
    """Tell whether the statement covers actions that it does not name."""
    return statement.not_action or any(one.constant is None for one in statement.actions)


def new_action(statement: Statement, listed: frozenset[str], bearing: Bearing) -> str | None:
    """Return an action, in lower case, that the statement covers and nobody knows: one that no
    Deny covers where there is one, else one that no Deny takes always; None if all are denied.

    Raises IsolationError `patterns-too-large`.
    """
    always = [one for one in bearing.denies if _is_always(one)]
    for denies in (bearing.denies, always):
        for name in _guesses(statement):
            if _is_new(name, statement, listed, denies, levels=bearing.levels):
                return name
        found = _searched(statement, listed, denies, levels=bearing.levels)
        if found is not None:
            return found
    return None


def _guesses(statement: Statement) -> Iterator[str]:
    """Yield names that a person reads as new."""
    if statement.not_action:
        yield f"newservice:{NEW}"
    for action in statement.actions:
        if statement.not_action or action.constant is not None:
            continue
        parts = (one if isinstance(one, str) else "x" for one in _glob(action.pieces))
        name = "".join(NEW if part == "x" else part for part in parts)
        yield name if ":" in name else f"newservice:{name}"


def _is_new(
    name: str,
    statement: Statement,
    listed: frozenset[str],
    denies: Sequence[Statement],
    *,
    levels: Iterable[Sequence[Statement]],
) -> bool:
    return (
        statement.covers_action(name)
        and name not in listed
        and known_action(name) is None
        and not any(one.covers_action(name) for one in denies)
        and all(any(one.covers_action(name) for one in level) for level in levels)
    )


def _searched(
    statement: Statement,
    listed: frozenset[str],
    denies: Sequence[Statement],
    *,
    levels: Iterable[Sequence[Statement]],
) -> str | None:
    """Return the shortest such name, found by running the patterns of all statements at once."""
    near = [(name,) for name in sorted(listed) if statement.covers_action(name)]
    groups = [statement, *denies, *(one for level in levels for one in level)]
    globs = [[_glob(action.pieces) for action in one.actions] for one in groups]
    machines = [machine(AN_ACTION), *map(machine, near)]
    slices: list[tuple[int, int, bool]] = []
    for one, patterns in zip(groups, globs, strict=True):
        slices.append((len(machines), len(machines) + len(patterns), one.not_action))
        machines += map(machine, patterns)
    sizes = [len(level) for level in levels]

    def accepts(states: Sequence[int]) -> bool:
        matched = [one.accepts(live) for one, live in zip(machines, states, strict=True)]
        if not matched[0] or any(matched[1 : 1 + len(near)]):
            return False
        covers = [any(matched[start:end]) != flipped for start, end, flipped in slices]
        if not covers[0] or any(covers[1 : 1 + len(denies)]):
            return False
        rest = covers[1 + len(denies) :]
        for size in sizes:
            if not any(rest[:size]):
                return False
            rest = rest[size:]
        return True

    found = shortest(machines, [START] * len(machines), accepts)
    return None if found is None else from_units(found)


def _is_always(deny: Statement) -> bool:
    """Tell whether the Deny takes everything that it covers."""
    everything = any(one.written == "*" for one in deny.resources or ())
    return not deny.conditions and not deny.not_resource and everything and deny.principal is None


def _glob(pieces: Iterable[object]) -> Glob:
    return tuple(one for one in pieces if isinstance(one, str | Wild))


def _called(name: str, written: str) -> str:
    """Return the action as AWS spells it, or else as the policy does."""
    known = known_action(name)
    return written if known is None else known.name
