"""Do conditions keep two statements to different data, so that no request is of both?"""

from valetkey.iam.condition import Quantifier
from valetkey.iam.lint.pattern import any_meet
from valetkey.iam.lint.role import FOREIGN, Role, tells_whose
from valetkey.iam.lint.written import Line, Written

POSITIVE = frozenset({"StringEquals", "StringLike"})


def may_be_one_request(role: Role, wide: Written, narrow: Written) -> bool:
    """Tell whether no key's values keep the two apart (`public/*` and `traces/${…}/*`)."""
    for line in wide.lines:
        others = narrow.lines_on(line.key) if tells_whose(line.key) else []
        role.effort.spend(len(others))
        for other in others:
            if _are_opposite(line, other) and not role.speaks_of_tenant(wide, line):
                return False
            both = line.name in POSITIVE and other.name in POSITIVE
            here = [role.pattern(wide, value) for value in line.values]
            there = [role.pattern(narrow, value, FOREIGN) for value in other.values]
            if both and not any_meet(here, there, role.effort):
                return False
    return True


def _are_opposite(one: Line, other: Line) -> bool:
    """Tell whether one says of the same values what the other denies."""
    alike = one.name.replace("Not", "") == other.name.replace("Not", "")
    values = {text.value for text in one.values}
    return (
        alike
        and one.negated != other.negated
        and values == {text.value for text in other.values}
        and one.quantifier is other.quantifier is Quantifier.SCALAR
    )
