"""The session tags that a request for a session passes, as a trust policy sees them."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from valetkey.iam import Policies
from valetkey.iam.glob import from_units, units
from valetkey.isolation.asked import about_some, asked_of, members_needed
from valetkey.isolation.formula import (
    FALSE,
    TRUE,
    Alphabet,
    And,
    Assignment,
    Drawn,
    Equal,
    Flag,
    Formula,
    Like,
    Or,
    Symbol,
    all_of,
    any_of,
    holds,
    lowered,
    negated,
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
    tags: RequestTags, policies: Policies, *, prefix: str, others: int = 0
) -> tuple[Keys, Formula]:
    """Return the context keys by which a trust policy sees the tags of a request, with as many as
    `others` tags of which we know nothing, and what is so of how all are spelled: AWS tells tag
    keys apart without regard to case, `aws:TagKeys` has them as they are passed.
    """
    keys: dict[str, KeyModel] = {f"{REQUEST_TAG}{key.lower()}": tag for key, tag in tags.items()}
    members: list[Member] = []
    spelled: list[Formula] = []
    for key, tag in tags.items():
        name = text(units(key))
        if _depends_on_spelling(key, policies):
            name = (Symbol(f"{prefix}spelled.{key}"),)
            spelled.append(Like(name, text(units(key)), any_case=True))
        members.append(Member(name, tag.present))
    for member in other_tags(prefix, others):
        members.append(member)
        spelled.append(_is_other(member, tags))
    keys[TAG_KEYS] = Many(tuple(members))
    return keys, all_of(spelled)


def other_tags(prefix: str, count: int) -> tuple[Member, ...]:
    """Return the keys of tags of which we know nothing, each there or not."""
    return tuple(
        Member((Symbol(f"{prefix}other.{index}"),), Flag(f"{prefix}has.other.{index}"))
        for index in range(count)
    )


def others_needed(policies: Policies, actions: Iterable[str], *, own: int = 0) -> int:
    """Return how many other tags tell all that these policies can say of `aws:TagKeys`, and the
    `own` statements of a formula that some tag is another (see `members_needed`).
    """
    if TAG_KEYS not in asked_of(policies):
        return own
    some = (
        condition
        for action in actions
        for condition in about_some(
            (TAG_KEYS,), policies.bearing_on(units(action.lower()), by_arn=True)
        )
    )
    return members_needed(some, own)


def besides(prefix: str, given: Assignment) -> dict[str, str]:
    """Return the other tags that a solution passes, with empty values: on these nothing rests."""
    beginning = f"{prefix}has.other."
    indexes = [name.removeprefix(beginning) for name in given.flags if name.startswith(beginning)]
    members = other_tags(prefix, 1 + max(map(int, indexes), default=-1))
    return {from_units(given.fill(one.text)): "" for one in members if holds(one.present, given)}


def _is_other(member: Member, tags: RequestTags) -> Formula:
    """Return that the tag, where it is there, has a key that STS takes, and none of these."""
    (symbol,) = member.text
    if not isinstance(symbol, Symbol):
        return TRUE
    unlike = (negated(Like((symbol,), text(units(key)), any_case=True)) for key in ("", *tags))
    return all_of([Drawn(symbol, Alphabet.TAG), any_of([negated(member.present), all_of(unlike)])])


def _depends_on_spelling(key: str, policies: Policies) -> bool:
    """Tell whether another spelling of the key may be let in where this one is not."""
    controls = (*policies.service_control, *policies.resource_control)
    bearing = (policies.trust, *(policy for level in controls for policy in level))
    for statement in (one for policy in bearing if policy for one in policy.statements):
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
