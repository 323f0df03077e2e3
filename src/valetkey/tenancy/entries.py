"""The entries of a map, each read from the plain values of its table."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from valetkey.tenancy.actions import check_actions
from valetkey.tenancy.arns import (
    check_bucket,
    check_index,
    check_owned_arn,
    check_protected,
    check_shared,
    check_shared_anywhere,
)
from valetkey.tenancy.catalog import KIND_OF_SERVICE, given_actions
from valetkey.tenancy.errors import TenancyError
from valetkey.tenancy.tenancy_map import Access, Kind, Owned, OwnedText, Protected, Shared
from valetkey.tenancy.texts import Written, check_open_end, read_text

Table = Mapping[str, Any]
MOST_KEY = 1024  # bytes of UTF-8 in an object's key


def read_owned(
    kind: Kind, place: str, table: Table, *, tags: Collection[str], partition: str
) -> Owned:
    """Return the entry of a table. `partition` is that of buckets. Raises TenancyError."""
    access = _access(place, kind, table["access"])
    match kind:
        case Kind.TABLE:
            return _table(place, table, access, tags)
        case Kind.PREFIX:
            return _prefix(place, table, access, tags, partition=partition)
        case Kind.KEY:
            return _key(place, table, access, tags)
        case _:
            return _named(kind, place, table, access, tags=tags)


def _table(place: str, table: Table, access: frozenset[Access], tags: Collection[str]) -> Owned:
    arn = (str(table["arn"]),)
    check_owned_arn(place, Kind.TABLE, arn, is_open=False)
    key = read_text(Written(place, "partition_key", table["partition_key"]), tags=tags)
    indexes: dict[str, OwnedText] = {}
    if table["indexes"] and Access.READ not in access:
        raise TenancyError(
            "tenancy-access",
            f"`{place}`: `indexes` give nothing to anybody: an index is only queried",
            hint="add `read` to `access`, or leave `indexes` out",
        )
    for name, text in table["indexes"].items():
        check_index(f"{place}.indexes", name)
        indexes[name] = read_text(Written(f"{place}.indexes", name, text), tags=tags)
    return Owned(Kind.TABLE, place, arn, access, key=key, indexes=indexes)


def _prefix(
    place: str,
    table: Table,
    access: frozenset[Access],
    tags: Collection[str],
    *,
    partition: str,
) -> Owned:
    check_bucket(place, table["bucket"])
    written = Written(place, "prefix", table["prefix"])
    prefix = read_text(written, tags=tags)
    check_open_end(written, prefix)
    if str(table["prefix"]).startswith("/"):
        raise written.wrong("tenancy-text", "begins with a `/`, as no key of an object does")
    if sum(len(p.encode()) if isinstance(p, str) else 1 for p in prefix) > MOST_KEY:
        raise written.wrong("tenancy-text", f"is longer than a key: S3 takes {MOST_KEY} bytes")
    arn = (f"arn:{partition}:s3:::{table['bucket']}",)
    return Owned(Kind.PREFIX, place, arn, access, open=True, key=prefix)


def _key(place: str, table: Table, access: frozenset[Access], tags: Collection[str]) -> Owned:
    arn = (str(table["arn"]),)
    check_owned_arn(place, Kind.KEY, arn, is_open=False)
    members = list(table["encryption_context"].items())
    if len(members) != 1:
        raise TenancyError(
            "tenancy-encryption-context",
            f"`{place}`: `encryption_context` has {len(members)} members, and one tells whose "
            "data it is",
        )
    name, text = members[0]
    if not name or any(letter in name for letter in "${}*?'\""):
        raise TenancyError(
            "tenancy-encryption-context",
            f"`{place}`: `{name}` can't be the member's name in a condition",
        )
    value = read_text(Written(f"{place}.encryption_context", name, text), tags=tags)
    return Owned(Kind.KEY, place, arn, access, key=value, encryption_context=name)


def _named(
    kind: Kind, place: str, table: Table, access: frozenset[Access], *, tags: Collection[str]
) -> Owned:
    """Return what has tags in its ARN: a queue, secret, parameter or function."""
    written = Written(place, "arn", table["arn"])
    is_open = written.text.endswith("*")
    arn = read_text(Written(place, "arn", written.text.removesuffix("*")), tags=tags)
    check_owned_arn(place, kind, arn, is_open=is_open)
    if is_open:
        check_open_end(written, arn)
    return Owned(kind, place, arn, access, open=is_open)


def read_shared(place: str, table: Table) -> Shared:
    """Return what every run may use. Raises TenancyError."""
    arn = str(table["arn"])
    access, actions = tuple(table.get("access", ())), tuple(table.get("actions", ()))
    if bool(access) == bool(actions):
        raise TenancyError(
            "tenancy-access",
            f"`{place}` has {'both' if access else 'none'} of `access` and `actions`",
            hint="one of them says what every run may do with it",
        )
    if actions:
        check_shared_anywhere(place, arn)
        check_actions(place, actions)
        return Shared(place, arn, frozenset(), tuple(dict.fromkeys(actions)))
    check_shared(place, arn)
    kind = KIND_OF_SERVICE[arn.split(":")[2]]
    return Shared(place, arn, _access(place, kind, access))


def read_protected(place: str, table: Table) -> Protected:
    """Return what no run may write. Raises TenancyError."""
    check_protected(place, str(table["arn"]))
    return Protected(place, str(table["arn"]))


def _access(place: str, kind: Kind, words: Iterable[str]) -> frozenset[Access]:
    """Raise `tenancy-access` for a word the kind has not, for none, and for one that gives
    nothing: `versions` alone.
    """
    wanted = tuple(words)
    gives = [set(one) for action in given_actions(kind) for one in action.given_by]
    known = [access.value for access in Access if any(access in one for one in gives)]
    for word in wanted:
        if word not in known:
            raise TenancyError(
                "tenancy-access",
                f"`{place}`: `access` has `{word}`, which `{kind.value}` have not",
                hint=f"they have `{'`, `'.join(known)}`",
            )
    found = frozenset(Access(word) for word in wanted)
    if not any(found >= one for one in gives):
        raise TenancyError("tenancy-access", f"`{place}`: `access` gives nothing to anybody")
    return found
