"""Which Cedar types a tool's JSON Schema has. The rules stand in `mapping`.

A schema is taken as the list of all schemas that apply to the same value: itself and what its
`$ref` and `allOf` bring. It does not validate: what it misreads, conversion refuses.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from valetkey.tools.cedar_types import Attribute, CedarRecord, CedarSet, CedarType, Scalar
from valetkey.tools.definition import Json
from valetkey.tools.keywords import (
    BRANCHES,
    INTEGER,
    NUMBER,
    conditional,
    is_closed,
    kinds_by_keywords,
    list_of,
    map_of,
    names_by_rule,
    own_kinds,
    required_names,
)
from valetkey.tools.references import REFERENCES, target_of
from valetkey.tools.validation import Unmappable

MAX_NESTING: Final = 24
"""Records and sets within each other; deeper is text. Cedar's parser takes about forty."""
MAX_SCHEMAS: Final = 5_000
"""Schemas that one tool may bring, counted at each place where it uses them."""
RESERVED: Final = frozenset({"__entity", "__extn", "__expr"})
"""Members by which Cedar's JSON takes an object for something else."""

_SCALARS: Final[Mapping[frozenset[str], Scalar]] = {
    frozenset({"string"}): Scalar.STRING,
    frozenset({"boolean"}): Scalar.BOOL,
    INTEGER: Scalar.LONG,
    NUMBER: Scalar.DECIMAL,
    frozenset({"fraction"}): Scalar.DECIMAL,
}


class _Part(NamedTuple):
    """A schema, and the references that were followed on the way to it."""

    schema: Mapping[str, Any]
    trail: frozenset[str]


_Parts = list[_Part] | None
"""None: it can be anything."""


def input_type(schema: Mapping[str, Json]) -> CedarRecord:
    """Return the record of a tool's arguments. Raises Unmappable."""
    reading = _Reading(schema)
    parts = reading.parts(schema, frozenset({"#"}))
    kinds = reading.kinds(parts)
    if parts is None or not (kinds is None or "object" in kinds):
        raise Unmappable("its input schema does not describe an object")
    attributes, _ = reading.attributes(parts, depth=0)
    for name in attributes:
        if name in RESERVED:
            raise Unmappable(f"its argument `{name}` has a name that Cedar keeps for itself")
    return CedarRecord(attributes)


