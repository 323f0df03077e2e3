"""Lessons 4 and 6: what variables and wildcards in a policy's text stand for."""

from collections.abc import Iterator

from valetkey.iam.lint.closing import PREFIX
from valetkey.iam.lint.finding import Finding, Rule, Severity, found
from valetkey.iam.lint.role import Role
from valetkey.iam.lint.written import Line, Text, Written
from valetkey.iam.policy import Layer
from valetkey.iam.variables import Variable, split_variables

THEME = "Variables and wildcards"
EXACT = frozenset({"StringEquals", "StringNotEquals"})
LIKE = frozenset({
    "StringLike", "StringNotLike", "ArnLike", "ArnEquals", "ArnNotLike", "ArnNotEquals",
})  # fmt: skip

LOOSE_END = Rule(
    "variable-without-delimiter",
    Severity.ERROR,
    "a wildcard right after the tenant's variable",
    "Nothing ends the tenant's value: tenant `a` reaches everything of tenant `ab`.",
    "write a delimiter that no tenant's value has between variable and wildcard: "
    "`${aws:PrincipalTag/TAG}/*`",
    THEME,
)
LOOSE_START = Rule(
    "wildcard-before-variable",
    Severity.WARNING,
    "a wildcard before the tenant's variable",
    "The wildcard matches other tenants' prefixes too: whoever has `…/a/…` anywhere in a name "
    "shares it with tenant `a`.",
    "write the fixed text that stands before the variable",
    THEME,
)
OLD_VERSION = Rule(
    "variable-in-old-version",
    Severity.WARNING,
    "a variable in a policy without variables",
    'Without `"Version": "2012-10-17"` the text `${…}` is literal: an Allow matches nothing, '
    "a Deny never fires.",
    'write `"Version": "2012-10-17"`',
    THEME,
)
DEFAULT = Rule(
    "default-for-tenant",
    Severity.ERROR,
    "a default in place of a missing tenant",
    "Every session without the tag gets the default tenant's data, and a tenant of that name "
    "shares it with all of them.",
    "remove the default: without a value the statement matches nothing",
    THEME,
)
WILD_EXACT = Rule(
    "wildcard-in-exact-operator",
    Severity.WARNING,
    "a wildcard in an operator that takes it literally",
    "`StringEquals` compares `*` and `?` as plain characters: the value matches nothing real.",
    "write `StringLike` (`StringNotLike`)",
    THEME,
)
BEGUN = "A prefix matches all that begins with it, as if a wildcard stood there."
RULES = (LOOSE_END, LOOSE_START, OLD_VERSION, DEFAULT, WILD_EXACT)


def texts_of(statement: Written) -> Iterator[tuple[Text, Line | None]]:
    """Give every text in which a variable may stand, with its condition line."""
    for text in statement.resources:
        yield text, None
    for line in statement.lines:
        for text in line.values:
            yield text, line


def delimiters(role: Role) -> Iterator[Finding]:
    """Find tenants' variables that a wildcard touches, or that a wildcard precedes: in what an
    Allow covers, and in what a Deny spares.
    """
    for statement in role.statements():
        for text, line in texts_of(statement):
            if line is not None and line.name not in LIKE:
                continue
            spares = statement.not_resource if line is None else line.negated
            if spares == statement.allow or not role.tenant_variables(statement, text):
                continue
            rule = _looseness(role, text)
            if rule is not None:
                weak = rule is LOOSE_END and not statement.allow and not _is_open(role)
                severity = Severity.WARNING if weak else None
                yield found(rule, statement.file, path=text.path, severity=severity)


def _looseness(role: Role, text: Text) -> Rule | None:
    """Return what is wrong with the first tenant's variable that is loose."""
    parts = split_variables(text.value, text.path)
    before = ""
    for index, part in enumerate(parts):
        if isinstance(part, Variable) and role.is_tenant_key(part.key):
            after = parts[index + 1] if index + 1 < len(parts) else ""
            if isinstance(after, str) and after[:1] in ("*", "?"):
                return LOOSE_END
            if "*" in _last_part(before):
                return LOOSE_START
        before += part if isinstance(part, str) else ""
    return None


def open_prefixes(role: Role) -> Iterator[Finding]:
    """Find prefixes of an Allow that end with the tenant's variable: listings go on from it."""
    for statement in role.allows():
        for line in statement.lines_on(PREFIX):
            for text in () if line.negated else line.values:
                own = role.tenant_variables(statement, text)
                if own and text.value.endswith(own[-1].written):
                    severity = Severity.WARNING
                    yield found(
                        LOOSE_END, statement.file, path=text.path, why=BEGUN, severity=severity
                    )


def _is_open(role: Role) -> bool:
    """Tell whether the role has an Allow that its tenants' Denies have to bound."""
    return any(not role.keeps_to_own(one) for one in role.allows(Layer.IDENTITY, Layer.RESOURCE))


def _last_part(text: str) -> str:
    """Return what follows an ARN's fifth colon; all of any other text."""
    return text.split(":", 5)[-1] if text.startswith("arn:") else text


def old_version(role: Role) -> Iterator[Finding]:
    """Find `${…}` where the document's Version has no variables."""
    for statement in role.statements():
        if statement.variables:
            continue
        for text, line in texts_of(statement):
            if "${" in text.value:
                opens = statement.allow == (line is not None and line.negated)
                severity = Severity.ERROR if opens else None
                yield found(OLD_VERSION, statement.file, path=text.path, severity=severity)


def defaults(role: Role) -> Iterator[Finding]:
    """Find defaults of tenants' variables in an Allow."""
    for statement in role.allows():
        for text, _ in texts_of(statement):
            for variable in role.tenant_variables(statement, text):
                if variable.default is not None:
                    bare = variable.written.split(",")[0] + "}"
                    yield found(DEFAULT, statement.file, path=text.path, mend=f"write `{bare}`")


def wild_in_exact(role: Role) -> Iterator[Finding]:
    """Find wildcards in values of StringEquals and StringNotEquals."""
    for statement in role.statements():
        for line in statement.lines:
            if line.name not in EXACT:
                continue
            for value in line.values:
                text = value.value.replace("${*}", "").replace("${?}", "")
                if "*" in text or "?" in text:
                    opens = statement.allow == line.negated
                    like = line.operator.replace("Equals", "Like")
                    yield found(
                        WILD_EXACT,
                        statement.file,
                        path=value.path,
                        mend=f'write `"{like}"`',
                        severity=Severity.ERROR if opens else None,
                    )


CHECKS = (delimiters, open_prefixes, old_version, defaults, wild_in_exact)
