"""Make of a solution a request that a person sees through, confirmed by the evaluator.

A solver's request is right and often odd: so requests for what another run owns are tried first,
each of which must be a solution of the same formula.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, product

from valetkey.iam import Policies, Request, RequestError, evaluate
from valetkey.iam.glob import units
from valetkey.isolation.answer import Witness
from valetkey.isolation.bounds import RUN_BEGINNING
from valetkey.isolation.callers import STRANGER
from valetkey.isolation.concrete import (
    is_let_in_as,
    let_in,
    shown,
    spelled,
    tags_of,
    whole_run,
)
from valetkey.isolation.deciding import decide
from valetkey.isolation.encoding import Ask, request_of
from valetkey.isolation.formula import TRUE, Assignment, Formula, Symbol, Text, all_of, holds
from valetkey.isolation.keys import Many, One
from valetkey.isolation.owners import OPENED, RunTags, owners, strangers, text_of
from valetkey.isolation.places import FOREIGN
from valetkey.isolation.places_of_data import REST
from valetkey.isolation.regions import Region, of_service
from valetkey.isolation.session import tag_symbol
from valetkey.isolation.sessions import Session
from valetkey.isolation.solution import Satisfiable
from valetkey.tenancy import RUN_TAG

TAG, LETTERS = ".tag.", "abcdefgh"
DIGITS = "0123456789"
MOST_TRIED = 12
"""Solutions that are tried until one shows whose data it reaches."""

MOST_PARTS = 6
"""Ends of a solution's text that are tried: an odd one is shown as it is."""


@dataclass(frozen=True, slots=True, eq=False)
class Witnessed:
    """What makes a witness of a solution of `formula`: that `session` is allowed what `ask` says.

    `policies` are all that bear. With `let_in`, trust must let the session in. `example` is a
    plain text for what is open of the resource, which is better a `likely` one.
    """

    formula: Formula
    session: Session
    ask: Ask
    policies: Policies
    regions: Sequence[Region]
    let_in: bool = True
    example: str = ""
    likely: Formula = TRUE

    def __call__(self, given: Assignment) -> Witness | None:
        """Return the witness; None where the evaluator confirms none."""
        given = self._likelier(given)
        bases = (*self._with_plain_tags(given), given)
        tried = [one for base in bases for one in self._sharper(base)]
        tried += [one for base in bases for one in (*self._plainer(base), base)]
        solutions = (one for one in tried if holds(self.formula, one))
        found = (one for one in map(self._confirmed, islice(solutions, MOST_TRIED)) if one)
        first = next(found, None) or self._confirmed(given)
        return next((one for one in found if len(one.runs) > 1), first) if _alone(first) else first

    def _likelier(self, given: Assignment) -> Assignment:
        """Return a solution of a kind that a person knows, the same where there is none."""
        if not holds(self.likely, given):
            plain = tuple(tag_symbol(key, self.session.prefix) for key in self.session.tags)
            found = decide(all_of([self.formula, self.likely]), plain=plain)
            given = found.assignment if isinstance(found, Satisfiable) else given
        return _of_an_account(self.formula, given)

    def _confirmed(self, given: Assignment) -> Witness | None:
        session = self.session
        values = let_in(session, given) if self.let_in else given
        if values is None:
            return None
        given = values
        try:
            request = request_of(self.ask, given)
        except RequestError:
            return None
        decision = evaluate(request, self.policies)
        if not decision.allowed:
            return None
        asker = tags_of(session, given)
        owner = self._owner(request, asker, given)
        return Witness(
            principal=request.principal.name,
            runs=(asker,) if owner is None else (asker, owner),
            action=request.action,
            resource=request.resource,
            context=spelled(request),
            expected="deny",
            got="allow",
            why=_why(request, self._own(asker), owner and self._own(owner)),
            role=session.role.policies.arn,
            resource_account=request.resource_account,
            statements=decision.determining,
        )

    def _owner(self, request: Request, asker: RunTags, given: Assignment) -> dict[str, str] | None:
        """Return the tags of a run that owns what is reached: one that trust lets in, if any."""
        regions = tuple(of_service(request.action, self.regions))
        found = [tags for _, tags in owners(regions, asker, request.resource, request.keys)]
        for tags in found:
            whole = whole_run(self.session, tags, asker)
            if is_let_in_as(self.session, whole, given):
                return whole
        return None if self.let_in or not found else whole_run(self.session, found[0], asker)

    def _own(self, tags: RunTags) -> dict[str, str]:
        mapped = self.session.problem.tenancy.tags
        return {key: tags[key] for key in mapped if key in tags}

    def _sharper(self, given: Assignment) -> Iterator[Assignment]:
        """Yield requests for what others own, as near to the solution as can be."""
        asker = tags_of(self.session, given)
        for region in of_service(self.ask.action, self.regions):
            if region.shared or not region.tags:
                continue
            others = [dict.fromkeys(region.tags, value) for value in asker.values() if value]
            candidates = (*strangers(region, asker), *others)
            for tags, tail in product(candidates, _tails(region, given)):
                resource = units(text_of(region.resource, tags)) + tail
                texts = _assigned(self.ask.resource, resource)
                for keys in () if texts is None else self._keys(region, tags, given):
                    yield Assignment({**given.texts, **(texts or {}), **keys}, given.flags)

    def _keys(self, region: Region, tags: RunTags, given: Assignment) -> Iterator[dict[str, str]]:
        """Yield values of the region's key with the owner's: in all that are there, or in one."""
        there: list[Text] = []
        if region.key is not None:
            model = self.ask.keys.get(region.key.name.lower())
            if isinstance(model, One) and holds(model.present, given):
                there.append(model.text)
            elif isinstance(model, Many):
                there += (one.text for one in model.members if holds(one.present, given))
        if region.key is None or not there:
            yield {}
            return
        value = units(text_of(region.key.text, tags))
        for texts in (there, *([one] for one in there)):
            yield {part.name: value for text in texts for part in text if isinstance(part, Symbol)}

    def _with_plain_tags(self, given: Assignment) -> Iterator[Assignment]:
        """Yield the solution with plain tags, and these where other texts had the old ones: the
        same letter for all of the map's, or another for each.
        """
        session = self.session
        mapped = session.problem.tenancy.tags
        for letters in ("a" * len(mapped), LETTERS):
            texts = dict(given.texts)
            plain = {**dict(zip(mapped, letters, strict=False)), RUN_TAG: f"{RUN_BEGINNING}a"}
            for key in tags_of(session, given):
                symbol = tag_symbol(key, session.prefix).name
                old, new = given.texts.get(symbol, ""), plain.get(key, "b")
                texts[symbol] = new
                for name in texts if old and key != RUN_TAG else ():
                    if TAG not in name:
                        texts[name] = texts[name].replace(old, new)
            yield Assignment(texts, given.flags)

    def _plainer(self, given: Assignment) -> Iterator[Assignment]:
        if self.example and REST in self.ask.resource:
            yield Assignment({**given.texts, REST.name: self.example}, given.flags)


