"""`valetkey tools test`: decide the cases beside the policies."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from valetkey.cli.output import printable
from valetkey.cli.tools_sources import read_tools, with_policies
from valetkey.errors import ValetkeyError
from valetkey.tools.cases import MAX_CASES_BYTES, Case, CaseResult, read_cases, run_case
from valetkey.wiring.bundle import bundle_of

SUFFIX = ".cases.json"


def run_cases(config: Path, *, policies: Path | None, cases: Path | None, as_json: bool) -> bool:
    """Decide every case, print those that fail and a summary; say whether all passed.

    Raises ValetkeyError `cases-none` where there are none: nothing would have been tested.
    """
    _, tools = read_tools(config)
    bundle = bundle_of(tools, with_policies(tools.source, policies))
    folder = cases or policies or tools.policies
    found = [case for path in _files(folder) for case in _read(path)]
    if not found:
        raise ValetkeyError(
            "cases-none",
            f"`{folder}` has no cases",
            hint=f"write them into `NAME{SUFFIX}`: a list of requests and the decision of each",
        )
    now = time.time()
    results = [run_case(bundle, case, now=now) for case in found]
    if as_json:
        print(json.dumps([_document(result) for result in results], indent=2))
    else:
        _print(results)
    return all(result.passed for result in results)


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise ValetkeyError("cases-none", f"`{folder}` is not a folder")
    return sorted(folder.glob(f"*{SUFFIX}"))


def _read(path: Path) -> Iterator[Case]:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_CASES_BYTES + 1)
        yield from read_cases(path.name, raw.decode())
    except OSError as error:
        raise ValetkeyError(
            "file-unreadable", f"`{path}` can't be read: {error.strerror}"
        ) from None
    except UnicodeDecodeError:
        raise ValetkeyError("cases-format", f"`{path}` is not UTF-8 text") from None


def _document(result: CaseResult) -> dict[str, Any]:
    decision = result.decision
    return {
        "file": result.case.file,
        "name": result.case.name,
        "passed": result.passed,
        "decision": None if decision is None else decision.verdict.value,
        "code": None if decision is None else decision.code,
        "rules": [] if decision is None else list(decision.rules),
        "differences": list(result.differences),
    }


def _print(results: list[CaseResult]) -> None:
    failed = [result for result in results if not result.passed]
    for result in failed:
        print(printable(f"{result.case.file}: {result.case.name}"))
        for difference in result.differences:
            print(f"  {printable(difference)}")
    count = f"{len(results)} case{'s' * (len(results) != 1)}"
    print(f"{count}, {len(failed)} failed" if failed else f"{count}, all as expected")
