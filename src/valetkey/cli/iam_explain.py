"""`valetkey iam explain`: each decision as a person reads it."""

import json
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import typer

from valetkey.cli.iam_lines import Requests, lines_of
from valetkey.cli.options import AsJson
from valetkey.cli.output import FAILED, print_error, print_lines
from valetkey.errors import ValetkeyError

if TYPE_CHECKING:
    from valetkey.iam import Decision, NearMiss, StatementRef
    from valetkey.iam.explain import LayerView


def explain(file: Requests = None, as_json: AsJson = False) -> None:
    """Show decisions as a person reads them.

    Takes the same JSON lines as `evaluate`. Each is answered with the request in one line, the
    decision, what each layer of policies says of it, the deciding statements, and the near
    misses: which element kept a statement from taking effect, with the values compared. A line
    that can't be read is said on standard error and the next one is taken; the exit code is 1
    then, and 0 otherwise, whatever was decided.
    """
    good = True
    for number, line in enumerate(lines_of(file), 1):
        try:
            _show(line, as_json=as_json)
        except ValetkeyError as error:
            good = False
            print_error(ValetkeyError(error.code, f"request {number}: {error.message}"))
    if not good:
        raise typer.Exit(FAILED)


def _show(line: bytes, *, as_json: bool) -> None:
    from valetkey.cli.iam_words import words_of
    from valetkey.iam import RecordError
    from valetkey.iam.document import read_json
    from valetkey.iam.explain import explain as explain_request
    from valetkey.iam.explain import layers_of
    from valetkey.iam.record import MAX_LINE, answer, read_record

    record: Any = read_json(line, lambda why: RecordError("malformed-record", why), limit=MAX_LINE)
    answered = answer(record)
    request, policies = read_record(record)
    decision = explain_request(request, policies)
    layers = layers_of(request, policies)
    if as_json:
        members = answered | _members(decision, layers)
        sys.stdout.write(json.dumps(members, separators=(",", ":")) + "\n")
    else:
        print_lines(words_of(record, request, decision, layers))
    sys.stdout.flush()


def _members(decision: "Decision", layers: "Iterable[LayerView]") -> dict[str, object]:
    """Return what `explain` says more than `evaluate`, as JSON values."""
    return {
        "contested": [_ref(ref) for ref in decision.contested],
        "near_misses": [_near_miss(miss) for miss in decision.near_misses],
        "layers": [
            {"layer": view.layer.value, "level": view.level, "says": view.says.value}
            for view in layers
        ],
    }


def _near_miss(miss: "NearMiss") -> dict[str, object]:
    return {
        **_ref(miss.statement),
        "effect": miss.effect,
        "element": miss.element,
        "operator": miss.operator,
        "key": miss.key,
        "wanted": list(miss.wanted),
        "got": list(miss.got) if isinstance(miss.got, tuple) else miss.got,
    }


def _ref(ref: "StatementRef") -> dict[str, object]:
    return {"policy": ref.policy, "statement": ref.statement, "sid": ref.sid}
