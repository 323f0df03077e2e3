"""XML bodies of S3 against AWS's own shapes, written again in one form for the storage.

What an operation's body may hold is in botocore's data: an element that is not there, a required
one that is missing, and a value of another type are refused before anything reads the body.
"""

import re
from typing import Any
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from valetkey.localaws.faults import AwsError, Service, Trouble, fault
from valetkey.localaws.models import input_shape
from valetkey.localaws.s3_xml import SPACE, malformed, name_of, parse_xml

_SCALARS = {
    "boolean": re.compile("true|false"),
    "integer": re.compile("[0-9]{1,10}"),
    "long": re.compile("[0-9]{1,18}"),
    "timestamp": re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9:.]{8,16}(Z|[+-][0-9:]{5}))?"),
    "string": re.compile(r"(?s).*"),
}
_OPTIONAL = frozenset({"CreateBucket"})
_NEEDED = {
    "CompleteMultipartUpload": frozenset({"Part"}),
    "NoncurrentVersionTransition": frozenset({"NoncurrentDays", "StorageClass"}),
    "Part": frozenset({"ETag", "PartNumber"}),
    "Transition": frozenset({"StorageClass"}),
    "VersioningConfiguration": frozenset({"Status"}),
}
"""What AWS requires though its model does not say so, by the element's name."""
_UNMODELLED = {
    "BlockedEncryptionTypes": None,
    "MFADelete": "Disabled",
    "NewerNoncurrentVersions": None,
    "ObjectSizeGreaterThan": None,
    "ObjectSizeLessThan": None,
}
"""What the storage would drop, with the value that says as much as nothing."""
_MAY_BE_EMPTY = frozenset({"CreateBucketConfiguration", "Filter"})
_ONE_RULE = frozenset({"OwnershipControls", "ServerSideEncryptionConfiguration"})
_FILLED = frozenset({"ETag", "LocationConstraint"})
_ANY_VALUE = frozenset({"LocationConstraint"})  # the newest region may be missing in botocore


def has_xml(operation: str) -> bool:
    """True if the body of this operation is an XML document."""
    member = _payload(operation)
    return member is not None and member.type_name == "structure"


def canonical_body(operation: str, body: bytes) -> bytes:
    """Return the same document without namespaces, attributes and white space between elements.

    Raises AwsError MalformedXML, or MissingRequestBodyError where there has to be a body.
    """
    if not body:
        if operation in _OPTIONAL:
            return body
        if operation == "CompleteMultipartUpload":
            raise malformed()
        raise AwsError("MissingRequestBodyError", "Request Body is empty")
    root = parse_xml(body)
    shape = _payload(operation)
    if name_of(root) != shape.serialization["name"]:
        raise malformed()
    written = _written(root, shape).encode()
    return written if len(root) else b""  # a new bucket of which nothing is said


def _payload(operation: str) -> Any:
    shape = input_shape(Service.S3, operation)
    name = None if shape is None else shape.serialization.get("payload")
    return None if name is None else shape.members[name]


def _written(element: ElementTree.Element, shape: Any) -> str:
    if element.attrib:
        raise malformed()
    if shape.type_name == "structure":
        inside = _structure(element, shape)
    elif shape.type_name == "list":
        wanted = shape.member.serialization.get("name", "member")
        _check_blank(element)
        if any(name_of(child) != wanted for child in element):
            raise malformed()
        inside = "".join(_written(child, shape.member) for child in element)
    else:
        inside = _scalar(element, shape)
    return f"<{name_of(element)}>{inside}</{name_of(element)}>"


def _structure(element: ElementTree.Element, shape: Any) -> str:
    """Return the members in their order; each is there once, unless it is a flat list."""
    members = {_wire_name(name, one): (name, one) for name, one in shape.members.items()}
    _check_blank(element)
    seen: set[str] = set()
    parts: list[str] = []
    for child in element:
        name, member = members.get(name_of(child), ("", None))
        if member is None:
            raise malformed()
        if name in _UNMODELLED and child.text != _UNMODELLED[name]:
            raise fault(Service.S3, Trouble.UNSUPPORTED, f"`{name}` is not modelled")
        flat = _is_flat(member)
        if name in seen and not flat:
            raise malformed()
        seen.add(name)
        parts.append(_written(child, member.member if flat else member))
    own = name_of(element)
    given = {name_of(child) for child in element}
    if set(shape.required_members) - seen or _NEEDED.get(own, frozenset()) - given:
        raise malformed()
    if not (parts or own in _MAY_BE_EMPTY) or (own in _ONE_RULE and len(parts) > 1):
        raise malformed()
    return "".join(parts)


def _scalar(element: ElementTree.Element, shape: Any) -> str:
    text = element.text or ""
    kind = _SCALARS.get(shape.type_name)
    if len(element) or kind is None:
        raise malformed()
    if shape.type_name != "string":
        text = text.strip()
    if not kind.fullmatch(text):
        raise malformed()
    listed = getattr(shape, "enum", None) if name_of(element) not in _ANY_VALUE else None
    if (listed and text not in listed) or (not text and name_of(element) in _FILLED):
        raise malformed()
    return escape(text, SPACE)


def _is_flat(member: Any) -> bool:
    return member.type_name == "list" and bool(member.serialization.get("flattened"))


def _wire_name(name: str, member: Any) -> str:
    """Return the element's name: a flat list is written as its items are called."""
    if _is_flat(member):
        return str(member.serialization.get("name", member.member.serialization.get("name", name)))
    return str(member.serialization.get("name", name))


def _check_blank(element: ElementTree.Element) -> None:
    """Refuse text between elements: it would be read by one and not by the other."""
    if (element.text or "").strip() or any((child.tail or "").strip() for child in element):
        raise malformed()
