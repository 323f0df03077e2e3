"""The page of error codes: every code that the source raises or refuses with, and its sentence.

The source is read as a syntax tree: a call of an error's class, or of a function that only passes
a code on to one. Where a sentence has a value, the page has `…`.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import valetkey

_INTRO = """\
# Error codes

An error is one line: a sentence, a code in brackets on the command line or as `code` in a
[problem document](http-api.md), and often a hint that says what to do. Codes never change their
meaning; programs may match on them, not on the sentences. `…` stands for a value.

The local AWS (`valetkey aws`) answers SDKs with AWS's own codes; those are not here.
"""
_CODE = re.compile(r"[a-z]+(-[a-z0-9]+)*")
_NOT_OURS = {"AwsError"}  # in localaws/ alone: AWS's own codes
# The codes of `broker.outcomes` become the codes of refusals.
_VERDICTS = {"UseOutcome": "broker", "OpenVerdict": "broker"}
_SILENT = {"USED", "OPENED", "BOUND_ELSEWHERE", "UNKNOWN"}
Found = dict[tuple[str, str], set[str]]


def error_codes_page() -> str:
    """Return the page, a table a room."""
    root = Path(valetkey.__file__).parent
    trees = {
        path.relative_to(root).parts[0].removesuffix(".py") + ("!" if "localaws" in str(path) else ""):
        [] for path in sorted(root.rglob("*.py"))
    }  # fmt: skip
    for path in sorted(root.rglob("*.py")):
        room = path.relative_to(root).parts[0].removesuffix(".py")
        trees.setdefault(room, []).append(ast.parse(path.read_text(encoding="utf-8")))
    parsed = {room: found for room, found in trees.items() if found}
    classes = _error_classes([tree for each in parsed.values() for tree in each])
    found: Found = {}
    for room, each in parsed.items():
        for tree in each:
            for code, sentence in _raised(tree, classes, room=room):
                found.setdefault((room, code), set()).add(sentence)
    return _written(found)


def _error_classes(trees: list[ast.Module]) -> set[str]:
    """Return the names of all classes under ValetkeyError, and of the two denials."""
    bases = {
        node.name: [ast.unparse(base) for base in node.bases]
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    }
    known = {"ValetkeyError", "Refusal", "Problem"}
    while more := {n for n, under in bases.items() if known.intersection(under)} - known:
        known |= more
    return known


def _raised(tree: ast.Module, classes: set[str], *, room: str) -> Iterator[tuple[str, str]]:
    passing = _functions_that_pass_a_code(tree, classes)
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and _VERDICTS.get(node.name) == room:
            yield from _verdicts(node)
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func).split(".")[-1]
        if room == "localaws" and name in _NOT_OURS:
            continue
        if name in classes or name in passing:
            offset = passing.get(name, 1 if name == "Problem" else 0)
            code = _text(_argument(node, offset, "code"))
            if code and _CODE.fullmatch(code):
                sentence = _argument(node, offset + 1, "message", "public", "detail")
                yield code, _text(sentence) or ""


def _functions_that_pass_a_code(tree: ast.Module, classes: set[str]) -> dict[str, int]:
    """Return the functions that hand a parameter on as an error's code, and its position."""
    found: dict[str, int] = {}
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef) or node.name == "__init__":
            continue
        names = [argument.arg for argument in node.args.args]
        for call in ast.walk(node):
            if isinstance(call, ast.Call) and ast.unparse(call.func).split(".")[-1] in classes:
                code = _argument(call, 0, "code")
                if isinstance(code, ast.Name) and code.id in names:
                    found[node.name] = names.index(code.id)
    return found


def _verdicts(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for line in node.body:
        if isinstance(line, ast.Assign) and isinstance(line.value, ast.Constant):
            name = ast.unparse(line.targets[0])
            if name not in _SILENT:
                yield str(line.value.value), "the run is over, or the token or id was used before"


def _argument(call: ast.Call, position: int, *names: str) -> ast.expr | None:
    for keyword in call.keywords:
        if keyword.arg in names:
            return keyword.value
    return call.args[position] if len(call.args) > position else None


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
