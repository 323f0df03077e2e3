"""What a map gives to a run, as actions on resources: what is written, and what is proved against.

Facts of the Service Authorization Reference: which resource an action is checked on, and which
key names the data that it reaches.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from valetkey.tenancy.catalog import (
    KIND_OF_SERVICE,
    MODEL_ACTIONS,
    KnownAction,
    Shape,
    given_actions,
)
from valetkey.tenancy.tenancy_map import Access, Kind, Owned, OwnedText, Shared, Tag, TenancyMap

BY_PATH = "ssm:GetParametersByPath"


@dataclass(frozen=True, slots=True)
class KeyText:
    """A context key that must be there; each of its values must be `text` (or, where `open`,
    begin with it). `many`: a key with several values, such as `dynamodb:LeadingKeys`.
    """

    name: str
    text: OwnedText
    open: bool = False
    many: bool = False


@dataclass(frozen=True, slots=True)
class Right:
    """The run whose tags fill in the texts may do `action` to `resource` (where `open`, to
    whatever begins with it). `entry` says who owns what it reaches, None for a model. `access` is
    None where the map names the action itself.
    """

    action: str
    access: Access | None
    resource: OwnedText
    open: bool = False
    key: KeyText | None = None
    entry: Owned | Shared | None = None


def rights_of(tenancy_map: TenancyMap) -> tuple[Right, ...]:
    """Return all that the map gives, in the order of its entries and of the catalog.

    An action may have several rights: whoever has one of them may do it.
    """
    found: list[Right] = []
    for owned in tenancy_map.owned:
        found += _of_owned(owned)
    for shared in tenancy_map.shared:
        found += _of_shared(shared)
    for model in tenancy_map.models:
        found += (Right(action, Access.INVOKE, (model,)) for action in MODEL_ACTIONS)
    return tuple(found)


def _of_owned(entry: Owned) -> Iterator[Right]:
    for action, access in _given(entry.kind, entry.access):
        match entry.kind:
            case Kind.TABLE:
                yield from _of_table(entry, action, access)
            case Kind.PREFIX:
                yield _of_prefix(entry, action, access)
            case Kind.KEY:
                key = KeyText(f"kms:EncryptionContext:{entry.encryption_context}", entry.key or ())
                yield Right(action.name, access, entry.arn, key=key, entry=entry)
            case Kind.PARAMETER:
                yield from _of_parameter(entry, action, access)
            case _:
                yield Right(action.name, access, entry.arn, entry.open, entry=entry)


def _given(kind: Kind, has: frozenset[Access]) -> Iterator[tuple[KnownAction, Access]]:
    """Yield what these accesses give, each with the access that it is an instance of."""
    for action in given_actions(kind):
        by = next((one for one in action.given_by if has.issuperset(one)), None)
        if by is not None:
            yield action, by[0]


def _of_table(entry: Owned, action: KnownAction, access: Access) -> Iterator[Right]:
    key = _leading(entry.key or ())
    yield Right(action.name, access, entry.arn, key=key, entry=entry)
    if Shape.INDEX in action.shapes:
        for name, text in entry.indexes.items():
            index = joined(*entry.arn, f"/index/{name}")
            yield Right(action.name, access, index, key=_leading(text), entry=entry)


def _leading(text: OwnedText) -> KeyText:
    return KeyText("dynamodb:LeadingKeys", text, many=True)


def _of_prefix(entry: Owned, action: KnownAction, access: Access) -> Right:
    prefix = entry.key or ()
    if Shape.BUCKET in action.shapes:
        key = KeyText("s3:prefix", prefix, open=True)
        return Right(action.name, access, entry.arn, key=key, entry=entry)
    return Right(action.name, access, joined(*entry.arn, "/", *prefix), open=True, entry=entry)


def _of_parameter(entry: Owned, action: KnownAction, access: Access) -> Iterator[Right]:
    """Yield a listing by path where the entry owns all below it, on the path itself, too: SSM
    asks for that without the last slash.
    """
    by_path = action.name == BY_PATH
    if entry.open or not by_path:
        yield Right(action.name, access, entry.arn, entry.open, entry=entry)
    last = entry.arn[-1]
    if by_path and entry.open and isinstance(last, str) and last.endswith("/"):
        yield Right(
            action.name, access, joined(*entry.arn[:-1], last.removesuffix("/")), entry=entry
        )


def _of_shared(entry: Shared) -> Iterator[Right]:
    is_open = entry.arn.endswith("*")
    arn = entry.arn.removesuffix("*")
    for name in entry.actions:
        yield Right(name, None, joined(arn), is_open, entry=entry)
    if entry.actions:
        return
    kind = KIND_OF_SERVICE[arn.split(":")[2]]
    for action, access in _given(kind, entry.access):
        if kind is Kind.PREFIX:
            yield from _of_shared_bucket(entry, action, access)
        elif action.name == BY_PATH:
            yield from _of_shared_path(entry, access)
        elif "/index/" not in arn or Shape.INDEX in action.shapes:
            yield Right(action.name, access, (arn,), is_open, entry=entry)


def _of_shared_path(entry: Shared, access: Access) -> Iterator[Right]:
    """Yield the listing of a path that is shared as a whole, on the path itself, too: whoever may
    list a path gets all below it (Systems Manager User Guide, "Restricting access to Parameter
    Store parameters"), so one parameter's name gives no listing.
    """
    path = entry.arn.removesuffix("/*")
    if path != entry.arn:
        yield Right(BY_PATH, access, (f"{path}/",), open=True, entry=entry)
        yield Right(BY_PATH, access, (path,), entry=entry)


def _of_shared_bucket(entry: Shared, action: KnownAction, access: Access) -> Iterator[Right]:
    """Yield objects where the ARN has a key, and the listing of what begins with that key."""
    bucket, slash, prefix = entry.arn.partition("/")
    is_open = prefix.endswith("*")
    prefix = prefix.removesuffix("*")
    if Shape.BUCKET in action.shapes:
        # What a condition would say of an empty prefix is true of every listing.
        key = KeyText("s3:prefix", (prefix,), open=is_open) if prefix else None
        yield Right(action.name, access, (bucket,), key=key, entry=entry)
    elif slash:
        yield Right(action.name, access, (f"{bucket}/{prefix}",), is_open, entry=entry)


def joined(*parts: str | Tag) -> OwnedText:
    """Return literals and tags as one text, literals joined."""
    found: list[str | Tag] = []
    for part in parts:
        if isinstance(part, Tag):
            found.append(part)
        elif found and isinstance(found[-1], str):
            found[-1] += part
        elif part:
            found.append(part)
    return tuple(found)
