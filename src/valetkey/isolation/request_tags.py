"""The session tags that a request for a session passes, as a trust policy sees them."""

from collections.abc import Mapping
from dataclasses import replace

from valetkey.iam import Policy
from valetkey.iam.glob import units
from valetkey.isolation.formula import (
    FALSE,
    TRUE,
    And,
    Assignment,
    Equal,
    Flag,
    Formula,
    Like,
    Or,
    Symbol,
    all_of,
    any_of,
    lowered,
    text,
)
from valetkey.isolation.keys import KeyModel, Keys, Many, Member, One
from valetkey.isolation.session import TagState, tag_symbol

REQUEST_TAG = "aws:requesttag/"
TAG_KEYS = "aws:tagkeys"

RequestTags = Mapping[str, One]
"""What a request passes as session tags, by tag key."""


def request_tags(tags: Mapping[str, TagState], prefix: str) -> RequestTags:
    """Return the tags of a session, by the names of `session_keys`, as its request passes them."""
    return {key: _tag(key, state, prefix) for key, state in tags.items()}


def requested(
    tags: RequestTags, trust: Policy, *, prefix: str, other: Symbol | None = None
) -> tuple[Keys, Formula]:
    """Return the context keys by which a trust policy sees the tags of a request (with one more
    of the key `other`), and what is so of how they are spelled: AWS tells tag keys apart without
    regard to case, `aws:TagKeys` has them as they are passed.
    """
    keys: dict[str, KeyModel] = {f"{REQUEST_TAG}{key.lower()}": tag for key, tag in tags.items()}
    members: list[Member] = []
    spelled: list[Formula] = []
    for key, tag in tags.items():
        name = text(units(key))
        if _depends_on_spelling(key, trust):
            name = (Symbol(f"{prefix}spelled.{key}"),)
            spelled.append(Like(name, text(units(key)), any_case=True))
        members.append(Member(name, tag.present))
    if other is not None:
        members.append(Member((other,)))
    keys[TAG_KEYS] = Many(tuple(members))
    return keys, all_of(spelled)


def _depends_on_spelling(key: str, trust: Policy) -> bool:
    """Tell whether another spelling of the key may be let in where this one is not."""
    for statement in trust.statements:
        for condition in statement.conditions:
            if condition.key != TAG_KEYS or condition.operator == "Null":
                continue
            if condition.negated or not statement.allow:
                return True
            wanted = [template.written for template in condition.comparison.wanted]
            if any(one != key and one.lower() == key.lower() for one in wanted):
                return True
            if any(set("*?$") & set(one) for one in wanted):
                return True
    return False


def in_any_case(formula: Formula, tags: RequestTags) -> Formula:
    """Return the formula with every comparison of a tag weakened to letters of any case.

    The User Guide has `aws:RequestTag` values compared without regard to case, the service
    compares them as written: what is true in either reading is true of the result.
    """
    symbols = {part for tag in tags.values() for part in tag.text if isinstance(part, Symbol)}
    return _weakened(formula, symbols)


def in_small_letters(given: Assignment, tags: RequestTags) -> Assignment:
    """Return the solution with every tag in small letters, where one broke a bound by its case."""
    names = {part.name for tag in tags.values() for part in tag.text if isinstance(part, Symbol)}
    small = {name: lowered(given.texts[name]) for name in names if name in given.texts}
    return Assignment({**given.texts, **small}, given.flags)


def _weakened(formula: Formula, symbols: set[Symbol]) -> Formula:
    match formula:
        case And(parts):
            return all_of(_weakened(part, symbols) for part in parts)
        case Or(parts):
            return any_of(_weakened(part, symbols) for part in parts)
        case Like(subject, pattern) if symbols.intersection(subject) and _has_letter(pattern):
            return replace(formula, any_case=True)
        case Equal(left, right) if symbols.intersection((*left, *right)):
            tag, other = (left, right) if symbols.intersection(left) else (right, left)
            return Like(tag, other, any_case=True) if _has_letter(other) else formula
        case _:
            return formula  # a comparison that must fail, fails more often as it is written


def _has_letter(parts: tuple[object, ...]) -> bool:
    return any(isinstance(part, str) and any(map(str.isalpha, part)) for part in parts)


def _tag(key: str, state: TagState, prefix: str) -> One:
    symbol = tag_symbol(key, prefix)
    match state:
        case TagState.FREE:
            return One((symbol,), Flag(f"{prefix}has.{key}"))
        case TagState.FULL:
            return One((symbol,), TRUE)
        case TagState.ABSENT:
            return One((), FALSE)
        case TagState.EMPTY:
            return One((), TRUE)
