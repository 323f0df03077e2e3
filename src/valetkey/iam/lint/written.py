"""Policies as they are written, with the JSON path of each text: what a finding points at.

The evaluator's compiled statements forget where a text stood and how it was spelled; they are
kept beside, to be asked.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from valetkey.iam.condition import Condition, Quantifier
from valetkey.iam.document import quoted
from valetkey.iam.policy import Layer, Statement
from valetkey.iam.variables import Variable, split_variables


class Text(NamedTuple):
    """One string of a policy, and where it stands."""

    value: str
    path: str


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """One key under one operator of a Condition block. `key` is in lower case; `name` is the
    operator without set prefix and IfExists.
    """

    operator: str
    quantifier: Quantifier
    name: str
    negated: bool
    if_exists: bool
    key: str
    written_key: str
    values: tuple[Text, ...]
    path: str
    condition: Condition

    @property
    def guard(self) -> str:
        """The Null test that keeps out requests without the key, as JSON."""
        return f'"Null": {{"{self.written_key}": "false"}}'

    @property
    def needs_key(self) -> bool:
        """Whether it can hold only where the request has the key."""
        if self.name == "Null":
            return self.says_null(wanted=False)
        if self.if_exists or self.quantifier is Quantifier.ALL:
            return False
        return self.quantifier is Quantifier.ANY or not self.negated

    def says_null(self, *, wanted: bool) -> bool:
        """Tell whether it is a Null test that wants the key absent (`wanted`) or there."""
        texts = {text.value.lower() for text in self.values}
        return self.name == "Null" and texts == {"true" if wanted else "false"}


@dataclass(frozen=True, slots=True, eq=False)
class Written:
    """One statement as it is written. `resources` is empty in a trust policy; `principals` has
    each principal with its kind (`AWS`, `Federated`, `Service`, `*`) as (kind, text).
    """

    file: str
    path: str
    layer: Layer
    variables: bool  # whether its Version has them
    sid: str
    allow: bool
    actions: tuple[Text, ...]
    not_action: bool
    resources: tuple[Text, ...]
    not_resource: bool
    principals: tuple[tuple[str, Text], ...]
    not_principal: bool
    lines: tuple[Line, ...]
    raw: Mapping[str, object]
    compiled: Statement
    _by_key: dict[str, list[Line]] = field(init=False, repr=False, default_factory=dict)
    _needed: set[str] = field(init=False, repr=False, default_factory=set)

    def __post_init__(self) -> None:
        for line in self.lines:
            self._by_key.setdefault(line.key, []).append(line)
            if line.needs_key:
                self._needed.add(line.key)

    @property
    def name(self) -> str:
        """What a sentence calls it."""
        return f"{self.file} {self.path}" + (f" ({quoted(self.sid)})" if self.sid else "")

    def variables_of(self, text: Text) -> list[Variable]:
        """Return the variables of a text; none where the Version has none."""
        if not self.variables or "${" not in text.value:
            return []
        parts = split_variables(text.value, text.path)
        return [part for part in parts if isinstance(part, Variable)]

    def lines_on(self, key: str) -> list[Line]:
        """Return the condition lines on `key`, given in lower case."""
        return self._by_key.get(key, [])

    def needs(self, key: str) -> bool:
        """Tell whether the statement takes effect only where the request has the key."""
        return key in self._needed


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """One policy of a file. `raw` is what a JSON reader made of it."""

    file: str
    path: str
    layer: Layer
    statements: tuple[Written, ...]
    raw: Mapping[str, object]
