"""The AWS Query protocol of STS and IAM: form in, XML out.

`Tags.member.1.Key=a` becomes `{"Tags": [{"Key": "a"}]}` along botocore's shapes, and back.
"""

import re
from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape

from valetkey.localaws.faults import AwsError, Service, Trouble, fault
from valetkey.localaws.http import Answer, Incoming, TargetError, decode_percent, encode_percent
from valetkey.localaws.models import Params, api_version, check_params, input_shape
from valetkey.localaws.sigv4 import SIGNATURE_PARAMETERS

MAX_LIST = 200  # longer than any list of STS or IAM parameters
_NAMESPACE = {
    Service.STS: "https://sts.amazonaws.com/doc/2011-06-15/",
    Service.IAM: "https://iam.amazonaws.com/doc/2010-05-08/",
}
NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""A letter that XML 1.0 cannot say."""


def read_form(request: Incoming, service: Service) -> dict[str, str]:
    """Return the parameters of a POST form or a GET query string, each exactly once."""
    if request.path != "/":
        raise fault(service, Trouble.INVALID, "the path of this service is /")
    if request.method == "GET":
        return {n: v for n, v in request.query.items() if n not in SIGNATURE_PARAMETERS}
    kind = (request.header("content-type") or "").split(";")[0].strip().lower()
    if request.method != "POST" or kind != "application/x-www-form-urlencoded":
        raise fault(service, Trouble.INVALID, "send a form by POST, or a query by GET")
    if set(request.query) - SIGNATURE_PARAMETERS:
        raise fault(service, Trouble.INVALID, "parameters stand in the form, not in the query")
    return _decode_form(request.body, service)


def _decode_form(body: bytes, service: Service) -> dict[str, str]:
    form: dict[str, str] = {}
    try:
        for part in body.decode("ascii").split("&"):
            if not part:
                continue
            name, _, value = part.partition("=")
            name = decode_percent(name.replace("+", "%20"))
            if name in form:
                raise fault(service, Trouble.INVALID, f"parameter `{name}` comes twice")
            form[name] = decode_percent(value.replace("+", "%20"))
    except (TargetError, UnicodeDecodeError) as error:
        raise fault(service, Trouble.INVALID, "malformed form") from error
    return form


def read_params(form: Mapping[str, str], service: Service, *, operation: str) -> Params:
    """Return the operation's parameters as botocore's shapes name them, checked."""
    flat = {n: v for n, v in form.items() if n not in {"Action", "Version"}}
    version = form.get("Version")
    if version is not None and version != api_version(service):
        raise fault(service, Trouble.UNSUPPORTED, f"version {version} of the API is not modelled")
    shape = input_shape(service, operation)
    if shape is None:
        params: Params = {}
    else:
        used: set[str] = set()
        params = _structure(shape, flat, "", used=used, service=service)
        stray = sorted(set(flat) - used)
        if stray:
            raise fault(service, Trouble.INVALID, f"unknown parameter `{stray[0]}`")
    check_params(service, operation, params)
    return params


def _structure(
    shape: Any, flat: Mapping[str, str], prefix: str, *, used: set[str], service: Service
) -> Params:
    found: Params = {}
    for name, member in shape.members.items():
        value = _value(member, flat, f"{prefix}{name}", used=used, service=service)
        if value is not None:
            found[name] = value
    return found


def _value(
    shape: Any, flat: Mapping[str, str], name: str, *, used: set[str], service: Service
) -> Any:
    if shape.type_name == "structure":
        return _structure(shape, flat, f"{name}.", used=used, service=service) or None
    if shape.type_name == "list":
        return _list(shape, flat, name, used=used, service=service)
    if name not in flat:
        return None
    used.add(name)
    return _scalar(shape.type_name, flat[name], name, service)


def _list(
    shape: Any, flat: Mapping[str, str], name: str, *, used: set[str], service: Service
) -> list[Any] | None:
    if flat.get(name) == "":  # how the SDKs send an empty list
        used.add(name)
        return []
    found: list[Any] = []
    for index in range(1, MAX_LIST + 1):
        item = _value(shape.member, flat, f"{name}.member.{index}", used=used, service=service)
        if item is None:
            break
        found.append(item)
    return found or None


def _scalar(kind: str, text: str, name: str, service: Service) -> Any:
    if kind in {"integer", "long"}:
        if not re.fullmatch(r"-?[0-9]{1,12}", text):
            raise fault(service, Trouble.INVALID, f"`{name}` must be an integer")
        return int(text)
    if kind == "boolean":
        if text not in {"true", "false"}:
            raise fault(service, Trouble.INVALID, f"`{name}` must be true or false")
        return text == "true"
    if kind in {"string", "timestamp"}:
        return text
    raise fault(service, Trouble.INVALID, f"`{name}` is of a kind that is not modelled")


def write_form(operation: str, params: Params, service: Service) -> str:
    """Return the form that says exactly `params`, for the storage."""
    pairs = [("Action", operation), ("Version", api_version(service))]
    pairs += _flatten("", params)
    return "&".join(f"{encode_percent(name)}={encode_percent(value)}" for name, value in pairs)


def _flatten(name: str, value: Any) -> list[tuple[str, str]]:
    if isinstance(value, dict):
        dot = f"{name}." if name else ""
        return [pair for key, item in value.items() for pair in _flatten(f"{dot}{key}", item)]
    if isinstance(value, list):
        return [
            pair
            for index, item in enumerate(value, start=1)
            for pair in _flatten(f"{name}.member.{index}", item)
        ]
    return [(name, str(value).lower() if isinstance(value, bool) else str(value))]


def xml_text(text: str) -> str:
    """Return `text` as XML character data, without what XML 1.0 cannot say."""
    return escape(NOT_XML.sub("\ufffd", text), {'"': "&quot;"})


def xml_elements(value: Any) -> str:
    """Return nested elements: a dict by its names, a list as `<member>`s, None as nothing."""
    if isinstance(value, dict):
        return "".join(
            f"<{name}>{xml_elements(item)}</{name}>"
            for name, item in value.items()
            if item is not None
        )
    if isinstance(value, list):
        return "".join(f"<member>{xml_elements(item)}</member>" for item in value)
    return xml_text(str(value))


def query_answer(
    service: Service, operation: str, result: dict[str, Any], *, request_id: str
) -> Answer:
    """Return a successful Query answer with this result."""
    text = (
        f'<{operation}Response xmlns="{_NAMESPACE[service]}">'
        f"<{operation}Result>{xml_elements(result)}</{operation}Result>"
        f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata>"
        f"</{operation}Response>"
    )
    return Answer(200, (("content-type", "text/xml"),), text.encode())


def query_fault(service: Service, error: AwsError, *, request_id: str) -> Answer:
    """Return a Query error answer."""
    kind = "Sender" if error.status < 500 else "Receiver"
    text = (
        f'<ErrorResponse xmlns="{_NAMESPACE[service]}"><Error><Type>{kind}</Type>'
        f"<Code>{error.code}</Code><Message>{xml_text(error.message)}</Message></Error>"
        f"<RequestId>{request_id}</RequestId></ErrorResponse>"
    )
    return Answer(error.status, (("content-type", "text/xml"),), text.encode())
