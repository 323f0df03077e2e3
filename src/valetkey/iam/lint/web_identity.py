"""Lesson 17: which tokens of an identity provider take the role."""

import re
from collections.abc import Iterator

from valetkey.iam.lint.finding import Finding, Rule, Severity, found
from valetkey.iam.lint.pattern import glob, meet
from valetkey.iam.lint.role import REQUEST_TAG, Role
from valetkey.iam.lint.trust import COGNITO
from valetkey.iam.lint.written import Line, Text, Written
from valetkey.iam.policy import Layer

THEME = "Web identity"
AUDIENCES = (":aud", ":oaud", ":app_id", ":azp")
SUBJECTS = (":sub", ":id", ":user_id")
SERVICE_ACCOUNT = "system:serviceaccount:"
GUEST = glob("unauthenticated")
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


def _asks(statement: Written, endings: tuple[str, ...], *, exactly: bool = False) -> bool:
    """Tell whether a condition wants the claim to be something, not only to be there, nor what
    the token itself says; `exactly`: and something that leaves others out.
    """
    return any(
        line.key.endswith(endings)
        and line.needs_key
        and not line.negated
        and line.name != "Null"
        and not any(statement.variables_of(text) for text in line.values)
        and (not exactly or all(text.value.strip("*?") for text in line.values))
        for line in statement.lines
    )


def unasked(role: Role) -> Iterator[Finding]:
    """Find web identity without audience, without subject, or without either.

    A subject is not all: a token that brings the tenant's tag is bound by its issuer, one of a
    Cognito identity pool by the pool. `loose_subjects` judges the patterns of subjects.
    """
    for statement in _web_statements(role):
        audience = _asks(statement, AUDIENCES, exactly=True)
        subject = _asks(statement, SUBJECTS)
        if audience and subject:
            continue
        issuer = _issuer(statement)
        wanted = [f'"{issuer}:aud": "…"'] * (not audience) + [f'"{issuer}:sub": "…"'] * (
            not subject
        )
        mend = f'add `"StringEquals": {{{", ".join(wanted)}}}`'
        rule = NO_AUDIENCE if subject else NO_SUBJECT if statement.lines else OPEN
        why, severity = "", None
        if audience and issuer == COGNITO:
            why, severity, mend = _of_a_pool(role, statement)
        elif audience and any(_is_tag(line) for line in statement.lines):
            severity = Severity.WARNING
        where = statement.path if not statement.lines else f"{statement.path}.Condition"
        yield found(rule, statement.file, path=where, why=why, mend=mend, severity=severity)


def _is_tag(line: Line) -> bool:
    return line.key.startswith(REQUEST_TAG) and line.needs_key


def _of_a_pool(role: Role, statement: Written) -> tuple[str, Severity | None, str]:
    """Return why, how bad and what to do about a Cognito identity pool's role.

    Cognito Developer Guide, "Role trust and permissions": the pool and `amr` are all it names.
    """
    methods = [
        text.value.lower()
        for line in statement.lines_on(f"{COGNITO}:amr")
        if line.needs_key and not line.negated and line.name != "Null"
        for text in line.values
    ]
    if methods and not any(meet(glob(text), GUEST, role.effort) for text in methods):
        why = "As Cognito means it, everybody who signs in to the identity pool does."
        return why, Severity.NOTE, "tell the callers apart in the permissions, by principal tags"
    why = "Callers who did not sign in to the identity pool are admitted."
    return why, None, f'add `"ForAnyValue:StringLike": {{"{COGNITO}:amr": "authenticated"}}`'


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
