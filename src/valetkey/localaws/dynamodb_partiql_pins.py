"""Which conditions fix the partition key to certain values, and which could be made to.

Standard: "PartiQL select statements for DynamoDB" (developer guide): `=`, IN, and `=` of the one
key with OR between them are no full scan.
"""

from valetkey.localaws.dynamodb_partiql_shapes import (
    All,
    AnyOf,
    AttributeValue,
    Comparison,
    Condition,
    Not,
    Within,
)


def key_values(condition: Condition, attribute: str) -> tuple[AttributeValue, ...] | None:
    """Return the values that a condition in plain form fixes the attribute to, None for none."""
    if isinstance(condition, AnyOf):
        found = [key_values(part, attribute) for part in condition.parts]
        if any(values is None for values in found):
            return None
        return tuple(value for values in found if values is not None for value in values)
    if not isinstance(condition, Comparison | Within) or condition.path.steps != (attribute,):
        return None
    if isinstance(condition, Within):
        return condition.values
    return (condition.value,) if condition.sign == "=" else None


def may_pin(condition: Condition, attribute: str, *, negated: bool = False) -> bool:
    """Tell whether the condition, or its contrary, holds for certain values of it only."""
    if isinstance(condition, Not):
        return may_pin(condition.part, attribute, negated=not negated)
    if isinstance(condition, All | AnyOf):
        parts = [may_pin(part, attribute, negated=negated) for part in condition.parts]
        return any(parts) if isinstance(condition, All) is not negated else all(parts)
    if condition.path.steps != (attribute,):
        return False
    if isinstance(condition, Comparison):
        return condition.sign == ("<>" if negated else "=")
    return isinstance(condition, Within) and not negated
