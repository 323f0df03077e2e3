"""Whose data a request reaches, once it is a concrete one: for witnesses, never for a proof."""

import re
from collections.abc import Iterator, Mapping, Sequence

from valetkey.iam import ContextValue
from valetkey.isolation.regions import BEGINNINGS, Region
from valetkey.tenancy import KeyText, OwnedText, Tag

Values = Mapping[str, ContextValue]
RunTags = Mapping[str, str]

IN_A_TABLE = ("/index/", "/stream/")

OPENED = "x"
"""What goes on where anything may."""


def owners(
    regions: Sequence[Region], asker: RunTags, resource: str, values: Values
) -> Iterator[tuple[Region, dict[str, str]]]:
    """Yield tags, other than the asker's, of runs that own what such a request reaches, each with
    the region in which they own it. `values` are the request's keys in lower case.
    """
    for region in regions:
        if region.shared or not region.tags:
            continue
        for tags in _claims(region, asker, resource, values):
            if any(tags[key] != asker.get(key) for key in region.tags) and _reached(
                region, tags, resource, values
            ):
                yield region, tags


def strangers(region: Region, asker: RunTags) -> Iterator[dict[str, str]]:
    """Yield tags of another run: the plainest, then those that go on where the asker's end."""
    for end in ("b", "c"):
        yield dict.fromkeys(region.tags, end)
        yield {key: asker.get(key, "") + end for key in region.tags}


def text_of(written: OwnedText, tags: RunTags, *, is_open: bool = False) -> str:
    """Return a text of the map with these tags."""
    parts = (tags[part.key] if isinstance(part, Tag) else part for part in written)
    return "".join(parts) + (OPENED if is_open else "")


def _claims(
    region: Region, asker: RunTags, resource: str, values: Values
) -> Iterator[dict[str, str]]:
    """Yield tags that may own it: those that are written there, then any."""
    in_resource = _read(region.resource, _whole(region, resource), is_open=region.open)
    if in_resource is None:
        return
    if region.key is None:
        yield in_resource
        return
    for value in _listed(values.get(region.key.name.lower())):
        in_key = _read(region.key.text, value, is_open=region.key.open)
        if in_key is not None:
            yield {**in_key, **in_resource}
    for tags in strangers(region, asker):
        yield {**tags, **in_resource}


def _reached(region: Region, tags: RunTags, resource: str, values: Values) -> bool:
    whole = text_of(region.resource, tags)
    if not (resource.startswith(whole) if region.open else _whole(region, resource) == whole):
        return False
    if _whole(region, resource) != resource:
        return True  # rows of the table, found by another key than that which says whose they are
    return region.key is None or _found(region.key, tags, values)


def _whole(region: Region, resource: str) -> str:
    """Return the table of an index of which the map says nothing, or of a stream, else the
    resource itself.
    """
    for divider in IN_A_TABLE if ":dynamodb:" in resource else ():
        table, found, _ = resource.partition(divider)
        if found and not any(isinstance(one, str) and divider in one for one in region.resource):
            return table
    return resource


def _found(key: KeyText, tags: RunTags, values: Values) -> bool:
    name, wanted = key.name.lower(), text_of(key.text, tags)
    listed = _listed(values.get(name))
    if not listed:
        return not name.startswith("kms:")  # without its context nothing is decrypted
    if name in BEGINNINGS:
        return any(wanted.startswith(one) or one.startswith(wanted) for one in listed)
    return any(one.startswith(wanted) if key.open else one == wanted for one in listed)


def _read(written: OwnedText, text: str, *, is_open: bool) -> dict[str, str] | None:
    """Return the tags with which the map's text is this one, the shortest where there are more."""
    pattern, seen = "", list[str]()
    for part in written:
        if not isinstance(part, Tag):
            pattern += re.escape(part)
        elif part.key in seen:
            pattern += f"(?P=t{seen.index(part.key)})"
        else:
            pattern += f"(?P<t{len(seen)}>.+?)"
            seen.append(part.key)
    found = re.fullmatch(pattern + (".*" if is_open else ""), text, re.DOTALL)
    if found is None:
        return None
    return {key: found[f"t{index}"] for index, key in enumerate(seen)}


def _listed(value: ContextValue | None) -> tuple[str, ...]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else value
