"""The witness of two runs that own one key: one of them asks for it, and is allowed."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product

from valetkey.iam import RequestError, evaluate
from valetkey.iam.glob import units
from valetkey.isolation.answer import Witness
from valetkey.isolation.callers import role_session
from valetkey.isolation.concrete import is_let_in, shown, spelled, tags_of
from valetkey.isolation.encoding import Ask, request_of
from valetkey.isolation.formula import (
    Assignment,
    Formula,
    holds,
)
from valetkey.isolation.keys import Fixed, KeyModel
from valetkey.isolation.owners import OPENED, text_of
from valetkey.isolation.problem import CompiledRole, Problem
from valetkey.isolation.regions import Region
from valetkey.isolation.session import TagState, tag_symbol
from valetkey.isolation.sessions import ASKER, OWNER, Session, session_of
from valetkey.tenancy import OwnedText, Right, rights_of
from valetkey.tenancy.bounds import bounds_of

MARKS = "/-_.:=+@ "
"""What a tag may have in it, and texts put between tags."""


def full_session(problem: Problem, role: CompiledRole, prefix: str) -> Session:
    """Return a session of the role with all tags of the map."""
    full = dict.fromkeys(problem.tenancy.tags, TagState.FULL)
    return session_of(problem, role, full, prefix=prefix)


@dataclass(frozen=True, slots=True, eq=False)
class Overlap:
    """What makes a witness of two runs that own one key: one asks for it, and is allowed."""

    problem: Problem
    formula: Formula
    first: Region
    second: Region

    def __call__(self, given: Assignment) -> Witness | None:
        """Return the witness; None where no policy allows such a request."""
        for tried in (*self._plainer(given), given):
            if not holds(self.formula, tried):
                continue
            ways = [
                (tried, self.first, self.second),
                (_swapped(tried), self.second, self.first),
            ]
            # What is shared belongs to nobody: who has it by that is the one that asks.
            ways = [way for way in ways if not way[2].shared]
            for (solution, own, other), role in product(ways, self.problem.roles):
                witness = self._by(role, solution, own, other)
                if witness is not None:
                    return witness
        return None

    def _plainer(self, given: Assignment) -> Iterator[Assignment]:
        """Yield runs that a person thinks of: `a` and `a/b`, `a` + `b-c` and `a-b` + `c`."""
        tags = tuple(dict.fromkeys((*self.first.tags, *self.second.tags)))
        for mark in MARKS:
            texts = dict(given.texts)
            for index, key in enumerate(tags):
                one, other = ("a", f"a{mark}b") if index == 0 else (f"b{mark}c", "c")
                texts[tag_symbol(key, ASKER).name] = one
                texts[tag_symbol(key, OWNER).name] = other
            yield Assignment(texts, given.flags)

    def _by(
        self, role: CompiledRole, given: Assignment, own: Region, other: Region
    ) -> Witness | None:
        asking = full_session(self.problem, role, ASKER)
        owning = full_session(self.problem, role, OWNER)
        lets = any(
            is_let_in(full_session(self.problem, one, OWNER), given) for one in self.problem.roles
        )
        if not (lets and holds(asking.drawn, given) and is_let_in(asking, given)):
            return None
        asker, owner = tags_of(asking, given), tags_of(owning, given)
        resource = _in_both(own.resource, other.resource, asker, owner, own.open, other.open)
        for right in rights_of(self.problem.tenancy):
            if (right.resource, right.open, right.key) != (own.resource, own.open, own.key):
                continue
            keys = self._keys(right, other, asker, owner)
            witness = self._asked(asking, right.action, resource, keys=keys, given=given)
            if witness is not None:
                mapped = {key: owner[key] for key in self.problem.tenancy.tags}
                belongs = f"which belongs to {shown(mapped)}{'' if own.shared else ' too'}"
                why = f"{witness.why}, {belongs}"
                entries = self._at_fault(own, other, asker, owner)
                return replace(witness, runs=(asker, owner), why=why, entries=entries)
        return None

    def _at_fault(
        self, own: Region, other: Region, asker: dict[str, str], owner: dict[str, str]
    ) -> tuple[str, ...]:
        """Return the entries where the map gives one thing to two: no bound of it keeps out a tag
        of these runs, so the trust policy that it needs would let both in.
        """
        for tag, letters in bounds_of(self.problem.tenancy).items():
            if any(letter in run.get(tag, "") for run in (asker, owner) for letter in letters):
                return ()
        return tuple(dict.fromkeys((other.place, own.place)))

    def _keys(
        self, right: Right, other: Region, asker: dict[str, str], owner: dict[str, str]
    ) -> dict[str, KeyModel]:
        keys: dict[str, KeyModel] = {"aws:securetransport": Fixed("true")}
        key = right.key
        if key is not None:
            same = other.key is not None and other.key.name == key.name
            text, is_open = (
                (other.key.text, other.key.open) if same and other.key else (key.text, key.open)
            )
            tags = owner if same else asker
            value = _in_both(key.text, text, asker, tags, key.open, is_open)
            keys[key.name.lower()] = Fixed((value,) if key.many else value)
        return keys

    def _asked(
        self,
        session: Session,
        action: str,
        resource: str,
        *,
        keys: dict[str, KeyModel],
        given: Assignment,
    ) -> Witness | None:
        """Return that the session is allowed it; who else owns it is still to be said."""
        written = (units(resource),)
        for place in self.problem.places(action):
            if not holds(place.inside(written), given):
                continue
            policies = self.problem.policies_of(session.role, place)
            caller = role_session(session.role.policies.arn)
            models = {**session.keys, **keys}
            ask = Ask(caller, action, written, models, policies, place.account, ASKER)
            try:
                request = request_of(ask, Assignment(given.texts, {}))
            except RequestError:
                return None
            decision = evaluate(request, policies)
            if not decision.allowed:
                return None
            mapped = {key: tags_of(session, given)[key] for key in self.problem.tenancy.tags}
            return Witness(
                principal=request.principal.name,
                runs=(),
                action=action,
                resource=request.resource,
                context=spelled(request),
                expected="deny",
                got="allow",
                why=f"run {shown(mapped)} is allowed {action} on {request.resource}",
                role=session.role.policies.arn,
                resource_account=request.resource_account,
                statements=decision.determining,
            )
        return None


def _in_both(
    one: OwnedText,
    other: OwnedText,
    asker: dict[str, str],
    owner: dict[str, str],
    *opened: bool,
) -> str:
    """Return a text that is of both, which do meet."""
    first, second = text_of(one, asker), text_of(other, owner)
    longer = first if len(first) >= len(second) else second
    return longer + (OPENED if all(opened) else "")


def _swapped(given: Assignment) -> Assignment:
    """Return the same two runs, the one that owned asking."""

    def name(written: str) -> str:
        for one, other in ((ASKER, OWNER), (OWNER, ASKER)):
            if written.startswith(one):
                return other + written.removeprefix(one)
        return written

    return Assignment(
        {name(key): value for key, value in given.texts.items()},
        {name(key): value for key, value in given.flags.items()},
    )
