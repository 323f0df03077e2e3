"""One line of `valetkey iam evaluate`: JSON in, JSON out. Knows no files and no streams."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from valetkey.errors import ValetkeyError
from valetkey.iam.decision import Decision
from valetkey.iam.document import quoted, read_json, scalar_text
from valetkey.iam.errors import RecordError
from valetkey.iam.evaluate import evaluate
from valetkey.iam.instants import parse_instant
from valetkey.iam.parse import MAX_DOCUMENT, parse_policy
from valetkey.iam.policies import Policies
from valetkey.iam.policy import Layer, Policy
from valetkey.iam.principal import Principal, PrincipalKind
from valetkey.iam.request import Request
from valetkey.iam.variables import ContextValue

MAX_LINE = 2_097_152  # bytes or characters: a request with every policy at AWS's limits has less
REMEMBERED_POLICIES = 64
MAX_REMEMBERED = 32_768  # characters of one line's policies: longer ones take megabytes each

REQUIRED = {"principal", "action", "resource", "policies"}
OPTIONAL = {"id", "resource_account", "context", "now"}
PRINCIPAL_MEMBERS = {
    "arn", "federated", "service", "anonymous", "account", "tags", "role_tags", "role_arn",
}  # fmt: skip
LAYERS = {"resource": Layer.RESOURCE, "trust": Layer.TRUST, "boundary": Layer.BOUNDARY}
LISTS = {"identity": Layer.IDENTITY, "session": Layer.SESSION}
LEVELS = {
    "service_control": Layer.SERVICE_CONTROL,
    "resource_control": Layer.RESOURCE_CONTROL,
}
ID_LENGTH = 1_024


def answer_line(line: str | bytes) -> dict[str, object]:
    """Return what to print for one line: a decision, or an `error` with code and message.

    Never raises on any text; `id` is null where the line's own could not be read.
    """
    record: object = None
    try:
        record = read_json(line, _refuse, limit=MAX_LINE)
        return answer(record)
    except ValetkeyError as error:
        given = record.get("id") if isinstance(record, dict) else None
        known = given if _is_id(given) else None
        return {"id": known, "error": {"code": error.code, "message": error.message}}


def answer(record: object) -> dict[str, object]:
    """Return the decision on a record, as JSON values. Raises ValetkeyError for a bad record."""
    members = _object(record, "the record")
    _known(members, REQUIRED | OPTIONAL, "the record")
    if missing := REQUIRED - members.keys():
        raise _refuse(f"{quoted(min(missing))} is missing")
    if not _is_id(members.get("id")):
        raise _refuse("`id` is a string or an integer")
    request, policies = read_record(members)
    return {"id": members.get("id"), **decision_members(evaluate(request, policies))}


def read_record(members: Mapping[str, object]) -> tuple[Request, Policies]:
    """Return the request and the policies of a record. Raises ValetkeyError for a bad one."""
    policies = _object(members["policies"], "`policies`")
    request = Request(
        principal=_principal(_object(members["principal"], "`principal`")),
        action=_text(members, "action"),
        resource=_text(members, "resource"),
        resource_account=_optional(members, "resource_account"),
        context=_context(members.get("context")),
        now=_now(members.get("now")),
    )
    written = _Written(_written(policies), policies)
    long = len(written.text) > MAX_REMEMBERED
    return request, _policies.__wrapped__(written) if long else _policies(written)


def decision_members(decision: Decision) -> dict[str, object]:
    """Return a decision as the JSON members that the command prints."""
    return {
        "decision": decision.effect.value,
        "determining": [
            {"policy": ref.policy, "statement": ref.statement, "sid": ref.sid}
            for ref in decision.determining
        ],
        "because": decision.because,
    }


@dataclass(frozen=True, slots=True)
class _Written:
    """Policies as read, told apart by their text: 1.5 and "1.5" are two."""

    text: str
    members: Mapping[str, object] = field(compare=False, repr=False)


def _written(value: object) -> str:
    """Return a text that no other JSON value has. Raises RecordError for one nested too deep."""
    try:
        return repr(value)
    except RecursionError:
        raise _refuse("the policies are nested too deep") from None


@lru_cache(maxsize=REMEMBERED_POLICIES)
def _policies(written: _Written) -> Policies:
    """Return the compiled policies; remembered, for lines that repeat them."""
    members = written.members
    _known(members, LAYERS.keys() | LISTS.keys() | LEVELS.keys(), "`policies`")
    single = {
        name: None if members.get(name) is None else _policy(members[name], name, layer)
        for name, layer in LAYERS.items()
    }
    lists = {name: _listed(members.get(name), name, layer) for name, layer in LISTS.items()}
    levels = {
        name: tuple(
            _listed(level, f"{name}[{index}]", layer) or ()
            for index, level in enumerate(_list(members.get(name), name))
        )
        for name, layer in LEVELS.items()
    }
    return Policies(
        identity=lists["identity"] or (),
        resource=single["resource"],
        trust=single["trust"],
        session=lists["session"],
        boundary=single["boundary"],
        service_control=levels["service_control"],
        resource_control=levels["resource_control"],
    )


def _policy(document: object, name: str, layer: Layer) -> Policy:
    members = _object(document, quoted(name))
    if len(_written(members)) > MAX_DOCUMENT:
        raise _refuse(f"{quoted(name)} is longer than {MAX_DOCUMENT} characters")
    return parse_policy(members, name=name, layer=layer)


def _listed(documents: object, name: str, layer: Layer) -> tuple[Policy, ...] | None:
    """Return the policies of a list of documents; None for null."""
    if documents is None:
        return None
    listed = enumerate(_list(documents, name))
    return tuple(_policy(document, f"{name}[{index}]", layer) for index, document in listed)


def _principal(members: Mapping[str, object]) -> Principal:
    _known(members, PRINCIPAL_MEMBERS, "`principal`")
    kinds = [kind for kind in PrincipalKind if kind.value in members]
    if len(kinds) != 1:
        raise _refuse("`principal` has one of `arn`, `federated`, `service` and `anonymous`")
    kind = kinds[0]
    if kind is PrincipalKind.ANONYMOUS:
        if members["anonymous"] is not True:
            raise _refuse("`anonymous` is true or absent")
        name = "*"
    else:
        name = _text(members, kind.value)
    return Principal(
        kind,
        name,
        account=_optional(members, "account"),
        tags=_tags(members, "tags"),
        role_tags=_tags(members, "role_tags"),
        role_arn=_optional(members, "role_arn"),
    )


def _tags(members: Mapping[str, object], name: str) -> dict[str, str]:
    given = members.get(name)
    tags = _object({} if given is None else given, quoted(name))
    found = {key: value for key, value in tags.items() if isinstance(value, str)}
    if len(found) != len(tags):
        raise _refuse(f"a tag's value in {quoted(name)} is a string")
    return found


def _context(value: object) -> dict[str, ContextValue]:
    """Return the context: a scalar as IAM's text of it, a list as a tuple of such texts."""
    found: dict[str, ContextValue] = {}
    for key, given in _object(value if value is not None else {}, "`context`").items():
        if isinstance(given, list):
            found[key] = tuple(_context_text(key, one) for one in given)
        else:
            found[key] = _context_text(key, given)
    return found


