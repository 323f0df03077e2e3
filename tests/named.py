"""What both indexes of named tests stand on: which tests there are, by `path::name`."""

import ast
from functools import cache
from pathlib import Path

TESTS = Path(__file__).parent


@cache
def names_in(path: str) -> frozenset[str]:
    """Return the names of the test functions in a file below `tests/`; empty if there is none."""
    file = TESTS / path
    if not file.is_file():
        return frozenset()
    return frozenset(
        node.name
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
    )


def missing(names: tuple[str, ...]) -> list[str]:
    """Return those of `path::test name` that no file has."""
    return [
        each for each in names if each.partition("::")[2] not in names_in(each.partition("::")[0])
    ]
