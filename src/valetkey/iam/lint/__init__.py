"""The traps of policies that people bring: findings with a place, a reason and a mend."""

from valetkey.iam.lint.finding import Finding, Rule, Severity
from valetkey.iam.lint.linting import RULES, lint
from valetkey.iam.lint.reading import read_documents
from valetkey.iam.lint.role import tags_in
from valetkey.iam.lint.written import Document

__all__ = [
    "RULES",
    "Document",
    "Finding",
    "Rule",
    "Severity",
    "lint",
    "read_documents",
    "tags_in",
]
