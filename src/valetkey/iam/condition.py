"""One line of a Condition block: operator, key and values, with set prefix and IfExists.

IAM User Guide, "Condition operators" and "Set operators for multivalued context keys". What it
says, and what the service was seen to do, about keys that are absent or multivalued:

- absent: a negated operator, an …IfExists one and ForAllValues are true; all others false;
- multivalued (a tuple, even of one): no operator without a set prefix matches it, negated or
  …IfExists ones included;
- a set operator takes each member, `""` too. A key without a member is absent (`Request`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from valetkey.iam.document import quoted
from valetkey.iam.errors import PolicyError
from valetkey.iam.matching import Matches
from valetkey.iam.operators import OPERATORS, Comparison, Values, parse_boolean
from valetkey.iam.request import MAX_MEMBERS, MAX_VALUE
from valetkey.iam.template import compile_text
from valetkey.iam.variables import Keys
from valetkey.iam.work import NO_WORK, TRY, Work, added

IF_EXISTS = "IfExists"
NAMES = {name.lower(): name for name in (*OPERATORS, "Null")}
NOTHING = Comparison(lambda _text, _keys: False, (), NO_WORK)

Holds = Callable[[Keys], bool]


class Quantifier(Enum):
    """How many members of a multivalued key must satisfy the operator."""

    SCALAR = ""
    ALL = "ForAllValues:"
    ANY = "ForAnyValue:"


@dataclass(frozen=True, slots=True, eq=False)
class Condition:
    """A compiled condition; `key` is in lower case, `written_key` as in the policy.

    `holds(keys)` tells whether the request's keys satisfy it.
    """

    operator: str
    key: str
    written_key: str
    comparison: Comparison
    holds: Holds
    quantifier: Quantifier = Quantifier.SCALAR
    negated: bool = False
    if_exists: bool = False
    work: Work = NO_WORK
    most_steps: int = 0  # of that work, for the request that makes it the most

    def wanted(self, keys: Keys) -> tuple[str, ...]:
        """Return the policy's values with variables filled in, for a person."""
        return tuple(template.shown(keys) for template in self.comparison.wanted)


def compile_condition(
    operator: str, key: str, texts: tuple[str, ...], *, path: str, variables: bool
) -> Condition:
    """Return the condition that `{operator: {key: texts}}` writes.

    Operators are read in any case. Raises PolicyError `malformed-policy` for one that IAM does
    not have, and for a value that is not of its type. Without a value, Null and the negated ones
    are refused; of all others AWS says that no present key matches.
    """
    values = Values(texts, path, variables)
    quantifier, name, if_exists = _read_operator(operator)
    if name == "Null" and texts and quantifier is Quantifier.SCALAR and not if_exists:
        return _compile_null(key, values)
    if name not in OPERATORS:
        raise PolicyError(
            "malformed-policy", f"{path}: {quoted(operator)} is not a condition operator"
        )
    negated = OPERATORS[name][1]
    compared = _compared(name, values)
    work = added([Work(TRY), compared.work])
    lowered = key.lower()
    if quantifier is Quantifier.SCALAR:
        most = work.steps(values=1, letters=MAX_VALUE)
        holds = _of_scalar(lowered, compared.matches, negated, absent=negated or if_exists)
    else:
        most = work.steps(values=MAX_MEMBERS, letters=MAX_MEMBERS * MAX_VALUE)
        every = quantifier is Quantifier.ALL
        holds = _of_set(lowered, compared.matches, negated, every=every, absent=every or if_exists)
    return Condition(
        f"{quantifier.value}{name}{IF_EXISTS if if_exists else ''}",
        lowered,
        key,
        compared,
        holds,
        quantifier=quantifier,
        negated=negated,
        if_exists=if_exists,
        work=work,
        most_steps=most,
    )


def _compared(name: str, values: Values) -> Comparison:
    compile_values, negated = OPERATORS[name]
    if values.texts:
        return compile_values(values)
    if negated:
        raise PolicyError("malformed-policy", f"{values.path}: a negated condition needs a value")
    return NOTHING


def _compile_null(key: str, values: Values) -> Condition:
    wanted = frozenset(
        value is True for value in values.constants(parse_boolean, "`true` or `false`")
    )
    shown = tuple(
        compile_text(text, values.path, wildcards=False, variables=False) for text in values.texts
    )
    never = Comparison(lambda _text, _keys: False, shown, NO_WORK)
    lowered = key.lower()
    return Condition(
        "Null",
        lowered,
        key,
        never,
        lambda keys: (lowered not in keys) in wanted,
    )


def _of_scalar(key: str, matches: Matches, negated: bool, *, absent: bool) -> Holds:
    def holds(keys: Keys) -> bool:
        value = keys.get(key)
        if value is None:
            return absent
        return isinstance(value, str) and matches(value, keys) != negated

    return holds


def _of_set(key: str, matches: Matches, negated: bool, *, every: bool, absent: bool) -> Holds:
    def holds(keys: Keys) -> bool:
        value = keys.get(key)
        if value is None:
            return absent
        for member in (value,) if isinstance(value, str) else value:
            if (matches(member, keys) != negated) is not every:
                return not every
        return every

    return holds


def _read_operator(operator: str) -> tuple[Quantifier, str, bool]:
    """Return set prefix, plain name as IAM writes it ("" for an unknown one), and whether
    IfExists is written.
    """
    lowered = operator.lower() if operator.isascii() else ""
    quantifier = Quantifier.SCALAR
    for candidate in (Quantifier.ALL, Quantifier.ANY):
        if lowered.startswith(candidate.value.lower()):
            quantifier = candidate
    name = lowered.removeprefix(quantifier.value.lower())
    if_exists = IF_EXISTS.lower()
    return quantifier, NAMES.get(name.removesuffix(if_exists), ""), name.endswith(if_exists)
