"""A session of a solution: which tags it has, whether the evaluator lets it in, how it is shown."""

from collections.abc import Mapping
from dataclasses import replace

from valetkey.iam import ContextValue, Request
from valetkey.iam.glob import from_units, units
from valetkey.isolation import admission
from valetkey.isolation.bounds import RUN_BEGINNING
from valetkey.isolation.formula import Assignment, holds
from valetkey.isolation.owners import RunTags
from valetkey.isolation.regions import Tags
from valetkey.isolation.request_tags import besides
from valetkey.isolation.session import TagState, tag_flag, tag_symbol
from valetkey.isolation.sessions import OWNER, Session
from valetkey.tenancy import RUN_TAG

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
    return found | besides(f"{session.prefix}by.", given)


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


def spelled(request: Request) -> dict[str, ContextValue]:
    """Return the request's own keys, spelled as AWS does."""
    return {SPELLED.get(key.lower(), key): value for key, value in request.context.items()}


def shown(tags: Mapping[str, str]) -> str:
    """Return tags for a person: `{user_id: a}`."""
    return "{" + ", ".join(f"{key}: {value or '(empty)'}" for key, value in tags.items()) + "}"
