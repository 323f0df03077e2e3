"""Whom a statement names, and whether a condition says whose request it takes."""

import ipaddress
import re

from valetkey.iam.lint.role import Role
from valetkey.iam.lint.written import Line, Written
from valetkey.iam.policy import Layer

EVERYONE, PRINCIPAL_ARN = "*", "aws:principalarn"
ACCOUNT = r"(?:[0-9]{12}|\$\{aws:ResourceAccount\})"
ORGANISATION = r"(?:o-[a-z0-9]+|\$\{aws:ResourceOrgID\})"
BUCKET = r"arn:[^:]*:s3:[^:]*:[^:]*:[^*?]+[*]?"  # its name is nobody else's
ROLE = re.compile(r"arn:[^:]*:(?:iam|sts)::([0-9]{12}):(?:role/(?:.*/)?|assumed-role/)([^/*?$]+)")
# What a value must be to leave most of the world out.
SAYS = {
    key: re.compile(rf"(?:{text})\Z", re.IGNORECASE)
    for key, text in {
        "aws:principalaccount": ACCOUNT,
        "aws:sourceaccount": ACCOUNT,
        "aws:principalarn": rf"arn:[^:]*:(?:iam|sts)::{ACCOUNT}:.+",
        "aws:sourceowner": ACCOUNT,
        "aws:sourcearn": rf"arn:[^:]*:[^:]*:[^:]*:{ACCOUNT}:.+|{BUCKET}",
        "aws:principalorgid": ORGANISATION,
        "aws:sourceorgid": ORGANISATION,
        "aws:principalorgpaths": rf"{ORGANISATION}/.*",
        "aws:sourceorgpaths": rf"{ORGANISATION}/.*",
        "aws:userid": r"[A-Z0-9]{12,}(?::.*|[*])?",
        "aws:sourcevpc": r"vpc-[a-z0-9]+",
        "aws:sourcevpce": r"vpce-[a-z0-9]+",
        "aws:principalisawsservice": "true",
        "kms:calleraccount": ACCOUNT,
        "s3:dataaccesspointaccount": ACCOUNT,
        "s3:dataaccesspointarn": rf"arn:[^:]*:s3:[^:]*:{ACCOUNT}:.+",
    }.items()
}
SMALLEST_4, SMALLEST_6 = 8, 16  # prefix length of a network that is somebody's
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
        return line.name == "IpAddress" and _are_networks([text.value for text in line.values])
    wanted = SAYS.get(line.key)
    if wanted is None or line.name not in POSITIVE | {"Bool"}:
        return False
    return all(wanted.match(text.value) for text in line.values)


def _are_networks(texts: list[str]) -> bool:
    """Tell whether the networks are somebody's, not everybody's in small pieces."""
    try:
        networks = [ipaddress.ip_network(text, strict=False) for text in texts]
    except ValueError:
        return False
    fours = [one for one in networks if isinstance(one, ipaddress.IPv4Network)]
    sixes = [one for one in networks if isinstance(one, ipaddress.IPv6Network)]
    return all(one.prefixlen >= SMALLEST_4 for one in ipaddress.collapse_addresses(fours)) and all(
        one.prefixlen >= SMALLEST_6 for one in ipaddress.collapse_addresses(sixes)
    )


def is_account(kind: str, text: str) -> bool:
    """Tell whether a principal is everybody in an account, or everybody."""
    return kind == EVERYONE or (kind == "AWS" and (text.isdigit() or text.endswith(":root")))


def callers_of(statement: Written) -> frozenset[str]:
    """Return the roles that the statement is about, `*` for everyone: whom it names, a session's
    role, and of everyone those that a condition on `aws:PrincipalArn` names.

    An account is none: it only lets its own policies decide.
    """
    named = [text.value for kind, text in statement.principals if kind == "AWS"]
    found = {_role_of(text) for text in named if not is_account("AWS", text)}
    if any(kind == EVERYONE for kind, _ in statement.principals):
        found |= _by_arn(statement) or {EVERYONE}
    return frozenset(found)


def _by_arn(statement: Written) -> set[str]:
    """Return the roles that a condition on `aws:PrincipalArn` names; none where one has a `*`."""
    lines = [
        line
        for line in statement.lines_on(PRINCIPAL_ARN)
        if line.needs_key and line.name in POSITIVE
    ]
    values = [text.value for line in lines[:1] for text in line.values]
    return {_role_of(text) for text in values} if all(map(ROLE.fullmatch, values)) else set()


def _role_of(text: str) -> str:
    """Return the ARN, without path, of a role or of a session's role; another text as it is."""
    match = ROLE.match(text)
    return f"arn:aws:iam::{match[1]}:role/{match[2]}" if match else text


def tenant_callers(role: Role) -> frozenset[str]:
    """Return whom the tenants' statements of resource policies are about: one of them is the role.

    Empty where resource policies have no such statement.
    """
    own = (one for one in role.allows(Layer.RESOURCE) if _is_a_tenants(role, one))
    return frozenset[str]().union(*map(callers_of, own))


def _is_a_tenants(role: Role, statement: Written) -> bool:
    own = any(role.tenant_variables(statement, text) for text in statement.resources)
    return (own and not statement.not_resource) or role.is_tied(statement)


def likely_callers(role: Role) -> frozenset[str]:
    """Return the roles that this one may be: those of the tenants' statements of resource policies,
    else all that resource policies grant something.
    """
    granted = map(callers_of, role.allows(Layer.RESOURCE))
    return tenant_callers(role) - {EVERYONE} or frozenset[str]().union(*granted) - {EVERYONE}


def same_caller(role: Role, wide: Written, narrow: Written, named: frozenset[str]) -> bool | None:
    """Tell whether both statements are of one caller; None if not, False where it is a guess.

    Identity policies are the role's. Of a resource's policy the role is one that is `named` in its
    tenants' statements; where it has none, that it is the role which a statement names is a guess.
    """
    role.effort.spend(4 + _size(wide) + _size(narrow))
    if wide.layer is not Layer.RESOURCE:
        return True
    callers = callers_of(wide)
    theirs = callers_of(narrow) if narrow.layer is Layer.RESOURCE else named
    if EVERYONE in callers or callers & theirs:
        return True
    guess = EVERYONE in theirs or (narrow.layer is not Layer.RESOURCE and not named)
    return False if guess or _delegated(narrow, callers) else None


def _size(statement: Written) -> int:
    """Return what finding its callers costs."""
    values = sum(len(line.values) for line in statement.lines_on(PRINCIPAL_ARN))
    return 12 * (len(statement.principals) + values)


def _delegated(statement: Written, callers: frozenset[str]) -> set[str]:
    """Return those of the roles whose account the statement names."""
    named = [text.value for kind, text in statement.principals if is_account(kind, text.value)]
    accounts = {found[0] for text in named if (found := re.search(r"[0-9]{12}", text))}
    matches = {one: ROLE.match(one) for one in callers}
    return {one for one, match in matches.items() if match and match[1] in accounts}
