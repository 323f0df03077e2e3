"""A tool's JSON Schema as something that checks values, offline and in bounded time.

The dialect is what `$schema` says, else 2020-12 (MCP's default). Formats are not asserted: they
are annotations there. Patterns run on a linear-time engine; a schema with lookaround on a
backtracking one, where giving up means no and long arguments are refused.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import jsonschema_rs

from valetkey.tools.arguments import ArgumentFault
from valetkey.tools.definition import Json
from valetkey.tools.exact_json import has_more_values
from valetkey.tools.explaining import explained_values
from valetkey.tools.names import pointer, shown

_LINEAR: Final = jsonschema_rs.RegexOptions(size_limit=1 << 20)
_BACKTRACKING: Final = jsonschema_rs.FancyRegexOptions(backtrack_limit=1_000, size_limit=1 << 20)
MAX_BACKTRACKED: Final = 32 * 1024
"""Bytes of arguments where a pattern backtracks: it gives up at each place of a text anew."""
MAX_LISTED: Final = 100
"""Arrays and objects in all `enum`s of a schema: each value is compared with each of them."""
_MOST_WORD: Final = 40


class Unmappable(Exception):  # noqa: N818 - a way out of a recursion, caught in this room
    """Why a tool can't be offered: a sentence that repeats nothing of it but names."""


@dataclass(frozen=True, slots=True)
class InputCheck:
    """What checks the arguments of one tool; of more than `most` bytes it takes none.

    The place of a fault is told of at most `explained` values; yes or no takes nanoseconds each.
    """

    validator: jsonschema_rs.Validator
    most: int | None
    explained: int

    def fault(self, value: Json, *, size: int) -> ArgumentFault | None:
        """Return what is wrong with `value`, whose canonical text has `size` bytes, or None."""
        if self.most is not None and size > self.most:
            return ArgumentFault("", f"this tool takes at most {self.most} bytes of arguments")
        if self.validator.is_valid(value):
            return None
        if self.explained and not has_more_values(value, self.explained):
            try:
                self.validator.validate(value)
            except jsonschema_rs.ValidationError as error:
                return _fault(error)
        return ArgumentFault("", "the arguments are not what the tool's input schema takes")


def check_of(schema: Mapping[str, Json]) -> InputCheck:
    """Return what checks arguments by `schema`. Nothing is fetched. Raises Unmappable."""
    if _listed(schema) > MAX_LISTED:
        raise Unmappable(f"its `enum`s list more than {MAX_LISTED} arrays and objects")
    explained = explained_values(schema)
    try:
        return InputCheck(_built(schema, _LINEAR), None, explained)
    except jsonschema_rs.ValidationError:
        pass  # told below, if the other engine can't take it either
    except ValueError as error:
        raise Unmappable("its input schema is nested too deep") from error
    try:
        return InputCheck(_built(schema, _BACKTRACKING), MAX_BACKTRACKED, explained)
    except jsonschema_rs.ValidationError as error:
        raise Unmappable(_why_not(error)) from error


def _listed(schema: Mapping[str, Json]) -> int:
    """Return how many arrays and objects stand in lists that are, or look like, an `enum`."""
    count = 0
    waiting: list[Json] = [dict(schema)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            listed = node.get("enum")
            if isinstance(listed, list):
                count += sum(isinstance(each, (dict, list)) for each in listed)
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)
    return count


def _built(
    schema: Mapping[str, Json],
    patterns: jsonschema_rs.RegexOptions | jsonschema_rs.FancyRegexOptions,
) -> jsonschema_rs.Validator:
    return jsonschema_rs.validator_for(
        dict(schema), validate_formats=False, pattern_options=patterns, offline=True
    )


def _why_not(error: jsonschema_rs.ValidationError) -> str:
    if isinstance(error.kind, jsonschema_rs.ValidationErrorKind.Referencing):
        return "its input schema refers to what is not in it"
    place = pointer(error.instance_path)
    return f"its input schema is not valid JSON Schema{f' at `{place}`' if place else ''}"


def _fault(error: jsonschema_rs.ValidationError) -> ArgumentFault:
    """Say it in our own words: the library's sentences repeat the value."""
    kind, place = error.kind, list(error.instance_path)
    if isinstance(kind, jsonschema_rs.ValidationErrorKind.Required):
        return ArgumentFault(pointer([*place, kind.property]), "this argument is required")
    if isinstance(
        kind,
        (
            jsonschema_rs.ValidationErrorKind.AdditionalProperties,
            jsonschema_rs.ValidationErrorKind.UnevaluatedProperties,
        ),
    ):
        return ArgumentFault(
            pointer([*place, *kind.unexpected[:1]]), "the tool declares no such argument"
        )
    if isinstance(kind, jsonschema_rs.ValidationErrorKind.Type):
        return ArgumentFault(
            pointer(place), f"this is not of type {' or '.join(sorted(kind.types))}"
        )
    word = next((part for part in reversed(error.schema_path) if isinstance(part, str)), "")
    if word in ("additionalProperties", "unevaluatedProperties"):
        return ArgumentFault(pointer(place), "the tool declares no such argument")
    rule = f": `{shown(word)[:_MOST_WORD]}`" if word else ""
    return ArgumentFault(pointer(place), f"the tool's input schema does not take this{rule}")
