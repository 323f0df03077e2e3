"""Lint the policies of one role: every check, each place once, the worst first."""

from collections.abc import Iterable, Sequence
from itertools import chain

from valetkey.iam.lint import (
    absence,
    callers_words,
    elements,
    guarded,
    keys,
    listing,
    power,
    resource_types,
    sets,
    tag_session,
    tenant_text,
    trust,
    trust_tags,
    unions,
    web_identity,
)
from valetkey.iam.lint.finding import Finding, Rule, Severity
from valetkey.iam.lint.role import role_of
from valetkey.iam.lint.written import Document

_THEMES = (
    sets, absence, unions, listing, resource_types, trust_tags, tag_session, trust, web_identity,
    guarded, power, tenant_text, callers_words, elements, keys,
)  # fmt: skip
RULES: tuple[Rule, ...] = tuple(chain.from_iterable(theme.RULES for theme in _THEMES))
_ORDER = {severity: place for place, severity in enumerate(Severity)}


def lint(
    documents: Sequence[Document],
    *,
    tags: Iterable[str] = (),
    guarded: Sequence[str] = (),
    ignored: Iterable[str] = (),
) -> tuple[Finding, ...]:
    """Return what is wrong with the policies of one role, errors first, then by place.

    `tags` are the keys of the session tags that separate tenants (none: every principal tag in
    the policies), `guarded` the ARNs of resources that decide about the role, `ignored` codes.

    Raises PolicyError `policies-too-large` where comparing them would take too long.
    """
    role = role_of(documents, tags=frozenset(tags), guarded=guarded)
    skipped = frozenset(ignored)
    findings: dict[tuple[str, str, str], Finding] = {}
    for theme in _THEMES:
        for check in theme.CHECKS:
            for one in check(role):
                if one.code not in skipped:
                    findings.setdefault((one.code, one.policy, one.path), one)
    files = {document.file: place for place, document in enumerate(documents)}
    return tuple(
        sorted(findings.values(), key=lambda one: (_ORDER[one.severity], files[one.policy]))
    )
