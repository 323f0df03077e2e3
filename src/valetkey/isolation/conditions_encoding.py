"""A condition of a statement on a key that is not yet known, as `condition.py` has it."""

from valetkey.iam.condition import Condition, Quantifier
from valetkey.isolation.filling import Lookup
from valetkey.isolation.formula import Constant, Formula, Text, all_of, any_of, negated
from valetkey.isolation.keys import Case, cases
from valetkey.isolation.operators_encoding import compared


def condition_holds(condition: Condition, lookup: Lookup) -> Formula:
    """Return that the condition holds. Raises Unencodable."""
    return any_of(
        all_of([case.when, _holds(condition, case, lookup)])
        for case in cases(lookup(condition.key))
    )


def _holds(condition: Condition, case: Case, lookup: Lookup) -> Formula:
    """Return that it holds in one case of its key."""
    if condition.operator == "Null":
        return Constant(condition.holds({} if case.is_absent else {condition.key: ""}))
    if case.is_absent:
        return Constant(condition.holds({}))
    if case.text is not None:
        return _compared(condition, case.text, lookup)
    every = condition.quantifier is Quantifier.ALL
    if condition.quantifier is Quantifier.SCALAR:
        return Constant(False)
    members = case.members or ()
    if every:
        return all_of(
            any_of([negated(one.present), _compared(condition, one.text, lookup)])
            for one in members
        )
    return any_of(all_of([one.present, _compared(condition, one.text, lookup)]) for one in members)


def _compared(condition: Condition, subject: Text, lookup: Lookup) -> Formula:
    found = compared(condition, subject, lookup)
    return negated(found) if condition.negated else found
