"""What the map gives, said of a request whose parts are symbols.

Nothing here reads a policy: this is the other side, with which policies are compared.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from valetkey.iam.glob import STAR, units
from valetkey.isolation.comparing import equal, like
from valetkey.isolation.formula import (
    FALSE,
    TRUE,
    Formula,
    Text,
    all_of,
    any_of,
    negated,
    text,
)
from valetkey.isolation.keys import Keys, cases
from valetkey.isolation.places import service_of
from valetkey.isolation.session import TagState, tag_flag, tag_symbol
from valetkey.tenancy import (
    Access,
    KeyText,
    Kind,
    OwnedText,
    Right,
    Shared,
    Tag,
    TenancyMap,
    rights_of,
)
from valetkey.tenancy.catalog import given_actions
from valetkey.tenancy.rights import joined

BEGINNINGS = frozenset({"s3:prefix"})
"""Keys of which a value stands for all that begins with it."""

Tags = Mapping[str, TagState]


def filled(written: OwnedText, prefix: str) -> Text:
    """Return a text of the map with the run's own tags: symbols that begin with `prefix`."""
    return text(
        *(
            tag_symbol(part.key, prefix) if isinstance(part, Tag) else units(part)
            for part in written
        )
    )


def tags_in(*texts: OwnedText) -> tuple[str, ...]:
    """Return the tags of the texts, each once, in order."""
    found = (part.key for written in texts for part in written if isinstance(part, Tag))
    return tuple(dict.fromkeys(found))


@dataclass(frozen=True, slots=True)
class Region:
    """A part of what is owned or shared, whatever is done to it: a resource (where `open`, all
    that begins with it) and, where there is one, the key that its data is found by.
    """

    resource: OwnedText
    open: bool
    key: KeyText | None
    place: str
    shared: bool

    @property
    def tags(self) -> tuple[str, ...]:
        """The tags by which its owners differ."""
        return tags_in(self.resource, self.key.text if self.key else ())


def regions_of(rights: Iterable[Right]) -> tuple[Region, ...]:
    """Return the regions of the rights that an entry gives, each once. What the map gives by the
    action's own name reaches nothing of these.
    """
    found = (
        Region(
            right.resource,
            right.open,
            right.key,
            right.entry.place,
            isinstance(right.entry, Shared),
        )
        for right in rights
        if right.entry is not None and right.access is not None
    )
    return tuple(dict.fromkeys(found))


def regions_owned(tenancy: TenancyMap) -> tuple[Region, ...]:
    """Return the regions of what is owned, whatever may be done to it."""
    every = (replace(entry, access=frozenset(_accesses(entry.kind))) for entry in tenancy.owned)
    return regions_of(rights_of(replace(tenancy, owned=tuple(every), shared=(), models=())))


def _accesses(kind: Kind) -> Iterator[Access]:
    for action in given_actions(kind):
        for accesses in action.given_by:
            yield from accesses


def given(
    rights: Iterable[Right], resource: Text, keys: Keys, *, tags: Tags, prefix: str
) -> Formula:
    """Return that one of the rights gives the resource, with these keys, to the run `prefix`."""
    return any_of(_gives(right, resource, keys, tags=tags, prefix=prefix) for right in rights)


def _gives(right: Right, resource: Text, keys: Keys, *, tags: Tags, prefix: str) -> Formula:
    key, wanted = right.key, filled(right.resource, prefix)
    parts = [has_tag(one, tags, prefix) for one in tags_in(right.resource, key.text if key else ())]
    parts.append(begins(resource, wanted) if right.open else equal(resource, wanted))
    if key is not None:
        parts.append(_each(key, keys, filled(key.text, prefix)))
    return all_of(parts)


def may_be(right: Right, resource: Text) -> bool:
    """Tell whether the resource may be one of the right, whatever the tags."""
    return _anywhere_in(resource, right.resource, is_open=right.open) != FALSE


def has_tag(key: str, tags: Tags, prefix: str) -> Formula:
    """Return that the run itself carries the tag; what its role carries is not the run's."""
    match tags.get(key, TagState.ABSENT):
        case TagState.FREE:
            return tag_flag(key, prefix)
        case TagState.FULL:
            return TRUE
        case _:
            return FALSE


