"""Read policy documents for linting: one, or several named ones in a file.

A document is compiled by the evaluator's parser first, so that only what the evaluator takes is
ever looked at.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from valetkey.iam.condition import IF_EXISTS, Condition
from valetkey.iam.document import quoted, read_json, scalar_text
from valetkey.iam.errors import PolicyError
from valetkey.iam.lint.written import Document, Line, Text, Written
from valetkey.iam.parse import VARIABLES_SINCE, parse_policy
from valetkey.iam.policy import Layer, Statement

MAX_FILE = 1_048_576  # characters: a role's documents have a quarter of it at AWS's limits
PLAIN_STEP = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z", re.ASCII)
TRUST_ACTION = re.compile(r"sts:(assumerole.*|tagsession|setsourceidentity|setcontext|\*)\Z", re.I)


def read_documents(text: str | bytes, file: str, *, layer: Layer | None) -> tuple[Document, ...]:
    """Return the policies of a file: one, or an object of several named ones.

    Without `layer`, a document tells: no Principal, an identity policy; one with nothing but
    sts actions and no Resource, a trust policy; else a resource policy.

    Raises PolicyError `malformed-policy` for what is no policy that AWS would take.
    """
    whole = read_json(text, lambda why: PolicyError("malformed-policy", why), limit=MAX_FILE)
    if not isinstance(whole, dict):
        raise PolicyError("malformed-policy", "$: must be an object")
    if {"Statement", "Version"} & whole.keys():
        return (_document(whole, file, path="$", layer=layer),)
    found = []
    for name, one in whole.items():
        if not isinstance(one, dict):
            raise PolicyError(
                "malformed-policy",
                f"{quoted(name)} is no policy",
                hint="give one policy, or an object of named policies",
            )
        found.append(_document(one, file, path=f"${_step(name)}", layer=layer))
    if not found:
        raise PolicyError("malformed-policy", "$: there is no policy")
    return tuple(found)


def _document(raw: dict[str, object], file: str, *, path: str, layer: Layer | None) -> Document:
    kind = layer or _guess(raw)
    policy = parse_policy(raw, name=path, layer=kind)
    variables = raw.get("Version") == VARIABLES_SINCE
    listed = raw["Statement"] if isinstance(raw["Statement"], list) else [raw["Statement"]]
    single = not isinstance(raw["Statement"], list)
    statements = tuple(
        _statement(
            one,
            policy.statements[index],
            path=f"{path}.Statement" if single else f"{path}.Statement[{index}]",
            place=(file, kind, variables),
        )
        for index, one in enumerate(listed)
    )
    return Document(file, path, kind, statements, raw)


def _guess(raw: Mapping[str, object]) -> Layer:
    """Return the layer that the document itself tells."""
    listed = raw.get("Statement")
    statements = [
        one for one in (listed if isinstance(listed, list) else [listed]) if isinstance(one, dict)
    ]
    if not any({"Principal", "NotPrincipal"} & one.keys() for one in statements):
        return Layer.IDENTITY
    bare = not any({"Resource", "NotResource"} & one.keys() for one in statements)
    names = [text.value for one in statements for text in _texts(one.get("Action"), "")]
    trust = bare and all(TRUST_ACTION.match(name) for name in names)
    return Layer.TRUST if trust else Layer.RESOURCE


def _statement(
    raw: dict[str, object], compiled: Statement, *, path: str, place: tuple[str, Layer, bool]
) -> Written:
    file, layer, variables = place
    negated = {name: f"Not{name}" in raw for name in ("Action", "Resource", "Principal")}
    name_of = {name: f"Not{name}" if yes else name for name, yes in negated.items()}

    def element(name: str) -> tuple[Text, ...]:
        return tuple(_texts(raw.get(name_of[name]), f"{path}.{name_of[name]}"))

    sid = raw.get("Sid")
    return Written(
        file=file,
        path=path,
        layer=layer,
        variables=variables,
        sid=sid if isinstance(sid, str) else "",
        allow=raw["Effect"] == "Allow",
        actions=element("Action"),
        not_action=negated["Action"],
        resources=element("Resource"),
        not_resource=negated["Resource"],
        principals=tuple(
            _principals(raw.get(name_of["Principal"]), f"{path}.{name_of['Principal']}")
        ),
        not_principal=negated["Principal"],
        lines=tuple(_lines(raw.get("Condition"), compiled.conditions, f"{path}.Condition")),
        raw=raw,
        compiled=compiled,
    )


def _principals(value: object, path: str) -> Iterator[tuple[str, Text]]:
    if isinstance(value, str):
        yield "*", Text(value, path)
    elif isinstance(value, Mapping):
        for kind, listed in value.items():
            for text in _texts(listed, f"{path}.{kind}"):
                yield ("*" if text.value == "*" else kind), text


def _lines(block: object, compiled: Sequence[Condition], path: str) -> Iterator[Line]:
    """Give each key under each operator; the compiled conditions are in the same order."""
    written = [
        (key, values, f"{path}{_step(operator)}{_step(key)}")
        for operator, keys in (block.items() if isinstance(block, Mapping) else ())
        for key, values in keys.items()
    ]
    for (key, values, here), condition in zip(written, compiled, strict=True):
        name = condition.operator.removeprefix(condition.quantifier.value)
        yield Line(
            operator=condition.operator,
            quantifier=condition.quantifier,
            name=name.removesuffix(IF_EXISTS),
            negated=condition.negated,
            if_exists=condition.if_exists,
            key=condition.key,
            written_key=key,
            values=tuple(_texts(values, here, read=scalar_text)),
            path=here,
            condition=condition,
        )


def _texts(
    value: object, path: str, *, read: Callable[[object], str | None] | None = None
) -> Iterator[Text]:
    """Give the texts of a scalar or a list; the members of a list have their index in the path."""
    if isinstance(value, list):
        for index, one in enumerate(value):
            yield from _texts(one, f"{path}[{index}]", read=read)
        return
    text = read(value) if read else value
    if isinstance(text, str):
        yield Text(text, path)


def _step(name: str) -> str:
    return f".{name}" if PLAIN_STEP.match(name) else f"[{json.dumps(name)}]"
