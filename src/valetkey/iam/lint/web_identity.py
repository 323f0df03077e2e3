"""Lesson 17: which tokens of an identity provider take the role."""

import re
from collections.abc import Iterator

from valetkey.iam.lint.finding import Finding, Rule, Severity, found
from valetkey.iam.lint.role import REQUEST_TAG, Role
from valetkey.iam.lint.written import Line, Text, Written
from valetkey.iam.policy import Layer

THEME = "Web identity"
AUDIENCES = (":aud", ":oaud", ":app_id", ":azp")
SUBJECTS = (":sub", ":id", ":user_id")
SERVICE_ACCOUNT = "system:serviceaccount:"
WILD = re.compile(r"[*?]")

OPEN = Rule(
    "web-identity-without-conditions",
    Severity.ERROR,
    "every token of the identity provider takes the role",
    "Nothing is asked of the token: whoever gets any token from this issuer, for any "
    "application, becomes this role.",
    'add `"StringEquals": {"ISSUER:aud": "…", "ISSUER:sub": "…"}`',
    THEME,
)
NO_SUBJECT = Rule(
    "web-identity-without-subject",
    Severity.ERROR,
    "a token of any subject takes the role",
    "The audience says which application a token is for, not who it is about: every subject of "
    "the issuer becomes this role.",
    'add `"StringEquals": {"ISSUER:sub": "…"}`',
    THEME,
)
NO_AUDIENCE = Rule(
    "web-identity-without-audience",
    Severity.ERROR,
    "a token for any application takes the role",
    "A token that the subject gave to another application is accepted here.",
    'add `"StringEquals": {"ISSUER:aud": "sts.amazonaws.com"}`',
    THEME,
)
LOOSE = Rule(
    "web-identity-loose-subject",
    Severity.ERROR,
    "a pattern of subjects that strangers fit",
    "The wildcard stands where the token says whose it is: on a shared issuer anybody can make a "
    "subject that matches.",
    "write out organisation and repository, or namespace and service account",
    THEME,
)
RULES = (OPEN, NO_SUBJECT, NO_AUDIENCE, LOOSE)


def _web_statements(role: Role) -> Iterator[Written]:
    for statement in role.allows(Layer.TRUST):
        federated = [text.value for kind, text in statement.principals if kind == "Federated"]
        web = any(":saml-provider/" not in name for name in federated)
        if web and role.covers(statement, "sts:assumerolewithwebidentity"):
            yield statement


def _asks(statement: Written, endings: tuple[str, ...]) -> bool:
    return any(line.key.endswith(endings) and statement.needs(line.key) for line in statement.lines)


def unasked(role: Role) -> Iterator[Finding]:
    """Find web identity without audience, without subject, or without either.

    A subject is not all: a token that brings the tenant's tag is bound by its issuer.
    """
    for statement in _web_statements(role):
        audience, subject = _asks(statement, AUDIENCES), _asks(statement, SUBJECTS)
        where = statement.path if not statement.lines else f"{statement.path}.Condition"
        issuer = _issuer(statement)
        if not audience and not subject:
            needed = f'"{issuer}:aud": "…", "{issuer}:sub": "…"'
            rule, severity = (OPEN if not statement.lines else NO_SUBJECT), None
        elif not subject:
            needed, rule = f'"{issuer}:sub": "…"', NO_SUBJECT
            tagged = any(line.key.startswith(REQUEST_TAG) for line in statement.lines)
            severity = Severity.WARNING if tagged else None
        elif not audience:
            needed, rule, severity = f'"{issuer}:aud": "…"', NO_AUDIENCE, None
        else:
            continue
        mend = f'add `"StringEquals": {{{needed}}}`'
        yield found(rule, statement.file, path=where, mend=mend, severity=severity)


def _issuer(statement: Written) -> str:
    names = [text.value for kind, text in statement.principals if kind == "Federated"]
    return names[0].partition(":oidc-provider/")[2] or names[0]


def loose_subjects(role: Role) -> Iterator[Finding]:
    """Find subjects whose wildcard takes in strangers (`repo:*`), or neighbours (`repo:org/*`)."""
    for statement in _web_statements(role):
        for line in statement.lines:
            if not line.key.endswith(SUBJECTS) or line.negated or line.name == "Null":
                continue
            for value in line.values:
                if (severity := _looseness(line, value)) is not None:
                    yield found(LOOSE, statement.file, path=value.path, severity=severity)


def _looseness(line: Line, value: Text) -> Severity | None:
    """Return how bad a wildcard is: an error in what names the owner, else a warning."""
    if line.name not in ("StringLike", "ArnLike") or not WILD.search(value.value):
        return None
    text = value.value.removeprefix(SERVICE_ACCOUNT)
    segments = re.split(r"[:/]", text)
    owner = 1 if text == value.value and len(segments) > 1 else 0
    if any(WILD.search(segment) for segment in segments[: owner + 1]):
        return Severity.ERROR
    last = len(segments) - 1
    first = next(index for index, segment in enumerate(segments) if WILD.search(segment))
    return Severity.WARNING if first <= owner + 1 and (first < last or owner + 1 == last) else None


CHECKS = (unasked, loose_subjects)
