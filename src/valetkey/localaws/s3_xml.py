"""XML bodies of S3: read without a DTD, rebuilt before the storage reads them."""

import re
from dataclasses import dataclass
from xml.etree import ElementTree
from xml.sax.saxutils import escape

import xmltodict

from valetkey.localaws.faults import AwsError, Service, Trouble, fault
from valetkey.localaws.tags import clashing_key

MAX_DELETES = 1000
_NAMESPACE = "{http://s3.amazonaws.com/doc/2006-03-01/}"
_ENCODING = re.compile(rb"""\s*<\?xml[^>]*?\sencoding\s*=\s*["']([^"']*)["']""")
SPACE = {"\r": "&#13;", "\n": "&#10;", "\t": "&#9;"}


@dataclass(frozen=True, slots=True)
class Deletion:
    """One object, or one version of it, that a multi-delete names."""

    key: str
    version: str | None


def parse_xml(body: bytes) -> ElementTree.Element:
    """Return the root element. Raises AwsError MalformedXML; a DTD is malformed, too.

    The text is UTF-8, so that no other encoding of it hides a DTD.
    """
    declared = _ENCODING.match(body)
    if declared is not None and declared[1].lower() != b"utf-8":
        raise malformed()
    if b"<!" in body:  # no DTD, no entities, no CDATA: none of them is ever needed
        raise malformed()
    try:
        return ElementTree.fromstring(body.decode("utf-8"))  # noqa: S314 - DTDs are refused above
    except (ElementTree.ParseError, ValueError) as error:
        raise malformed() from error


def read_deletions(body: bytes) -> tuple[tuple[Deletion, ...], bool]:
    """Return what a `DeleteObjects` body names, and whether it wants a quiet answer."""
    root = parse_xml(body)
    if name_of(root) != "Delete":
        raise malformed()
    found: list[Deletion] = []
    quiet = False
    for element in root:
        if name_of(element) == "Quiet":
            quiet = _text(element) == "true"
        elif name_of(element) == "Object":
            found.append(_deletion(element))
        else:
            raise malformed()
    if not 1 <= len(found) <= MAX_DELETES:
        raise malformed()
    return tuple(found), quiet


def _deletion(element: ElementTree.Element) -> Deletion:
    parts = {name_of(child): _text(child) for child in element}
    if len(parts) != len(element) or not set(parts) <= {"Key", "VersionId"} or not parts.get("Key"):
        raise malformed()
    version = parts.get("VersionId")
    if version == "":
        raise malformed()
    return Deletion(parts["Key"], version)


def write_deletions(deletions: tuple[Deletion, ...], *, quiet: bool) -> bytes:
    """Return a body that the storage reads as exactly these. Raises AwsError if it would not."""
    text = "".join(f"<Object>{_deletion_xml(deletion)}</Object>" for deletion in deletions)
    body = f"<Delete><Quiet>{str(quiet).lower()}</Quiet>{text}</Delete>".encode()
    seen = xmltodict.parse(body, strip_whitespace=False, force_list={"Object"})["Delete"]["Object"]
    if [(o["Key"], o.get("VersionId")) for o in seen] != [(d.key, d.version) for d in deletions]:
        raise malformed()
    return body


def _deletion_xml(deletion: Deletion) -> str:
    version = deletion.version
    return f"<Key>{escape(deletion.key, SPACE)}</Key>" + (
        "" if version is None else f"<VersionId>{escape(version, SPACE)}</VersionId>"
    )


def read_tags(body: bytes) -> dict[str, str]:
    """Return the tags of a `PutObjectTagging` body."""
    tags: dict[str, str] = {}
    for element in parse_xml(body).iter():
        if name_of(element) != "Tag":
            continue
        parts = {name_of(child): _text(child) for child in element}
        if len(element) != 2 or set(parts) != {"Key", "Value"} or not parts["Key"]:
            raise AwsError("InvalidTag", "Each tag has one key and one value.", status=400)
        if any(text != text.strip() for text in parts.values()):  # the storage would strip it
            raise AwsError("InvalidTag", "A tag begins or ends with a blank.", status=400)
        if clashing_key((*tags, parts["Key"])) is not None:
            raise AwsError("InvalidTag", "A tag's key comes twice, ignoring case.", status=400)
        tags[parts["Key"]] = parts["Value"]
    return tags


def write_tags(tags: dict[str, str]) -> bytes:
    """Return the `PutObjectTagging` body that says exactly `tags`."""
    text = "".join(
        f"<Tag><Key>{escape(key, SPACE)}</Key><Value>{escape(value, SPACE)}</Value></Tag>"
        for key, value in tags.items()
    )
    return f"<Tagging><TagSet>{text}</TagSet></Tagging>".encode()


def read_location(body: bytes) -> str | None:
    """Return the LocationConstraint of a `CreateBucket` body, of which nothing else is modelled."""
    if not body:
        return None
    location = None
    for element in parse_xml(body):
        if name_of(element) != "LocationConstraint" or location is not None:
            text = f"`{name_of(element)}` of a new bucket is not modelled"
            raise fault(Service.S3, Trouble.UNSUPPORTED, text)
        location = _text(element)
    return location


def name_of(element: ElementTree.Element) -> str:
    """Return an element's name, which may stand in S3's namespace."""
    return element.tag.removeprefix(_NAMESPACE)


def _text(element: ElementTree.Element) -> str:
    if len(element):
        raise malformed()
    return element.text or ""


def malformed() -> AwsError:
    """Return S3's refusal of a body."""
    return AwsError("MalformedXML", "The XML you provided was not well-formed.", status=400)