@dataclass(slots=True)
class _Reading:
    root: Mapping[str, Any]
    seen: int = 0

    def parts(self, schema: Any, trail: frozenset[str]) -> _Parts:
        """Return all schemas that a value of `schema` must satisfy."""
        self.seen += 1
        if self.seen > MAX_SCHEMAS:
            raise Unmappable(f"its input schema brings more than {MAX_SCHEMAS} schemas")
        if not isinstance(schema, Mapping):
            return [] if schema is True else None
        pulled = [(each, trail) for each in list_of(schema.get("allOf"))]
        for keyword in schema.keys() & REFERENCES:
            reference = schema[keyword]
            if keyword != "$ref" or not isinstance(reference, str) or reference in trail:
                return None  # what holds itself has no type in Cedar
            pulled.append((target_of(self.root, reference), trail | {reference}))
        found = [_Part(schema, trail)]
        for each, way in pulled:
            more = self.parts(each, way)
            if more is None:
                return None
            found.extend(more)
        return found

    def kinds(self, parts: _Parts) -> frozenset[str] | None:
        """Return the JSON types a value may have, None for all; a number is two of them."""
        allowed: frozenset[str] | None = None
        for part in parts or ():
            for some in (own_kinds(part.schema), *self._kinds_of_branches(part)):
                if some is not None:
                    allowed = some if allowed is None else allowed & some
        return allowed

    def type_of(self, parts: _Parts, depth: int) -> tuple[CedarType, bool]:
        """Return the type of values that satisfy `parts`, and whether null does."""
        kinds = self.kinds(parts)
        nullable = kinds is None or "null" in kinds
        if parts is None or depth > MAX_NESTING:
            return Scalar.TEXT, nullable
        some = kinds - {"null"} if kinds is not None else kinds_by_keywords(_schemas(parts))
        if some == {"object"}:
            return self._object(parts, depth), nullable
        if some == {"array"}:
            return self._array(parts, depth), nullable
        return _SCALARS.get(some, Scalar.TEXT), nullable

    def attributes(self, parts: list[_Part], depth: int) -> tuple[dict[str, Attribute], bool]:
        """Return what an object declares, and whether it is made to hold more than that."""
        found = self._sure(parts, depth)
        maybe, has_open_branch = self._maybe(parts, depth)
        is_open = any(names_by_rule(part.schema) for part in parts)
        if not found:
            is_open |= has_open_branch or not (maybe or is_closed(_schemas(parts)))
        found = {**maybe, **found}
        for name in sorted(required_names(_schemas(parts)) - found.keys()):
            found[name] = Attribute(Scalar.TEXT, required=False)
        return found, is_open

    def _sure(self, parts: list[_Part], depth: int) -> dict[str, Attribute]:
        """Return the attributes of `properties` that always apply."""
        declared: dict[str, _Parts] = {}
        for part in parts:
            for name, schema in map_of(part.schema.get("properties")).items():
                more, others = self.parts(schema, part.trail), declared.get(name, [])
                declared[name] = None if more is None or others is None else [*others, *more]
        required = required_names(_schemas(parts))
        found = {}
        for name, each in declared.items():
            type_, nullable = self.type_of(each, depth + 1)
            found[name] = Attribute(type_, name in required and not nullable)
        return found

    def _maybe(self, parts: list[_Part], depth: int) -> tuple[dict[str, Attribute], bool]:
        """Return the attributes of schemas that apply to some values, and whether one is open."""
        found: dict[str, list[Attribute]] = {}
        has_open = False
        everywhere: set[str] = set()
        for part in parts:
            for branches, is_exhaustive in conditional(part.schema):
                objects = [some for each in branches for some in self._object_parts(each, part)]
                declared = [self.attributes(each, depth) for each in objects]
                for attributes, is_open in declared:
                    has_open |= is_open and is_exhaustive
                    for name, attribute in attributes.items():
                        found.setdefault(name, []).append(attribute)
                if is_exhaustive and declared:
                    everywhere |= set.intersection(
                        *({n for n, each in a.items() if each.required} for a, _ in declared)
                    )
        return {
            name: Attribute(_join([each.type for each in some]), name in everywhere)
            for name, some in found.items()
        }, has_open

    def _object_parts(self, branch: Any, part: _Part) -> Iterator[list[_Part]]:
        parts = self.parts(branch, part.trail)
        kinds = self.kinds(parts)
        if parts is not None and (kinds is None or "object" in kinds):
            yield parts

    def _object(self, parts: list[_Part], depth: int) -> CedarType:
        attributes, is_open = self.attributes(parts, depth)
        if is_open or RESERVED & attributes.keys():
            return Scalar.TEXT
        return CedarRecord(attributes)

    def _array(self, parts: list[_Part], depth: int) -> CedarType:
        element: _Parts = None
        for part in parts:
            if "prefixItems" in part.schema or isinstance(part.schema.get("items"), list):
                return Scalar.TEXT
            if "items" in part.schema:
                more = self.parts(part.schema["items"], part.trail)
                if more is None:
                    return Scalar.TEXT
                element = [*(element or ()), *more]
        if element is None:
            return self._array_of_branches(parts, depth)
        type_, nullable = self.type_of(element, depth + 1)
        return Scalar.TEXT if nullable or type_ is Scalar.TEXT else CedarSet(type_)

    def _array_of_branches(self, parts: list[_Part], depth: int) -> CedarType:
        types: list[CedarType] = []
        for part in parts:
            for keyword in BRANCHES:
                for branch in list_of(part.schema.get(keyword)):
                    each = self.parts(branch, part.trail)
                    kinds = self.kinds(each)
                    if kinds is None or "array" in kinds:
                        types.append(Scalar.TEXT if each is None else self._array(each, depth))
        return _join(types)

    def _kinds_of_branches(self, part: _Part) -> Iterator[frozenset[str] | None]:
        for keyword in BRANCHES:
            if keyword not in part.schema:
                continue
            each = [self.kinds(self.parts(b, part.trail)) for b in list_of(part.schema[keyword])]
            some = [kinds for kinds in each if kinds is not None]
            yield frozenset().union(*some) if len(some) == len(each) else None


def _schemas(parts: list[_Part]) -> list[Mapping[str, Any]]:
    return [part.schema for part in parts]


def _join(types: list[CedarType]) -> CedarType:
    """Return the one type of all, TEXT where they differ or there is none."""
    if any(each is Scalar.DECIMAL for each in types):
        types = [Scalar.DECIMAL if each is Scalar.LONG else each for each in types]
    return types[0] if types and all(each == types[0] for each in types) else Scalar.TEXT
