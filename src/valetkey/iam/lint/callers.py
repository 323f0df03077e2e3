"""Whom a statement names, and whether a condition says whose request it takes."""

import ipaddress
import re

from valetkey.iam.lint.role import Role
from valetkey.iam.lint.written import Line, Written
from valetkey.iam.policy import Layer

EVERYONE = "*"
ACCOUNT = r"(?:[0-9]{12}|\$\{aws:ResourceAccount\})"
ORGANISATION = r"(?:o-[a-z0-9]+|\$\{aws:ResourceOrgID\})"
# What a value must be to leave most of the world out.
SAYS = {
    key: re.compile(rf"(?:{text})\Z", re.IGNORECASE)
    for key, text in {
        "aws:principalaccount": ACCOUNT,
        "aws:sourceaccount": ACCOUNT,
        "aws:principalarn": rf"arn:[^:]*:(?:iam|sts)::{ACCOUNT}:.+",
        "aws:sourcearn": rf"arn:[^:]*:[^:]*:[^:]*:{ACCOUNT}:.+|arn:[^:]*:s3:::[^*?]+[*]?",
        "aws:principalorgid": ORGANISATION,
        "aws:sourceorgid": ORGANISATION,
        "aws:principalorgpaths": rf"{ORGANISATION}/.*",
        "aws:sourceorgpaths": rf"{ORGANISATION}/.*",
        "aws:userid": r"[A-Z0-9]{12,}(?::.*|[*])?",
        "aws:sourcevpc": r"vpc-[a-z0-9]+",
        "aws:sourcevpce": r"vpce-[a-z0-9]+",
        "aws:principalisawsservice": "true",
    }.items()
}
SMALLEST_PREFIX = {4: 8, 6: 16}  # of a network that is somebody's
POSITIVE = frozenset(
    {"StringEquals", "StringEqualsIgnoreCase", "StringLike", "ArnEquals", "ArnLike"}
)


def says_who(statement: Written) -> bool:
    """Tell whether a condition leaves most of the world out; a Null test does not, nor does a
    pattern of any account, of any organisation or of every address.
    """
    return any(_says_who(line) for line in statement.lines if line.needs_key)


def _says_who(line: Line) -> bool:
    if not line.values or line.negated:
        return False
    if line.key == "aws:sourceip":
        return line.name == "IpAddress" and all(_is_a_network(text.value) for text in line.values)
    wanted = SAYS.get(line.key)
    if wanted is None or line.name not in POSITIVE | {"Bool"}:
        return False
    return all(wanted.match(text.value) for text in line.values)


def _is_a_network(text: str) -> bool:
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return network.prefixlen >= SMALLEST_PREFIX[network.version]


def is_account(kind: str, text: str) -> bool:
    """Tell whether a principal is everybody in an account, or everybody."""
    return kind == EVERYONE or (kind == "AWS" and (text.isdigit() or text.endswith(":root")))


def callers_of(statement: Written) -> frozenset[str]:
    """Return the roles and sessions that the statement grants something, `*` for everyone.

    An account is none: it only lets its own policies decide.
    """
    return frozenset(
        text.value
        for kind, text in statement.principals
        if kind == EVERYONE or (kind == "AWS" and not is_account(kind, text.value))
    )


def named_callers(role: Role) -> frozenset[str]:
    """Return all that resource policies grant something: one of them is the role."""
    return frozenset[str]().union(*map(callers_of, role.allows(Layer.RESOURCE)))


def same_caller(role: Role, wide: Written, narrow: Written, named: frozenset[str]) -> bool | None:
    """Tell whether both statements are of one caller; None if not, False where it is a guess.

    Identity policies are the role's. Of a resource's policy the role may be any that is `named`.
    """
    role.effort.spend(4 + 8 * len(wide.principals) + 4 * len(narrow.principals))
    if wide.layer is not Layer.RESOURCE:
        return True
    callers = callers_of(wide)
    if EVERYONE in callers or (narrow.layer is Layer.RESOURCE and callers & callers_of(narrow)):
        return True
    if narrow.layer is Layer.RESOURCE:
        return None
    return len(named) == 1