def begins(subject: Text, beginning: Text) -> Formula:
    """Return that the text begins with the other."""
    return like(subject, (*beginning, STAR))


def _each(key: KeyText, keys: Keys, wanted: Text) -> Formula:
    """Return that the key is there, and that each of its values is as the map says."""

    def fits(value: Text) -> Formula:
        return begins(value, wanted) if key.open else equal(value, wanted)

    ways: list[Formula] = []
    model = keys.get(key.name.lower())
    for case in cases(model) if model is not None else ():
        if case.text is not None:
            ways.append(all_of([case.when, fits(case.text)]))
        elif case.members is not None:
            members = (any_of([negated(one.present), fits(one.text)]) for one in case.members)
            ways.append(all_of([case.when, *members]))
    return any_of(ways)


def reaches(region: Region, resource: Text, keys: Keys) -> Formula:
    """Return that the request reaches something that somebody owns of the region: each tag may
    be any text. Without a key that says which data, it reaches all.
    """
    there = _anywhere_in(resource, region.resource, is_open=region.open)
    if there == FALSE or region.key is None:
        return there
    return all_of([there, _touches(region.key, keys)])


def of_service(action: str, regions: Iterable[Region]) -> Iterator[Region]:
    """Yield the regions of the service that the action is of: no other action reaches them."""
    service = action.partition(":")[0].lower()
    for region in regions:
        head = region.resource[0] if region.resource else ""
        if isinstance(head, str) and service_of(head) == service:
            yield region


def below(region: Region, resource: Text, regions: Iterable[Region]) -> Formula:
    """Return that the resource is in the table (an index, a stream), and is no region of its own.

    What is in it has rows of the table, by whichever key.
    """
    head = region.resource[0] if region.resource else ""
    if not isinstance(head, str) or service_of(head) != "dynamodb":
        return FALSE
    listed = (
        _anywhere_in(resource, one.resource, is_open=one.open) for one in regions if one != region
    )
    inside = _anywhere_in(resource, joined(*region.resource, "/"), is_open=True)
    return all_of([inside, *(negated(one) for one in listed)])


def reaches_by_path(region: Region, path: Text) -> Formula:
    """Return that what is below the path of parameters is somebody's of the region, whatever the
    tags; the path may have its last slash or not.
    """
    head = region.resource[0] if region.resource else ""
    if not isinstance(head, str) or service_of(head) != "ssm":
        return FALSE
    literal = text(units(head))
    return any_of(
        [
            begins(path, literal),
            begins(literal, text(*path, "/")),
            all_of([begins(literal, path), like(path, (STAR, "/"))]),
        ]
    )


def may_have(region: Region, resource: Text) -> bool:
    """Tell, by its beginning alone, whether the resource may be one of the region."""
    first, head = next(iter(resource), ""), next(iter(region.resource), "")
    if not isinstance(first, str) or not isinstance(head, str):
        return True
    return first.startswith(units(head)) or units(head).startswith(first)


def _anywhere_in(subject: Text, written: OwnedText, *, is_open: bool) -> Formula:
    """Return that the text is the map's, whatever the tags."""
    pattern = [STAR if isinstance(part, Tag) else units(part) for part in written]
    return like(subject, (*pattern, STAR) if is_open else tuple(pattern))


def _touches(key: KeyText, keys: Keys) -> Formula:
    model = keys.get(key.name.lower())
    if model is None:
        return TRUE
    ways: list[Formula] = []
    for case in cases(model):
        if case.text is None and case.members is None:
            ways.append(case.when)
        elif case.text is not None:
            ways.append(all_of([case.when, _touched(key, case.text)]))
        else:
            touched = (all_of([one.present, _touched(key, one.text)]) for one in case.members or ())
            ways.append(all_of([case.when, any_of(touched)]))
    return any_of(ways)


def _touched(key: KeyText, value: Text) -> Formula:
    if key.name.lower() not in BEGINNINGS:
        touched = _anywhere_in(value, key.text, is_open=key.open)
        # DynamoDB takes no empty partition key: no item has one.
        return all_of([touched, negated(equal(value, ()))]) if key.many else touched
    # A tag may be any text, so whatever goes on after the first literal begins something owned.
    head = units(key.text[0]) if key.text and isinstance(key.text[0], str) else ""
    return any_of([begins(value, text(head)), begins(text(head), value)])
