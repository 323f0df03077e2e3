"""The principal tags of a session that is not yet known."""

from collections.abc import Mapping
from enum import Enum

from valetkey.iam.glob import units
from valetkey.isolation.comparing import equal
from valetkey.isolation.formula import (
    TRUE,
    Alphabet,
    Drawn,
    Flag,
    Formula,
    Symbol,
    all_of,
    negated,
    text,
)
from valetkey.isolation.keys import Absent, Choice, Fixed, KeyModel, Keys, One
from valetkey.isolation.problem import CompiledRole


class TagState(Enum):
    """What is known of a session tag."""

    FREE = "absent or any text"
    FULL = "there and not empty"
    ABSENT = "absent"
    EMPTY = "there and empty"


def tag_symbol(key: str, prefix: str) -> Symbol:
    """Return the text of a session tag: `a.tag.<key>` for the prefix `a.`."""
    return Symbol(f"{prefix}tag.{key}")


def tag_flag(key: str, prefix: str) -> Flag:
    """Return that the session has a FREE tag: `a.has.<key>` for the prefix `a.`."""
    return Flag(f"{prefix}has.{key}")


def session_keys(role: CompiledRole, tags: Mapping[str, TagState], prefix: str) -> Keys:
    """Return the models `aws:principaltag/<key>` (lower case) of a session of `role`.

    The role's own tags are principal tags where the session has none of that key, ignoring case
    (IAM User Guide, "Pass session tags in AWS STS": session tags override the role's). The symbol
    of a tag is `<prefix>tag.<key>`, the flag of a FREE one `<prefix>has.<key>`. Of tags that are
    neither in `tags` nor the role's nothing is said: they are free.
    """
    own = {key.lower(): value for key, value in role.policies.tags.items()}
    states = {key.lower(): (key, state) for key, state in tags.items()}
    return {
        f"aws:principaltag/{lowered}": _tag(states.get(lowered), own.get(lowered), prefix)
        for lowered in {**own, **states}
    }


def _tag(found: tuple[str, TagState] | None, own: str | None, prefix: str) -> KeyModel:
    otherwise: KeyModel = Absent() if own is None else Fixed(own)
    if found is None:
        return otherwise
    key, state = found
    symbol, flag = (tag_symbol(key, prefix),), tag_flag(key, prefix)
    match state:
        case TagState.ABSENT:
            return otherwise
        case TagState.EMPTY:
            return Fixed("")
        case TagState.FULL:
            return One(symbol, TRUE)
        case TagState.FREE if own is None:
            return One(symbol, flag)
        case TagState.FREE:
            return Choice(((symbol, flag), (text(units(own or "")), negated(flag))))


def in_alphabet(tags: Mapping[str, TagState], prefix: str) -> Formula:
    """Return that each tag's text is one that STS takes, and that FULL ones are not empty."""
    symbols = {
        tag_symbol(key, prefix): state
        for key, state in tags.items()
        if state in (TagState.FREE, TagState.FULL)
    }
    full = [one for one, state in symbols.items() if state is TagState.FULL]
    return all_of(
        [
            *(Drawn(symbol, Alphabet.TAG) for symbol in symbols),
            *(negated(equal((symbol,), ())) for symbol in full),
        ]
    )
