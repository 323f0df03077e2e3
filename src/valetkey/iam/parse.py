"""Read policy documents as strictly as AWS does, and compile them.

IAM User Guide, "Grammar of the IAM JSON policy language". Whatever is not understood is refused
with its JSON path: a policy that is half understood is not a policy.
"""

import json
import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from valetkey.iam.arn_pattern import COLONS, compile_resource
from valetkey.iam.condition import Condition, compile_condition
from valetkey.iam.decision import StatementRef
from valetkey.iam.document import quoted, read_json, scalar_text
from valetkey.iam.errors import PolicyError
from valetkey.iam.naming import PrincipalElement
from valetkey.iam.policy import Layer, Policy, Statement
from valetkey.iam.principal_element import compile_principal
from valetkey.iam.template import Template, pieces_of, template_of

MAX_DOCUMENT = 65_536  # characters: AWS's largest, a key policy, has 32,768 without white space
MAX_TEXT = 8_192  # characters of one value: no ARN or key comes near
SID = re.compile(r"[A-Za-z0-9]+\Z")
VARIABLES_SINCE = "2012-10-17"
VERSIONS = ("2008-10-17", VARIABLES_SINCE)
WITH_PRINCIPAL = (Layer.RESOURCE, Layer.TRUST, Layer.RESOURCE_CONTROL)
POLICY_ELEMENTS = {"Version", "Id", "Statement"}
STATEMENT_ELEMENTS = {
    "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource",
    "Condition",
}  # fmt: skip


class _Place(NamedTuple):
    """Where in which policy we read."""

    path: str
    layer: Layer
    variables: bool

    def at(self, step: str) -> "_Place":
        return self._replace(path=self.path + step)

    def refuse(self, message: str) -> PolicyError:
        return PolicyError(
            "malformed-policy",
            f"{self.path}: {message}",
            hint="write the policy as IAM's JSON policy grammar has it",
        )


def parse_policy(
    document: str | bytes | Mapping[str, object], *, name: str, layer: Layer
) -> Policy:
    """Return the compiled policy.

    `document` is JSON text of at most 65,536 characters, or what a JSON reader made of it.
    Raises PolicyError `malformed-policy` with the JSON path of what AWS would not take: unknown
    or duplicate members, wrong types, missing elements, a Principal where none may be.
    """
    if not isinstance(document, Mapping):
        read = read_json(
            document, lambda why: PolicyError("malformed-policy", why), limit=MAX_DOCUMENT
        )
    else:
        read = document
    whole = _object(read, _Place("$", layer, variables=False), POLICY_ELEMENTS)
    version = whole.get("Version", VERSIONS[0])
    if version not in VERSIONS:
        raise _Place("$.Version", layer, variables=False).refuse("is not a version of the language")
    place = _Place("$", layer, variables=version == VARIABLES_SINCE)
    _optional_text(whole, "Id", place)
    if "Statement" not in whole:
        raise place.refuse("`Statement` is missing")
    written = whole["Statement"]
    listed = written if isinstance(written, list | tuple) else [written]
    statements = tuple(
        _statement(one, index, name, place.at(f".Statement[{index}]"))
        for index, one in enumerate(listed)
    )
    _check_sids(statements, place.at(".Statement"))
    return Policy(name, layer, statements)


def _check_sids(statements: Iterable[Statement], place: _Place) -> None:
    """Refuse a Sid that comes twice; IAM's own policies take letters and digits only.

    An empty Sid is none: tools write it for every statement. Services word theirs freely.
    """
    seen: set[str] = set()
    for statement in statements:
        sid = statement.ref.sid
        if not sid:
            continue
        if sid in seen:
            raise place.refuse(f"the Sid {quoted(sid)} comes twice")
        if place.layer is not Layer.RESOURCE and not SID.match(sid):
            raise place.refuse(f"the Sid {quoted(sid)} is not of letters and digits")
        seen.add(sid)


def _statement(value: object, index: int, policy: str, place: _Place) -> Statement:
    written = _object(value, place, STATEMENT_ELEMENTS)
    effect = written.get("Effect")
    if effect not in ("Allow", "Deny"):
        raise place.at(".Effect").refuse("must be `Allow` or `Deny`")
    actions, not_action = _either(written, "Action", place)
    principal, not_principal = _principal(written, place)
    resources, not_resource = _resources(written, place)
    return Statement(
        ref=StatementRef(policy, index, _optional_text(written, "Sid", place)),
        allow=effect == "Allow",
        actions=tuple(_action(text, place.at(".Action")) for text in actions),
        conditions=_conditions(written.get("Condition", {}), place.at(".Condition")),
        resources=resources,
        principal=principal,
        not_action=not_action,
        not_resource=not_resource,
        not_principal=not_principal,
    )


