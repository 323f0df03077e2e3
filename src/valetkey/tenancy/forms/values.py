"""What policy sources are made of, read strictly: whatever is not understood is named and refused.

A half-read source is worse than none: the proof would be about policies that nobody has.
"""

from collections.abc import Collection, Mapping
from typing import Any

from valetkey.iam.document import quoted, read_json
from valetkey.tenancy.errors import TenancyError

MAX_SOURCE = 64 * 1024 * 1024
"""Characters of one source: the plan of a large platform has some millions."""

MALFORMED = "policy-source-malformed"
NOT_KNOWN = "policy-source-undecided"
"""The code of what is not wrong but can't be known from the source alone."""


ELSEWHERE = (
    "whose document is not here: `aws iam get-policy-version` prints it, and a file for `--role` "
    "brings the role with all its policies"
)
"""What is said of a policy that a source names by its ARN alone."""


def malformed(place: str, why: str, *, hint: str | None = None) -> TenancyError:
    """Return the error that says what at `place` is not as it should be."""
    return TenancyError(MALFORMED, f"{place} {why}", hint=hint)


def not_known(place: str, why: str, *, hint: str | None = None) -> TenancyError:
    """Return the error that says what at `place` can't be known from the source."""
    return TenancyError(NOT_KNOWN, f"{place} {why}", hint=hint)


def decided(value: Any, place: str) -> Any:
    """Return a value in which no text is one that CloudFormation replaces at deployment.

    CloudFormation User Guide, "Dynamic references": they are put in wherever a text has them,
    also one that functions put together.
    """
    for one in value if isinstance(value, list | tuple) else (value,):
        if isinstance(one, str) and "{{resolve:" in one:
            raise not_known(place, "has a dynamic reference, which only a deployment decides")
    return value


def text_of_bytes(content: str | bytes, name: str) -> str:
    """Return a source as text. Raises TenancyError where it is not UTF-8."""
    if isinstance(content, str):
        return content
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise malformed(name, "is not UTF-8") from None


def source_of(content: str | bytes, name: str) -> Mapping[str, Any]:
    """Return the JSON object that a source is. Raises TenancyError `policy-source-malformed`."""
    value = read_json(
        text_of_bytes(content, name),
        lambda why: malformed(name, f"can't be read: {why}"),
        limit=MAX_SOURCE,
    )
    return object_of(value, name)


def object_of(value: object, place: str) -> Mapping[str, Any]:
    """Return `value` where it is an object."""
    if isinstance(value, Mapping):
        return value
    raise malformed(place, "is not an object")


def list_of(value: object, place: str) -> tuple[Any, ...]:
    """Return `value` as a tuple where it is a list; () where it is None."""
    if value is None:
        return ()
    if isinstance(value, list | tuple):
        return tuple(value)
    raise malformed(place, "is not a list")


def text_of(value: object, place: str) -> str:
    """Return `value` where it is text that is not empty."""
    if isinstance(value, str) and value:
        return value
    raise malformed(place, "is not a text")


def whole_of(value: object, place: str) -> int:
    """Return `value` where it is a whole number, also one written as text as templates may."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    raise malformed(place, "is not a whole number")


def joinable(value: Any, place: str) -> str:
    """Return a text or whole number as the text that a function puts into another."""
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise malformed(place, "puts something into a text that is no text")


def only_members(value: Mapping[str, Any], known: Collection[str], place: str) -> None:
    """Refuse an object that has a member of another name."""
    other = sorted(name for name in value if name not in known)
    if other:
        raise malformed(
            place,
            f"has the member {quoted(other[0])}, which is not understood",
            hint=f"what may stand there: {', '.join(sorted(known))}",
        )


def tags_of(value: object, place: str) -> dict[str, str]:
    """Return a list of {Key, Value}, as AWS's APIs and templates have tags, by key."""
    tags: dict[str, str] = {}
    for index, one in enumerate(list_of(value, place)):
        here = f"{place}[{index}]"
        tag = object_of(one, here)
        only_members(tag, ("Key", "Value", "PropagateAtLaunch"), here)
        key, text = text_of(tag.get("Key"), f"{here}.Key"), tag.get("Value")
        if not isinstance(text, str):
            raise malformed(f"{here}.Value", "is not a text")
        if key in tags:
            raise malformed(here, f"gives the tag {quoted(key)} a second time")
        tags[key] = text
    return tags
