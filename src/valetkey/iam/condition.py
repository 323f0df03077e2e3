"""One line of a Condition block: operator, key and values, with set prefix and IfExists.

IAM User Guide, "Condition operators" and "Set operators for multivalued context keys". What it
says, and what the service was seen to do, about keys that are absent or multivalued:

- absent: a negated operator, an …IfExists one and ForAllValues are true; all others false;
- multivalued (a tuple, even of one): no operator without a set prefix matches it, negated or
  …IfExists ones included;
- a set operator takes each member, `""` too; ForAllValues of no member is true, ForAnyValue false.
"""

from dataclasses import dataclass
from enum import Enum

from valetkey.iam.document import quoted
from valetkey.iam.errors import PolicyError
from valetkey.iam.operators import OPERATORS, Comparison, Values, parse_boolean
from valetkey.iam.template import compile_text
from valetkey.iam.variables import ContextValue, Keys
from valetkey.iam.work import NO_WORK, Work, work_of

IF_EXISTS = "IfExists"


class Quantifier(Enum):
    """How many members of a multivalued key must satisfy the operator."""

    SCALAR = ""
    ALL = "ForAllValues:"
    ANY = "ForAnyValue:"


@dataclass(frozen=True, slots=True, eq=False)
class Condition:
    """A compiled condition; `key` is in lower case, `written_key` as in the policy."""

    operator: str
    key: str
    written_key: str
    comparison: Comparison
    quantifier: Quantifier = Quantifier.SCALAR
    negated: bool = False
    if_exists: bool = False
    null: frozenset[bool] | None = None  # of the Null operator: whether absence is wanted
    work: Work = NO_WORK

    def holds(self, keys: Keys) -> bool:
        """Tell whether the request's keys satisfy the condition."""
        value = keys.get(self.key)
        if self.null is not None:
            return (value is None or value == ()) in self.null
        if self.quantifier is Quantifier.SCALAR:
            if value is None:
                return self.negated or self.if_exists
            if not isinstance(value, str):
                return False
            return self.comparison.matches(value, keys) != self.negated
        return self._holds_for_set(value, keys)

    def _holds_for_set(self, value: ContextValue | None, keys: Keys) -> bool:
        every = self.quantifier is Quantifier.ALL
        if value is None:
            return every or self.if_exists
        members = (value,) if isinstance(value, str) else value
        matches, negated = self.comparison.matches, self.negated
        for member in members:
            if (matches(member, keys) != negated) is not every:
                return not every
        return every

    def wanted(self, keys: Keys) -> tuple[str, ...]:
        """Return the policy's values with variables filled in, for a person."""
        return tuple(template.shown(keys) for template in self.comparison.wanted)


def compile_condition(
    operator: str, key: str, texts: tuple[str, ...], *, path: str, variables: bool
) -> Condition:
    """Return the condition that `{operator: {key: texts}}` writes.

    Raises PolicyError `malformed-policy` for an operator that IAM does not have, a value that
    is not of its type, and no value at all.
    """
    if not texts:
        raise PolicyError("malformed-policy", f"{path}: a condition needs a value")
    values = Values(texts, path, variables)
    if operator == "Null":
        wanted = values.constants(parse_boolean, "`true` or `false`")
        shown = tuple(compile_text(text, path, wildcards=False, variables=False) for text in texts)
        never = Comparison(lambda _text, _keys: False, shown)
        return Condition(
            operator, key.lower(), key, never, null=frozenset(value is True for value in wanted)
        )
    quantifier, name, if_exists = _read_operator(operator)
    if name not in OPERATORS:
        raise PolicyError(
            "malformed-policy", f"{path}: {quoted(operator)} is not a condition operator"
        )
    compile_values, negated = OPERATORS[name]
    compared = compile_values(values)
    return Condition(
        operator,
        key.lower(),
        key,
        compared,
        quantifier=quantifier,
        negated=negated,
        if_exists=if_exists,
        work=work_of(compared.wanted),
    )


def _read_operator(operator: str) -> tuple[Quantifier, str, bool]:
    """Return set prefix, plain name, and whether IfExists is written."""
    quantifier = Quantifier.SCALAR
    for candidate in (Quantifier.ALL, Quantifier.ANY):
        if operator.startswith(candidate.value):
            quantifier = candidate
    name = operator.removeprefix(quantifier.value)
    return quantifier, name.removesuffix(IF_EXISTS), name.endswith(IF_EXISTS)
