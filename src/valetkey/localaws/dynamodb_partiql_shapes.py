"""What a PartiQL statement says, with its parameters in place: values, no behaviour.

Attribute values have the form of DynamoDB's API: `{"S": "text"}`.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

AttributeValue = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Path:
    """A path to an attribute or into one. `bare`: it begins without quotation marks."""

    steps: tuple[str | int, ...]
    bare: bool

    @property
    def attribute(self) -> str:
        """The top-level attribute."""
        return str(self.steps[0])


@dataclass(frozen=True, slots=True)
class Comparison:
    """A path against a value by `=`, `<>`, `<`, `<=`, `>` or `>=`."""

    path: Path
    sign: str
    value: AttributeValue


@dataclass(frozen=True, slots=True)
class Between:
    """A path between two values, both included."""

    path: Path
    low: AttributeValue
    high: AttributeValue


@dataclass(frozen=True, slots=True)
class Within:
    """A path that equals one of some values."""

    path: Path
    values: tuple[AttributeValue, ...]


@dataclass(frozen=True, slots=True)
class Called:
    """`begins_with`, `contains` or `attribute_type` of a path and a value."""

    function: str
    path: Path
    value: AttributeValue


@dataclass(frozen=True, slots=True)
class Missing:
    """A path that leads nowhere, or that leads somewhere if not `missing`."""

    path: Path
    missing: bool


@dataclass(frozen=True, slots=True)
class Not:
    """The contrary of a condition."""

    part: "Condition"


@dataclass(frozen=True, slots=True)
class All:
    """Conditions with AND between them."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Conditions with OR between them."""

    parts: tuple["Condition", ...]


Condition = Comparison | Between | Within | Called | Missing | Not | All | AnyOf


class Returning(StrEnum):
    """What a write returns: `ReturnValues` of the item operations."""

    ALL_OLD = "ALL_OLD"
    ALL_NEW = "ALL_NEW"
    UPDATED_OLD = "UPDATED_OLD"
    UPDATED_NEW = "UPDATED_NEW"


@dataclass(frozen=True, slots=True)
class Order:
    """The attribute that a SELECT is ordered by."""

    path: Path
    descending: bool


@dataclass(frozen=True, slots=True)
class Select:
    """`SELECT … FROM …`; no `attributes` means all of them."""

    table: str
    index: str | None
    attributes: tuple[Path, ...]
    where: Condition | None
    order: Order | None


@dataclass(frozen=True, slots=True)
class Insert:
    """`INSERT INTO … VALUE {…}`."""

    table: str
    item: dict[str, AttributeValue]


@dataclass(frozen=True, slots=True)
class Update:
    """`UPDATE … SET … REMOVE … WHERE …`; no path is within another one."""

    table: str
    sets: tuple[tuple[Path, AttributeValue], ...]
    removes: tuple[Path, ...]
    where: Condition
    returning: Returning | None


@dataclass(frozen=True, slots=True)
class Delete:
    """`DELETE FROM … WHERE …`."""

    table: str
    where: Condition
    returning: Returning | None


Statement = Select | Insert | Update | Delete


def paths_of(condition: Condition | None) -> tuple[Path, ...]:
    """Return every path that a condition names."""
    if condition is None:
        return ()
    if isinstance(condition, All | AnyOf):
        return tuple(path for part in condition.parts for path in paths_of(part))
    if isinstance(condition, Not):
        return paths_of(condition.part)
    return (condition.path,)


def named_paths(statement: Statement) -> tuple[Path, ...]:
    """Return every path that a statement names; an INSERT names attributes, and no path."""
    if isinstance(statement, Insert):
        return ()
    found = paths_of(statement.where)
    if isinstance(statement, Select):
        found += statement.attributes
        return found if statement.order is None else (*found, statement.order.path)
    if isinstance(statement, Update):
        found += (*(path for path, _ in statement.sets), *statement.removes)
    return found


def conjuncts(condition: Condition | None) -> tuple[Condition, ...]:
    """Return the conditions that all have to hold, taken out of their ANDs."""
    if condition is None:
        return ()
    if isinstance(condition, All):
        return tuple(one for part in condition.parts for one in conjuncts(part))
    return (condition,)
