"""Tag templates: how verified claims and work attributes become session tags.

`{subject.CLAIM}` is a claim of the person worked for, `{issuer}` the configured name of the issuer,
`{directory.NAME}` what the directory says of that person, `{request.NAME}` a work attribute that
the actor set. `:escaped` at the end of a placeholder opts into `valetkey.runs.escape`. Nothing is
defaulted, trimmed or converted.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from valetkey.identity import JsonValue, values_at
from valetkey.runs.errors import TagError
from valetkey.runs.escaping import escape
from valetkey.runs.tags import check_value, is_tag_text

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_ESCAPED = ":escaped"
_ATTRIBUTE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}", re.ASCII)


class Source(Enum):
    """Where a placeholder's value comes from."""

    SUBJECT = "subject"
    ISSUER = "issuer"
    REQUEST = "request"
    DIRECTORY = "directory"


@dataclass(frozen=True, slots=True)
class Placeholder:
    """One `{…}` of a template and the literal text after it."""

    source: Source
    name: str
    escaped: bool
    then: str


@dataclass(frozen=True, slots=True)
class TagTemplate:
    """How one tag is made. `shared` says that many subjects may have the same work value."""

    key: str
    text: str
    lead: str
    placeholders: tuple[Placeholder, ...]
    path_segment: bool
    shared: bool

    def uses(self, source: Source) -> bool:
        """Say whether any placeholder takes its value from `source`."""
        return any(p.source is source for p in self.placeholders)

    def names_issuer(self) -> bool:
        """Say whether equal subjects of two issuers can't make equal tags."""
        return any(
            p.source is Source.ISSUER or (p.source is Source.SUBJECT and p.name == "iss")
            for p in self.placeholders
        )

    def attributes(self) -> frozenset[str]:
        """Return the names of the work attributes that this tag needs."""
        return self._names(Source.REQUEST)

    def directory_attributes(self) -> frozenset[str]:
        """Return the names of the directory's attributes that this tag needs."""
        return self._names(Source.DIRECTORY)

    @property
    def is_bound(self) -> bool:
        """Say whether the value is bound to the first subject that it is used for."""
        return self.uses(Source.REQUEST) and not self.shared

    def _names(self, source: Source) -> frozenset[str]:
        return frozenset(p.name for p in self.placeholders if p.source is source)


@dataclass(frozen=True, slots=True)
class Material:
    """What templates are filled from: verified claims, the issuer's name, work attributes.

    `directory` is what the directory says of the subject.
    """

    claims: Mapping[str, JsonValue]
    issuer_name: str
    attributes: Mapping[str, str]
    directory: Mapping[str, str] = field(default_factory=dict)


def parse_template(
    key: str, text: str, *, path_segment: bool = True, shared: bool = False
) -> TagTemplate:
    """Read a template. Raises `TagError("tag-template")` with what is wrong in it."""
    placeholders: list[Placeholder] = []
    matches = list(_PLACEHOLDER.finditer(text))
    lead = text[: matches[0].start()] if matches else text
    for i, match in enumerate(matches):
        end = matches[i + 1].start() if i + 1 < len(matches) else len(text)
        placeholders.append(_parse_placeholder(key, match[1], text[match.end() : end]))
    template = TagTemplate(key, text, lead, tuple(placeholders), path_segment, shared)
    _check(template)
    return template


def _parse_placeholder(key: str, inside: str, then: str) -> Placeholder:
    escaped = inside.endswith(_ESCAPED)
    path = inside.removesuffix(_ESCAPED)
    if path == "issuer":
        return Placeholder(Source.ISSUER, "", escaped, then)
    kind, _, name = path.partition(".")
    if kind == "subject" and name:
        return Placeholder(Source.SUBJECT, name, escaped, then)
    if kind == "request" and _ATTRIBUTE.fullmatch(name):
        return Placeholder(Source.REQUEST, name, escaped, then)
    if kind == "directory" and _ATTRIBUTE.fullmatch(name):
        return Placeholder(Source.DIRECTORY, name, escaped, then)
    raise TagError(
        "tag-template",
        f"tag `{key}`: `{{{inside}}}` is not a placeholder",
        hint="use {subject.CLAIM}, {issuer}, {request.NAME} or {directory.NAME}, each with "
        "`:escaped` where wanted",
    )


def _check(template: TagTemplate) -> None:
    key, text = template.key, template.text
    literals = [template.lead, *(p.then for p in template.placeholders)]
    if not template.placeholders:
        raise TagError(
            "tag-template", f"tag `{key}`: `{text}` has no placeholder, so all runs share its value"
        )
    if not all(is_tag_text(literal) for literal in literals):
        raise TagError("tag-template", f"tag `{key}`: `{text}` has text that AWS tags do not take")
    if any(not p.then for p in template.placeholders[:-1]):
        raise TagError(
            "tag-template",
            f"tag `{key}`: two placeholders of `{text}` touch, so different values can be one tag",
            hint="put a separator between them",
        )
    if template.shared and not template.uses(Source.REQUEST):
        raise TagError("tag-template", f"tag `{key}`: only a work tag can be shared")


def render(template: TagTemplate, material: Material) -> str:
    """Return the exact value of the tag. Injective: two different materials never share a value.

    Before a separator a value may not hold the separator's first character: `a-b` and `c`, `a` and
    `b-c` would both be `a-b-c`. Raises `TagError`; the codes begin with `tag-value-`.
    """
    parts = [template.lead]
    for index, placeholder in enumerate(template.placeholders):
        value = _value(template.key, placeholder, material)
        if not value:
            raise TagError("tag-value-empty", f"tag `{template.key}` would have an empty part")
        text = escape(value) if placeholder.escaped else value
        if index + 1 < len(template.placeholders) and placeholder.then[0] in text:
            raise TagError(
                "tag-value-ambiguous",
                f"a part of tag `{template.key}` holds its separator `{placeholder.then[0]}`",
                hint="choose a separator that no value can hold, or one tag for each value",
            )
        parts += [text, placeholder.then]
    value = "".join(parts)
    check_value(template.key, value, path_segment=template.path_segment)
    return value


def _value(key: str, placeholder: Placeholder, material: Material) -> str:
    match placeholder.source:
        case Source.ISSUER:
            return material.issuer_name
        case Source.REQUEST:
            found: JsonValue = material.attributes.get(placeholder.name)
            what = f"work attribute `{placeholder.name}`"
        case Source.DIRECTORY:
            found = material.directory.get(placeholder.name)
            what = f"the directory's attribute `{placeholder.name}`"
        case Source.SUBJECT:
            found = _claim(key, material.claims, placeholder.name)
            what = f"claim `{placeholder.name}` of the subject token"
    if found is None:
        raise TagError("tag-value-missing", f"tag `{key}` needs {what}, and it is missing")
    if not isinstance(found, str):
        # The number 1 and the text "1" would be one tag.
        raise TagError("tag-value-type", f"tag `{key}` needs {what} to be a string")
    return found


def _claim(key: str, claims: Mapping[str, JsonValue], name: str) -> JsonValue:
    """Find a claim as trust rules do: by its whole name or a dotted path, never both."""
    found = values_at(claims, name)
    if len(found) > 1:
        raise TagError("tag-value-ambiguous", f"tag `{key}`: claim `{name}` has two meanings")
    return found[0] if found else None
