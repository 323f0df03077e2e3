"""Compile the Principal and NotPrincipal elements: IAM User Guide, "Principal"."""

import re
from collections.abc import Mapping

from valetkey.iam.arn import ACCOUNT_ID
from valetkey.iam.document import quoted
from valetkey.iam.errors import PolicyError
from valetkey.iam.naming import PrincipalElement

ROLE = re.compile(r"arn:[a-z-]+:iam::[0-9]{12}:role/[^*?\s]+\Z")
ROOT = re.compile(r"arn:[a-z-]+:iam::([0-9]{12}):root\Z")
NAMED = re.compile(
    r"arn:[a-z-]+:(?:iam::(?:[0-9]{12}:user/[^*?\s]+|cloudfront:user/[^*?]+)"
    r"|sts::[0-9]{12}:(?:assumed-role/[^*?/\s]+/[^*?/\s]+|federated-user/[^*?\s]+))\Z"
)
DELETED = re.compile(r"A[A-Z0-9]{15,127}\Z")  # the id that AWS leaves of a deleted principal
SERVICE = re.compile(r"[a-z0-9.-]+\Z")
PROVIDER = re.compile(r"[^*?\s]+\Z")


def compile_principal(value: object, path: str) -> PrincipalElement:
    """Return the element that `value` writes.

    Raises PolicyError `malformed-policy` for anything that AWS does not take as a principal,
    wildcards other than `*` alone included, and `unsupported-principal` for `CanonicalUser`,
    of which we could not tell whom a Deny means.
    """
    if value == "*":
        return _element(("*",), everyone=True)
    if not isinstance(value, Mapping):
        raise PolicyError("malformed-policy", f"{path}: must be `*` or an object")
    written: dict[str, list[str]] = {}
    for kind, listed in value.items():
        texts = list(listed) if isinstance(listed, list | tuple) else [listed]
        if kind == "CanonicalUser":
            raise PolicyError(
                "unsupported-principal",
                f"{path}: `CanonicalUser` can't be told from an account",
                hint="name the account by its 12 digits",
            )
        if kind not in ("AWS", "Federated", "Service"):
            raise PolicyError("malformed-policy", f"{path}: {quoted(str(kind))} is no principal")
        for text in texts:
            if not isinstance(text, str) or not _is_principal(kind, text):
                shown = quoted(text) if isinstance(text, str) else "what is no string"
                raise PolicyError("malformed-policy", f"{path}.{kind}: {shown} is not a principal")
        written[kind] = texts
    return _compiled(written)


def _is_principal(kind: str, text: str) -> bool:
    if kind == "Service":
        return SERVICE.match(text) is not None
    if kind == "Federated":
        return PROVIDER.match(text) is not None
    forms = (ACCOUNT_ID, ROOT, ROLE, NAMED, DELETED)
    return text == "*" or any(form.match(text) for form in forms)


def _compiled(written: Mapping[str, list[str]]) -> PrincipalElement:
    aws = written.get("AWS", [])
    roots = [found.group(1) for text in aws if (found := ROOT.match(text))]
    return _element(
        tuple(text for texts in written.values() for text in texts),
        everyone="*" in aws,
        accounts=frozenset([*(text for text in aws if ACCOUNT_ID.match(text)), *roots]),
        roles=frozenset(text for text in aws if ROLE.match(text)),
        arns=frozenset(text for text in aws if NAMED.match(text)),
        federated=frozenset(written.get("Federated", [])),
        services=frozenset(written.get("Service", [])),
    )


def _element(
    written: tuple[str, ...],
    *,
    everyone: bool,
    accounts: frozenset[str] = frozenset(),
    roles: frozenset[str] = frozenset(),
    arns: frozenset[str] = frozenset(),
    federated: frozenset[str] = frozenset(),
    services: frozenset[str] = frozenset(),
) -> PrincipalElement:
    return PrincipalElement(written, everyone, accounts, roles, arns, federated, services)