def _context_text(key: str, value: object) -> str:
    text = scalar_text(value)
    if text is None:
        raise _refuse(f"the context key {quoted(key)} has no string, number, boolean or list of it")
    return text


def _now(value: object) -> float | None:
    if value is None:
        return None
    text = None if isinstance(value, bool) else scalar_text(value)
    instant = None if text is None or len(text) > ID_LENGTH else parse_instant(text)
    if instant is None:
        raise _refuse(
            "`now` is a date of ISO 8601 with its zone, or 5 to 12 digits of Unix seconds"
        )
    return float(instant)


def _object(value: object, what: str) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise _refuse(f"{what} is an object")
    return value


def _list(value: object, what: str) -> list[object]:
    if value is not None and not isinstance(value, list):
        raise _refuse(f"{quoted(what)} is a list")
    return value or []


def _known(members: Mapping[str, object], names: set[str], what: str) -> None:
    if unknown := members.keys() - names:
        raise _refuse(f"{what} has the unknown member {quoted(min(unknown))}")


def _text(members: Mapping[str, object], name: str) -> str:
    value = members.get(name)
    if not isinstance(value, str):
        raise _refuse(f"{quoted(name)} is a string")
    return value


def _optional(members: Mapping[str, object], name: str) -> str | None:
    return None if members.get(name) is None else _text(members, name)


def _is_id(value: object) -> bool:
    if isinstance(value, str):
        return len(value) <= ID_LENGTH
    if isinstance(value, bool):
        return False
    return value is None or (isinstance(value, int) and value.bit_length() <= 64)


def _refuse(message: str) -> RecordError:
    return RecordError("malformed-record", message)
