"""PartiQL conditions and changes as expressions of the item operations, with fresh aliases only.

No name and no value of a statement stands in an expression: none can be read as anything else.
"""

from collections.abc import Sequence
from typing import Any

from valetkey.localaws.dynamodb_partiql_shapes import (
    All,
    AnyOf,
    AttributeValue,
    Between,
    Called,
    Comparison,
    Condition,
    Missing,
    Not,
    Path,
    Update,
    Within,
)


class Expressions:
    """Writes the expressions of one request; `aliases` are what they all stand on."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._values: list[AttributeValue] = []

    def aliases(self) -> dict[str, Any]:
        """Return the request's members that say what the aliases mean."""
        found: dict[str, Any] = {}
        if self._names:
            found["ExpressionAttributeNames"] = {to: name for name, to in self._names.items()}
        if self._values:
            found["ExpressionAttributeValues"] = {
                f":v{at}": value for at, value in enumerate(self._values)
            }
        return found

    def name(self, text: str) -> str:
        """Return the alias of an attribute's name."""
        return self._names.setdefault(text, f"#n{len(self._names)}")

    def value(self, value: AttributeValue) -> str:
        """Return a new alias of a value."""
        self._values.append(value)
        return f":v{len(self._values) - 1}"

    def path(self, path: Path) -> str:
        """Return a path."""
        text = ""
        for step in path.steps:
            if isinstance(step, int):
                text += f"[{step}]"
            else:
                text += f".{self.name(step)}" if text else self.name(step)
        return text

    def projection(self, paths: Sequence[Path]) -> str:
        """Return a projection expression."""
        return ", ".join(self.path(path) for path in paths)

    def joined(self, parts: Sequence[Condition]) -> str:
        """Return the condition that all of these hold; there is one at least."""
        return " AND ".join(self._grouped(part) for part in parts)

    def condition(self, condition: Condition) -> str:
        """Return a condition expression."""
        if isinstance(condition, All):
            return self.joined(condition.parts)
        if isinstance(condition, AnyOf):
            return " OR ".join(self._grouped(part) for part in condition.parts)
        if isinstance(condition, Not):
            return f"NOT ({self.condition(condition.part)})"
        path = self.path(condition.path)
        if isinstance(condition, Comparison):
            return f"{path} {condition.sign} {self.value(condition.value)}"
        if isinstance(condition, Between):
            return f"{path} BETWEEN {self.value(condition.low)} AND {self.value(condition.high)}"
        if isinstance(condition, Within):
            return f"{path} IN ({', '.join(self.value(one) for one in condition.values)})"
        if isinstance(condition, Missing):
            return f"attribute_{'not_' if condition.missing else ''}exists({path})"
        return self._call(path, condition)

    def changes(self, update: Update) -> str:
        """Return the update expression."""
        sets = [f"{self.path(path)} = {self.value(value)}" for path, value in update.sets]
        removes = [self.path(path) for path in update.removes]
        clauses = [f"SET {', '.join(sets)}"] if sets else []
        return " ".join([*clauses, *([f"REMOVE {', '.join(removes)}"] if removes else [])])

    def _call(self, path: str, called: Called) -> str:
        return f"{called.function}({path}, {self.value(called.value)})"

    def _grouped(self, condition: Condition) -> str:
        text = self.condition(condition)
        return f"({text})" if isinstance(condition, All | AnyOf | Not | Between) else text
