"""What must hold between the entries of a map."""

import unicodedata
from collections.abc import Collection

from valetkey.iam.glob import STAR, matches_tokens
from valetkey.tenancy.actions import may_write
from valetkey.tenancy.catalog import KIND_OF_SERVICE, given_actions
from valetkey.tenancy.errors import TenancyError
from valetkey.tenancy.tenancy_map import (
    RUN_TAG,
    Access,
    Kind,
    Owned,
    OwnedText,
    Protected,
    Shared,
    Tag,
    TenancyMap,
)

MAX_TAGS = 49  # STS takes 50, and one is the run's
_PUNCTUATION = frozenset("_.:/=+-@ ")


def check_tag_keys(keys: Collection[str]) -> None:
    """Raise `tenancy-tag-key` unless STS takes the keys, each once ignoring case, beside ours."""
    if len(keys) > MAX_TAGS:
        raise TenancyError("tenancy-tag-key", f"{len(keys)} tags: AWS takes {MAX_TAGS} beside ours")
    seen = {RUN_TAG}
    for key in keys:
        if not 1 <= len(key) <= 128 or not all(_is_of_key(letter) for letter in key):
            raise TenancyError("tenancy-tag-key", f"tag key `{key}` is none that AWS takes")
        if key.lower() in seen or key.lower().startswith("aws:"):
            raise TenancyError(
                "tenancy-tag-key", f"tag key `{key}` is taken already, ignoring case, or AWS's own"
            )
        seen.add(key.lower())


def _is_of_key(letter: str) -> bool:
    return letter in _PUNCTUATION or unicodedata.category(letter)[0] in "LN"


def check_apart(found: TenancyMap) -> None:
    """Raise `tenancy-twice` for two entries of one text, and `tenancy-protected-owned` where a
    run is given to write what no run may.
    """
    seen: dict[tuple[str, ...], str] = {}
    places = [(_identity(entry), entry.place) for entry in found.owned]
    places += [(("actions",) * bool(one.actions) + (one.arn,), one.place) for one in found.shared]
    places += [(("protected", one.arn), one.place) for one in found.protected]
    for identity, place in places:
        if identity in seen:
            raise TenancyError("tenancy-twice", f"`{place}` says the same as `{seen[identity]}`")
        seen[identity] = place
    for entry in found.owned:
        if _writes(entry.kind, entry.access):
            _check_not_protected(_reached(entry), entry.place, found)
    for shared in found.shared:
        if shared.actions:
            _check_actions(shared, found)
        elif _writes(_kind(shared.arn), shared.access):
            _check_not_protected(shared.arn.removesuffix("*"), shared.place, found)


def _kind(arn: str) -> Kind:
    return KIND_OF_SERVICE[arn.split(":")[2]]


def _writes(kind: Kind, access: frozenset[Access]) -> bool:
    return any(
        action.writes and any(access.issuperset(one) for one in action.given_by)
        for action in given_actions(kind)
    )


def _identity(entry: Owned) -> tuple[str, ...]:
    """Return what two entries may not share; an ARN alone is one of shared and protected."""
    key = (shown(entry.key),) if entry.key is not None else ()
    if entry.kind is Kind.KEY:
        key = (entry.encryption_context or "", *key)
    return (shown(entry.arn) + "*" * (entry.open and entry.kind is not Kind.PREFIX), *key)


def shown(parts: OwnedText) -> str:
    """Return the text as the file has it."""
    return "".join(f"{{{part.key}}}" if isinstance(part, Tag) else part for part in parts)


def _reached(entry: Owned) -> str:
    """Return the literal with which all that the entry reaches begins."""
    parts: OwnedText = entry.arn
    if entry.kind is Kind.PREFIX:
        parts = (*entry.arn, "/", *(entry.key or ()))
    first_tag = next((i for i, part in enumerate(parts) if isinstance(part, Tag)), len(parts))
    return "".join(str(part) for part in parts[:first_tag])


def _check_actions(shared: Shared, found: TenancyMap) -> None:
    """Raise where an action that may write could be done to anything that is protected."""
    whole = shared.arn.removesuffix("*")
    writing = {name.partition(":")[0] for name in shared.actions if may_write(name)}
    for protected in found.protected:
        arn = protected.arn.removesuffix("*")
        within = arn == whole
        within |= whole != shared.arn and arn.startswith(whole)
        within |= arn != protected.arn and whole.startswith(arn)
        if within and arn.split(":")[2] in writing:
            raise _protected(shared.place, protected)


def _protected(place: str, protected: Protected) -> TenancyError:
    return TenancyError(
        "tenancy-protected-owned",
        f"`{place}` gives runs what `{protected.place}` protects: `{protected.arn}`",
    )


def _check_not_protected(reached: str, place: str, found: TenancyMap) -> None:
    """Raise where all that begins with `reached` is protected. What is so only in part is left
    to the prover, which tells by whose tags.
    """
    for protected in found.protected:
        whole = protected.arn.removesuffix("*")
        is_open = protected.arn.endswith("*")
        if matches_tokens([whole, *([STAR] if is_open else [])], reached):
            raise _protected(place, protected)
