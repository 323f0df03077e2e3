"""From a tool's definition to something that checks its calls, by one table of rules.

| JSON Schema of an argument | Cedar |
|---|---|
| `string`, whatever its format, pattern or enum | String |
| `integer` | Long |
| `number`, or integer or number | decimal: at most 4 decimals, within ±922337203685477.5807 |
| `boolean` | Bool |
| `enum` or `const` without `type` | by the type of what it lists |
| T or null (`type` list, `anyOf`, `enum`) | as T, not required |
| array of T | Set of T: without the order, and each element once |
| object with `properties` | record, closed |
| `allOf`, `$ref` within the schema | all of them together |
| `anyOf`, `oneOf` of one Cedar type | that type; of objects: a record of all their members |
| members of `then`, `else`, `dependentSchemas`, `dependencies` | as well, not required |
| anything else | String: the value's canonical JSON text (RFC 8785) |

Anything else: no type, types that differ, objects without `properties` or with `patternProperties`
or a schema for `additionalProperties`, tuples, arrays whose elements would be text or null, what
refers to itself, nesting beyond 24, members that Cedar's JSON would interpret. So a string that
may also be a number has its quotes in policies. A date stays a String: it is compared as one.

Members that are null or left out are not there for policies: a `default` is never filled in. What
a Cedar type can't hold exactly is refused. What the schema does not declare is refused, or, where
the server's configuration lets it pass, never seen by policies. The arguments themselves are
always a record; members by rule are undeclared there.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import msgspec

from valetkey.tools.arguments import ArgumentFault, Arguments
from valetkey.tools.cedar_types import CedarRecord, Unfit, cedar_value
from valetkey.tools.definition import Json, ToolDefinition
from valetkey.tools.errors import ToolsError
from valetkey.tools.exact_json import canonical, has_more_values
from valetkey.tools.input_types import input_type
from valetkey.tools.names import pointer
from valetkey.tools.server import MAX_NAME
from valetkey.tools.validation import InputCheck, Unmappable, check_of

MAX_SCHEMA: Final = 256 * 1024
"""Bytes of one input schema: the largest in the wild are a tenth of it."""
MAX_SEEN: Final = 20_000
"""Members and elements that policies see of one call, a decimal counting as four: Cedar takes up to
10 µs for each, while others wait."""
_NAME: Final = re.compile(r"[A-Za-z0-9_.-]+", re.ASCII)
_read: Final = msgspec.json.decode


@dataclass(frozen=True, slots=True)
class MappedTool:
    """A tool whose calls can be decided: `input` is what policies see of its arguments."""

    definition: ToolDefinition
    input: CedarRecord
    _checked: InputCheck = field(repr=False, compare=False)

    def check(self, arguments: Json, *, undeclared: bool) -> Arguments | ArgumentFault:
        """Return the arguments as they are decided and sent, or what is wrong with them.

        Everything is made from one canonical text, so what policies see is what the server gets.
        `undeclared`: whether members that the schema does not declare may pass, unseen.
        """
        try:
            text = canonical(arguments)
            value = _read(text)
            fault = self._checked.fault(value, size=len(text))
            if fault is not None:
                return fault
            seen = cedar_value(self.input, value, undeclared=undeclared)
            if has_more_values(seen, MAX_SEEN):
                return ArgumentFault("", "there are more values than policies can look at")
        except ToolsError as error:
            return ArgumentFault("", error.message)
        except Unfit as unfit:
            return ArgumentFault(pointer(unfit.place), f"this {unfit.what}")
        return Arguments(
            value, text, hashlib.sha256(text).hexdigest(), msgspec.json.encode(seen).decode()
        )


@dataclass(frozen=True, slots=True)
class HiddenTool:
    """A tool that is neither listed nor callable, and why: a sentence without values."""

    definition: ToolDefinition
    reason: str


def map_tool(definition: ToolDefinition) -> MappedTool | HiddenTool:
    """Return the tool, ready to check calls, or why it can't be offered. Never raises."""
    try:
        _check_outside(definition)
        schema = definition.document.get("inputSchema")
        if not isinstance(schema, Mapping):
            raise Unmappable("it has no input schema")
        if len(json.dumps(schema, ensure_ascii=False, allow_nan=False).encode()) > MAX_SCHEMA:
            raise Unmappable(f"its input schema is longer than {MAX_SCHEMA} bytes")
        checked = check_of(schema)
        return MappedTool(definition, input_type(schema), checked)
    except Unmappable as unmappable:
        return HiddenTool(definition, str(unmappable))
    except RecursionError:
        return HiddenTool(definition, "its input schema is nested too deep")
    except ValueError:  # a lone surrogate, NaN
        return HiddenTool(definition, "its input schema is not JSON that all readers agree on")


def _check_outside(definition: ToolDefinition) -> None:
    name, document = definition.public_name, definition.document
    if len(name) > MAX_NAME:
        raise Unmappable(f"its name is longer than {MAX_NAME} characters with its server's")
    if not (definition.name and _NAME.fullmatch(name)):
        raise Unmappable("its name has characters other than letters, digits, `_`, `.` and `-`")
    if document.get("name") != definition.name:
        raise Unmappable("its definition is of another name")
    execution = document.get("execution")
    if isinstance(execution, Mapping) and execution.get("taskSupport") == "required":
        raise Unmappable("it can only be called as a task, which is not offered")
