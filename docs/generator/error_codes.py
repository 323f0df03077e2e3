"""The page of error codes: every code that the source raises or refuses with, and its sentence.

The source is read as a syntax tree: a call of an error's class, or of a function that only passes
a code on to one. Where a sentence has a value, the page has `…`.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import valetkey
from valetkey.broker.tool_call import PUBLIC

_INTRO = """\
# Error codes

An error is one line: a sentence, a code in brackets on the command line or as `code` in a
[problem document](http-api.md), and often a hint that says what to do. Codes never change their
meaning; programs may match on them, not on the sentences. `…` stands for a value.

The local AWS (`valetkey aws`) answers SDKs with AWS's own codes; those are not here.
"""
_IN_C = re.compile(r'fail_plainly\(\s*\w+,\s*"([a-z-]+)",\s*"([^"]*)"')
_CODE = re.compile(r"[a-z]+(-[a-z0-9]+)*")
_NOT_OURS = {"AwsError"}  # in localaws/ alone: AWS's own codes
# The codes of `broker.outcomes` become the codes of refusals.
_VERDICTS = {"UseOutcome": "broker", "OpenVerdict": "broker"}
_VERDICTS_SAY = {
    "run-expired": "the run has expired",
    "run-ended": "the run was ended",
    "run-revoked": "the run was revoked",
    "run-token": "the run token is not accepted",
    "run-rebound": "the run goes on under other policies: ask again",
    "policy-not-active": "new runs are opened under other policies: ask again",
    "run-id-taken": "the run could not be opened",
    "token-replayed": "a token that is good for one run has opened one already",
}
_SILENT = {"USED", "OPENED", "BOUND_ELSEWHERE", "UNKNOWN"}
Found = dict[tuple[str, str], set[str]]
Part = int | ast.expr | None


def error_codes_page() -> str:
    """Return the page, a table a room."""
    root = Path(valetkey.__file__).parent
    rooms: dict[str, list[ast.Module]] = {}
    for path in sorted(root.rglob("*.py")):
        room = path.relative_to(root).parts[0].removesuffix(".py")
        rooms.setdefault(room, []).append(ast.parse(path.read_text(encoding="utf-8")))
    classes = _error_classes([tree for trees in rooms.values() for tree in trees])
    found: Found = {}
    for room, trees in rooms.items():
        known = classes - _NOT_OURS if room == "localaws" else classes
        for tree in trees:
            for code, sentence in _raised(tree, known, room=room):
                found.setdefault((room, code), set()).add(sentence)
    for code, sentence in PUBLIC.items():
        found[("broker", code)] = {sentence}
    for code, sentence in _said_in_c():
        found.setdefault(("sandbox", code), {sentence})
    return _written(found)


def _said_in_c() -> Iterator[tuple[str, str]]:
    """Yield what the static program says in one piece; most of it is what Python says, too."""
    for path in sorted((Path(__file__).parents[2] / "native").glob("*.c")):
        yield from _IN_C.findall(path.read_text(encoding="utf-8"))


def _error_classes(trees: list[ast.Module]) -> set[str]:
    """Return the names of all classes under ValetkeyError, and of what denies by a value."""
    known = {"ValetkeyError", "Refusal", "Problem", "DeniedCall", "send_problem"}
    defined = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    while (
        more := {
            node.name for node in defined if known & {ast.unparse(base) for base in node.bases}
        }
        - known
    ):
        known |= more
    return known


def _raised(tree: ast.Module, classes: set[str], *, room: str) -> Iterator[tuple[str, str]]:
    makers = _makers(tree, classes)
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and _VERDICTS.get(node.name) == room:
            yield from _verdicts(node)
        if not isinstance(node, ast.Call):
            continue
        name = _called(node)
        if name in classes:
            code, sentence = _arguments(node)
        elif name in makers:
            maker = makers[name]
            code, sentence = (_filled(node, part) for part in maker)
        else:
            continue
        text = _text(code)
        if text and _CODE.fullmatch(text):
            yield text, _text(sentence) or ""


def _makers(tree: ast.Module, classes: set[str]) -> dict[str, tuple[Part, Part]]:
    """Return the functions that hand a parameter on as an error's code or sentence."""
    found: dict[str, tuple[Part, Part]] = {}
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef) or node.name == "__init__":
            continue
        names = [argument.arg for argument in node.args.args]
        for call in ast.walk(node):
            if isinstance(call, ast.Call) and _called(call) in classes:
                code, sentence = (_part(given, names) for given in _arguments(call))
                if isinstance(code, int) or isinstance(sentence, int):
                    found[node.name] = (code, sentence)
    return found


def _part(given: ast.expr | None, names: list[str]) -> Part:
    """Return the position of the parameter that is handed on, or what is given itself."""
    if isinstance(given, ast.Name) and given.id in names:
        return names.index(given.id)
    return given


def _filled(call: ast.Call, part: Part) -> ast.expr | None:
    if isinstance(part, int):
        return call.args[part] if len(call.args) > part else None
    return part


def _called(call: ast.Call) -> str:
    return ast.unparse(call.func).split(".")[-1]


def _arguments(call: ast.Call) -> tuple[ast.expr | None, ast.expr | None]:
    """Return code and sentence of a call that makes an error, a refusal or a problem."""
    first = {"Problem": 1, "Fault": 1, "send_problem": 2}.get(_called(call), 0)
    named = {keyword.arg: keyword.value for keyword in call.keywords}
    code = call.args[first] if len(call.args) > first else named.get("code")
    if "public" in named:
        return code, named["public"]
    second = 2 if _called(call) == "Refusal" else first + 1
    return code, call.args[second] if len(call.args) > second else named.get("message")


def _verdicts(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for line in node.body:
        if isinstance(line, ast.Assign) and isinstance(line.value, ast.Constant):
            name = ast.unparse(line.targets[0])
            if name not in _SILENT:
                code = str(line.value.value)
                yield code, _VERDICTS_SAY[code]


def _text(node: ast.expr | None) -> str | None:
    """Return the text of a literal, with `…` for what is filled in; None for anything else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(
            str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values
        )
    if isinstance(node, ast.BinOp):
        return (_text(node.left) or "…") + (_text(node.right) or "…")
    return None


def _written(found: Found) -> str:
    parts = [_INTRO]
    for room in sorted({room for room, _ in found}):
        parts.append(f"## {room}\n\n| code | says |\n|---|---|")
        for (_, code), sentences in sorted(i for i in found.items() if i[0][0] == room):
            said = "<br>".join(sorted(s.replace("|", "\\|") for s in sentences if s))
            parts.append(f"| `{code}` | {said} |")
        parts.append("")
    return "\n".join(parts)