def _of_an_account(formula: Formula, given: Assignment) -> Assignment:
    """Return the solution with 12 digits as the account of a resource that is another's."""
    value = given.texts.get(FOREIGN.name, "")
    digits = "".join(one if one in DIGITS else "9" for one in value)
    for account in (STRANGER, digits) if value else ():
        texts = {name: account if one == value else one for name, one in given.texts.items()}
        changed = Assignment(texts, given.flags)
        if holds(formula, changed):
            return changed
    return given


def _alone(witness: Witness | None) -> bool:
    return witness is not None and len(witness.runs) == 1


def _tails(region: Region, given: Assignment) -> tuple[str, ...]:
    """Return what may go on after an open text: a plain letter, or an end of the solution's."""
    if not region.open:
        return ("",)
    parts = given.texts.get(REST.name, "").split("/")
    ends = ("/".join(parts[-count:]) for count in range(1, min(len(parts), MOST_PARTS) + 1))
    return tuple(dict.fromkeys((OPENED, *(end for end in ends if end))))


def _assigned(written: Text, text: str) -> dict[str, str] | None:
    """Return values with which the resource is that text, None where it can't be."""
    if len(written) == 1 and isinstance(written[0], str):
        return {} if written[0] == text else None
    *before, last = written
    head = "".join(map(str, before))
    if not isinstance(last, Symbol) or any(isinstance(part, Symbol) for part in before):
        return None
    return {last.name: text[len(head) :]} if text.startswith(head) else None


def _why(request: Request, asker: RunTags, owner: RunTags | None) -> str:
    what = f"run {shown(asker)} is allowed {request.action} on {request.resource}"
    if owner is None:
        return f"{what}, which the map does not give to it"
    return f"{what}, which belongs to {shown(owner)}"
