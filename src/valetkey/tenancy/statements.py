"""Statements of policies: texts of the map as IAM reads them, and what is written on each side."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from valetkey.tenancy.policy_set import Document
from valetkey.tenancy.tenancy_map import OwnedText, Tag

VERSION = "2012-10-17"
_SPECIAL = re.compile(r"[*?$]")


def policy_text(text: OwnedText, *, is_open: bool = False) -> str:
    """Return the text with variables for tags. `*`, `?` and `$` of its literals are escaped, so
    that they are themselves for every operator (IAM User Guide, "Policy variables").
    """
    parts = (
        f"${{aws:PrincipalTag/{part.key}}}"
        if isinstance(part, Tag)
        else _SPECIAL.sub(lambda found: f"${{{found[0]}}}", part)
        for part in text
    )
    return "".join(parts) + "*" * is_open


def document(statements: Iterable[dict[str, Any]]) -> Document:
    """Return the policy, with every Sid its own."""
    found: list[dict[str, Any]] = []
    seen: dict[str, int] = {}
    for statement in statements:
        sid = statement["Sid"]
        seen[sid] = seen.get(sid, 0) + 1
        found.append({**statement, "Sid": sid if seen[sid] == 1 else f"{sid}{seen[sid]}"})
    return {"Version": VERSION, "Statement": found}


def one_or_many(values: Sequence[str]) -> str | list[str]:
    """Return a single value as IAM writes it, without a list."""
    return values[0] if len(values) == 1 else list(values)


def words(text: str) -> str:
    """Return a tag's key as part of a Sid, which takes ASCII letters and digits alone."""
    parts = re.findall(r"[A-Za-z0-9]+", text)
    return "".join(part[0].upper() + part[1:] for part in parts) or "Tag"


def deny_without(tag: str, *, roles: Sequence[str] = ()) -> dict[str, Any]:
    """Return what denies sessions that have no such tag, those of `roles` alone where given.

    One statement a tag: `Null` of several keys is true only where all of them are absent.
    """
    condition: dict[str, Any] = {"Null": {f"aws:PrincipalTag/{tag}": "true"}}
    if roles:
        condition = {"ArnEquals": {"aws:PrincipalArn": one_or_many(roles)}, **condition}
    return {
        "Sid": f"{'NoAgent' if roles else 'Nothing'}Without{words(tag)}",
        "Effect": "Deny",
        "Action": "*",
        "Resource": "*",
        "Condition": condition,
    }
