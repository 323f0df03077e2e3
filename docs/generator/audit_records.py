"""The page of audit records: every kind, field by field, from `audit/records.py` as it is written.

The comments beside the fields are the descriptions, so the source's text is read, not its classes.
"""

import ast
import inspect
import re

from valetkey.audit import records

_INTRO = """\
# Audit records

The audit log is a list of leaves. A leaf is RFC 8785 JSON of one record: its members, `kind`, and
`v`, the version of that kind. A member that has no value is left out. Times named `at` are Unix
milliseconds; `expires_at` and `previous_until` are Unix seconds. No record holds a secret: an
access key id is a name.

`valetkey audit show --json` prints them with their `index`, from 0.
"""
_TYPES = {
    "int": "integer",
    "str": "text",
    "Mapping[str, str]": "object of texts",
    "tuple[str, ...]": "list of texts",
}
_COMMENT = re.compile(r"#\s*(?!noqa)(.+)$")


def audit_records_page() -> str:
    """Return the page."""
    source = inspect.getsource(records)
    lines = source.splitlines()
    parts = [_INTRO]
    for node in ast.parse(source).body:
        if isinstance(node, ast.ClassDef) and _kind(node):
            parts.append(_section(node, lines))
    return "\n".join(parts)


def _kind(node: ast.ClassDef) -> str | None:
    record = getattr(records, node.name)
    kind = getattr(record, "kind", None)
    return kind.value if isinstance(kind, records.RecordKind) else None


def _section(node: ast.ClassDef, lines: list[str]) -> str:
    version = getattr(records, node.name).version
    rows = ["| member | type | |", "|---|---|---|"]
    for field in node.body:
        if isinstance(field, ast.AnnAssign) and "ClassVar" not in ast.unparse(field.annotation):
            rows.append(_row(field, lines))
    about = " ".join((ast.get_docstring(node) or "").split())
    return f"## {_kind(node)}\n\n{about} Version {version}.\n\n" + "\n".join(rows) + "\n"


def _row(field: ast.AnnAssign, lines: list[str]) -> str:
    written = ast.unparse(field.annotation)
    optional = written.endswith(" | None")
    kind = _TYPES[written.removesuffix(" | None")] + (", may be absent" if optional else "")
    comment = _COMMENT.search(lines[field.lineno - 1])
    return f"| `{ast.unparse(field.target)}` | {kind} | {comment[1] if comment else ''} |"