def _either(written: Mapping[str, object], name: str, place: _Place) -> tuple[list[str], bool]:
    """Return the texts of `name` or of `Not…`, exactly one of which must be there.

    The Not form needs a value: empty, it would cover everything there is.
    """
    negated = f"Not{name}"
    if (name in written) == (negated in written):
        raise place.refuse(f"exactly one of `{name}` and `{negated}` must be there")
    if name in written:
        return _texts(written[name], place.at(f".{name}")), False
    texts = _texts(written[negated], place.at(f".{negated}"))
    if not texts:
        raise place.at(f".{negated}").refuse("must not be empty")
    return texts, True


def _action(text: str, place: _Place) -> Template:
    vendor, colon, name = text.partition(":")
    whole = vendor and colon and name
    if (text.strip("*") and not whole) or not text.isascii() or any(map(str.isspace, text)):
        raise place.refuse(f"{quoted(text)} is not an action like `service:Action`")
    return template_of(text, pieces_of(text.lower(), place.path, wildcards=True, variables=False))


def _resources(
    written: Mapping[str, object], place: _Place
) -> tuple[tuple[Template, ...] | None, bool]:
    if place.layer is Layer.TRUST:
        if "Resource" in written or "NotResource" in written:
            raise place.refuse("a role trust policy has no `Resource`: it is the role")
        return None, False
    texts, negated = _either(written, "Resource", place)
    place = place.at(".NotResource" if negated else ".Resource")
    for text in texts:
        if text.strip("*") and not text.startswith("arn:"):
            raise place.refuse(f"{quoted(text)} is neither `*` nor an ARN")
        if place.layer is Layer.SESSION and text.strip("*") and text.count(":") < COLONS:
            raise place.refuse(f"a session policy can't have the incomplete ARN {quoted(text)}")
    compiled = [compile_resource(text, place.path, variables=place.variables) for text in texts]
    return tuple(compiled), negated


def _principal(
    written: Mapping[str, object], place: _Place
) -> tuple[PrincipalElement | None, bool]:
    """Return the compiled Principal or NotPrincipal, where the layer has one."""
    present = [name for name in ("Principal", "NotPrincipal") if name in written]
    if place.layer not in WITH_PRINCIPAL:
        if present:
            raise place.at(f".{present[0]}").refuse(f"may not be in a {place.layer.value}")
        return None, False
    if len(present) != 1:
        raise place.refuse("exactly one of `Principal` and `NotPrincipal` must be there")
    negated = present[0] == "NotPrincipal"
    here = place.at(f".{present[0]}")
    if negated and (place.layer is not Layer.RESOURCE or written.get("Effect") != "Deny"):
        raise here.refuse("is for a Deny in a resource-based policy only")
    if place.layer is Layer.RESOURCE_CONTROL and written["Principal"] != "*":
        raise here.refuse("must be `*` in a resource control policy")
    return compile_principal(written[present[0]], here.path), negated


def _conditions(value: object, place: _Place) -> tuple[Condition, ...]:
    compiled = []
    for operator, keys in _object(value, place).items():
        at_operator = place.at(_member(operator))
        for key, values in _object(keys, at_operator).items():
            at_key = at_operator.at(_member(key))
            listed = values if isinstance(values, list | tuple) else [values]
            texts = tuple(_scalar(one, at_key) for one in listed)
            compiled.append(
                compile_condition(operator, key, texts, path=at_key.path, variables=place.variables)
            )
    return tuple(compiled)


def _member(name: str) -> str:
    """Return the step of a JSON path to a member, on one line and short."""
    if name.isidentifier() and name.isascii() and len(name) <= 80:
        return f".{name}"
    return f"[{json.dumps(name[:80])}]"


def _scalar(value: object, place: _Place) -> str:
    text = scalar_text(value)
    if text is None:
        raise place.refuse("a condition's value is a string, a number or a boolean")
    return _bounded(text, place)


def _texts(value: object, place: _Place) -> list[str]:
    """Return the strings of a string or a list of strings."""
    listed = value if isinstance(value, list | tuple) else [value]
    texts = [text for text in listed if isinstance(text, str)]
    if len(texts) != len(listed):
        raise place.refuse("must be a string or a list of strings")
    return [_bounded(text, place) for text in texts]


def _bounded(text: str, place: _Place) -> str:
    if len(text) > MAX_TEXT:
        raise place.refuse(f"a value has at most {MAX_TEXT} characters")
    return text


def _optional_text(written: Mapping[str, object], name: str, place: _Place) -> str | None:
    value = written.get(name)
    if name in written and not isinstance(value, str):
        raise place.at(f".{name}").refuse("must be a string")
    return value if isinstance(value, str) else None


def _object(value: object, place: _Place, known: set[str] | None = None) -> Mapping[str, object]:
    """Return `value` as an object with string names, all of them known."""
    if not isinstance(value, Mapping):
        raise place.refuse("must be an object")
    for name in value:
        if not isinstance(name, str):
            raise place.refuse("an object's names are strings")
        if known is not None and name not in known:
            raise place.refuse(f"{quoted(name)} is not an element")
    return value
