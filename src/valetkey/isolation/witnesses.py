"""Make of a solution a request that a person sees through, confirmed by the evaluator.

A solver's request is right and often odd: so requests for what another run owns are tried first,
each of which must be a solution of the same formula.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

from valetkey.iam import ContextValue, Policies, Request, RequestError, evaluate
from valetkey.iam.glob import from_units, units
from valetkey.isolation import admission
from valetkey.isolation.answer import Witness
from valetkey.isolation.bounds import RUN_BEGINNING
from valetkey.isolation.encoding import Ask, request_of
from valetkey.isolation.formula import Assignment, Formula, Symbol, Text, holds
from valetkey.isolation.keys import Many, One
from valetkey.isolation.owners import OPENED, RunTags, owners, strangers, text_of
from valetkey.isolation.places_of_data import REST
from valetkey.isolation.regions import Region, Tags
from valetkey.isolation.session import TagState, tag_flag, tag_symbol
from valetkey.isolation.sessions import OWNER, Session
from valetkey.tenancy import RUN_TAG

MOST_PARTS = 6
"""Ends of a solution's text that are tried: an odd one is shown as it is."""

SPELLED = {
    name.lower(): name
    for name in (
        "aws:RequestedRegion",
        "aws:SecureTransport",
        "aws:ViaAWSService",
        "dynamodb:FirstPartitionKeyValues",
        "dynamodb:LeadingKeys",
        "kms:EncryptionContextKeys",
    )
}
"""Context keys as AWS writes them."""


@dataclass(frozen=True, slots=True, eq=False)
class Witnessed:
    """What makes a witness of a solution of `formula`: that `session` is allowed what `ask` says.

    `policies` are all that bear. With `let_in`, trust must let the session in. `example` is a
    plain text for what is open of the resource.
    """

    formula: Formula
    session: Session
    ask: Ask
    policies: Policies
    regions: Sequence[Region]
    let_in: bool = True
    example: str = ""

    def __call__(self, given: Assignment) -> Witness | None:
        """Return the witness; None where the evaluator confirms none."""
        bases = (self._with_plain_tags(given), given)
        sharper = (one for base in bases for one in self._sharper(base))
        for tried in (*sharper, *(one for base in bases for one in (*self._plainer(base), base))):
            if not holds(self.formula, tried):
                continue
            witness = self._confirmed(tried)
            if witness is not None:
                return witness
        return None

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
        found = [tags for _, tags in owners(self.regions, asker, request.resource, request.keys)]
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
        for region in self.regions:
            if region.shared or not region.tags:
                continue
            for tags, tail in product(strangers(region, asker), _tails(region, given)):
                resource = units(text_of(region.resource, tags)) + tail
                texts = _assigned(self.ask.resource, resource)
                if texts is not None:
                    keys = self._keys(region, tags, given)
                    yield Assignment({**given.texts, **texts, **keys}, given.flags)

    def _keys(self, region: Region, tags: RunTags, given: Assignment) -> dict[str, str]:
        """Return the symbols of the region's key, each value that is there being the owner's."""
        if region.key is None:
            return {}
        value = units(text_of(region.key.text, tags))
        model = self.ask.keys.get(region.key.name.lower())
        there: list[Text] = []
        if isinstance(model, One) and holds(model.present, given):
            there.append(model.text)
        elif isinstance(model, Many):
            there += (one.text for one in model.members if holds(one.present, given))
        return {part.name: value for text in there for part in text if isinstance(part, Symbol)}

    def _with_plain_tags(self, given: Assignment) -> Assignment:
        """Return the solution with `a` for each tag, and for each text that was the same."""
        session, texts = self.session, dict(given.texts)
        for key in tags_of(session, given):
            symbol = tag_symbol(key, session.prefix).name
            old = texts.get(symbol)
            if old:
                plain = f"{RUN_BEGINNING}a" if key == RUN_TAG else "a"
                same = [name for name, value in texts.items() if value == old]
                alike = [] if key == RUN_TAG else [name for name in same if ".tag." not in name]
                texts |= dict.fromkeys((symbol, *alike), plain)
        return Assignment(texts, given.flags)

    def _plainer(self, given: Assignment) -> Iterator[Assignment]:
        if self.example and REST in self.ask.resource:
            yield Assignment({**given.texts, REST.name: self.example}, given.flags)


def tags_of(session: Session, given: Assignment) -> dict[str, str]:
    """Return the tags that the session itself carries, with their values in characters."""
    found: dict[str, str] = {}
    for key, state in session.tags.items():
        if state is TagState.EMPTY:
            found[key] = ""
        elif state is TagState.FULL or (
            state is TagState.FREE and holds(tag_flag(key, session.prefix), given)
        ):
            symbol = tag_symbol(key, session.prefix)
            found[key] = from_units(given.texts.get(symbol.name, ""))
    return found


def let_in(session: Session, given: Assignment) -> Assignment | None:
    """Return the solution if the evaluator lets the session in by the role's trust policy: as it
    is, or with its tags in small letters.
    """
    return admission.let_in(
        session.role, session.tags, given, prefix=session.prefix, problem=session.problem
    )


def is_let_in(session: Session, given: Assignment) -> bool:
    """Tell whether the evaluator lets the session in with just these values."""
    return admission.readmitted(
        session.role, session.tags, given, prefix=session.prefix, problem=session.problem
    )


def is_let_in_as(session: Session, tags: RunTags, given: Assignment) -> bool:
    """Tell whether it would be let in with these tags, all else being as in the solution."""
    states: Tags = dict.fromkeys(session.tags, TagState.FREE)
    other = replace(session, tags=states, prefix=OWNER)
    moved = {
        OWNER + name.removeprefix(session.prefix): value
        for name, value in given.texts.items()
        if name.startswith(session.prefix)
    }
    flags = {
        OWNER + name.removeprefix(session.prefix): value
        for name, value in given.flags.items()
        if name.startswith(session.prefix)
    }
    for key in states:
        moved[tag_symbol(key, OWNER).name] = units(tags.get(key, ""))
        flags[tag_flag(key, OWNER).name] = key in tags
    assignment = Assignment(moved, flags)
    return holds(other.drawn, assignment) and is_let_in(other, assignment)


def whole_run(session: Session, tags: RunTags, asker: RunTags) -> dict[str, str]:
    """Return a run with these tags, and plain ones for what else the map asks for."""
    found = {key: tags.get(key, "b") for key in session.problem.tenancy.tags}
    if RUN_TAG in asker:
        found[RUN_TAG] = f"{RUN_BEGINNING}b"
    return found


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


def spelled(request: Request) -> dict[str, ContextValue]:
    """Return the request's own keys, spelled as AWS does."""
    return {SPELLED.get(key.lower(), key): value for key, value in request.context.items()}


def shown(tags: Mapping[str, str]) -> str:
    """Return tags for a person: `{user_id: a}`."""
    return "{" + ", ".join(f"{key}: {value or '(empty)'}" for key, value in tags.items()) + "}"
