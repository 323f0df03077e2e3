"""The documents are true: what is generated is fresh, links resolve, commands and names exist."""

import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer

from tests.docs.pages import ROOT, Page, command_lines, page, pages
from valetkey.cli.commands import app
from valetkey.settings import read_settings

_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


@pytest.mark.parametrize("script", ["docs/help_texts.py", "docs/generate.py"])
def test_what_is_written_from_the_code_is_fresh(script: str) -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / script), "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"run `python {script}`\n{done.stdout}{done.stderr}"


def test_every_link_resolves() -> None:
    for each in pages():
        folder = (ROOT / each.name).parent
        for target in _LINK.findall(each.prose):
            if target.startswith("https://"):
                continue
            path, _, anchor = target.partition("#")
            there = (folder / path).resolve() if path else ROOT / each.name
            assert there.is_relative_to(ROOT), f"{each.name}: {target}"
            assert there.exists(), f"{each.name}: {target}"
            if anchor:
                assert anchor in _anchors(there), f"{each.name}: {target}"


def test_every_page_is_reached_from_the_readme() -> None:
    seen: set[str] = set()
    waiting = ["README.md"]
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        for target in _LINK.findall(page(name).prose):
            path = ((ROOT / name).parent / target.partition("#")[0]).resolve()
            path = path / "README.md" if (path / "README.md").exists() else path
            if path.suffix == ".md" and path.exists():
                waiting.append(str(path.relative_to(ROOT)))
    assert {each.name for each in pages()} <= seen


def test_every_command_line_parses() -> None:
    checked = 0
    for name, line in command_lines():
        problem = _problem(line)
        assert problem is None, f"{name}: `{line}`: {problem}"
        checked += 1
    assert checked > 40


@pytest.mark.parametrize(
    "line",
    [
        "valetkey revoke r-1",
        "valetkey runs remove r-1",
        "valetkey serve --port 1",
        "valetkey run --broker-url x -- CMD",
        "valetkey audit verify -x",
    ],
)
def test_a_command_line_that_does_not_exist_is_found(line: str) -> None:
    assert _problem(line) is not None


def test_no_page_knows_this_machine_or_an_index() -> None:
    for each in pages():
        for unwanted in (str(ROOT), str(Path.home()) + "/", "index-url", "/simple"):
            assert unwanted not in each.text, f"{each.name}: {unwanted}"


def test_every_test_that_is_named_exists() -> None:
    source = "\n".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    defined = set(re.findall(r"def (test_\w+)\(", source))
    for each in pages():
        if each.name == "CONTRIBUTING.md" or each.name.startswith(("SECURITY", "docs/")):
            named = {span for span in each.spans() if re.fullmatch(r"test_\w+", span)}
            assert named <= defined, f"{each.name}: {named - defined}"


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    wanted = list(project["project"]["dependencies"]) + project["dependency-groups"]["dev"]
    for extra in project["project"]["optional-dependencies"].values():
        wanted += extra
    text = page("ARCHITECTURE.md").text
    tables = " ".join(re.findall(r"^\| ([^|]+) \|", text, re.MULTILINE))
    for requirement in wanted:
        found = re.match(r"[a-z0-9-]+", requirement)
        assert found is not None
        assert re.search(rf"\b{found[0]}\b", tables), found[0]


def test_every_room_is_on_the_map() -> None:
    source = ROOT / "src" / "valetkey"
    for path in source.iterdir():
        if (path / "__init__.py").exists():
            assert f"[{path.name}/]" in page("ARCHITECTURE.md").text, path.name


def test_the_tutorials_configuration_is_understood(tmp_path: Path) -> None:
    found = re.search(r"<<'TOML'\n(.*?)^TOML$", page("docs/tutorial.md").text, re.DOTALL | re.M)
    assert found is not None
    path = tmp_path / "valetkey.toml"
    path.write_text(found[1])
    assert [grant.name for grant in read_settings(path, {}).grants] == ["tenant-data"]


def _anchors(path: Path) -> set[str]:
    headings = _HEADING.findall(Page("", path.read_text("utf-8")).prose)
    return {re.sub(r"[^\w -]", "", each).strip().lower().replace(" ", "-") for each in headings}


def _problem(line: str) -> str | None:
    """Return what is wrong with the subcommand or an option's name; None if they all exist."""
    words = _words(line)[1:]
    here: Any = typer.main.get_command(app)
    while words and hasattr(here, "commands") and not words[0].startswith("-"):
        word = words.pop(0)
        if word not in here.commands:
            return f"no command `{word}`"
        here = here.commands[word]
    options: dict[str, bool] = {"--help": True, "-h": True}
    for parameter in here.params:
        flag = bool(getattr(parameter, "is_flag", False))
        options |= dict.fromkeys([*parameter.opts, *parameter.secondary_opts], flag)
    skip = False
    for word in words:
        if word == "--":
            break
        if skip:
            skip = False
        elif word.startswith("-") and word != "-":
            name = word.partition("=")[0]
            if name not in options:
                return f"no option `{name}`"
            skip = not options[name] and "=" not in word
    return None


def _words(line: str) -> list[str]:
    """Split a command line, without its comment, its redirections and the job's `&`."""
    text = re.split(r"\s#\s|\s&(?:\s|$)|\s\d?>|\s\|\|", line)[0]
    return shlex.split(text.replace("'", "").replace('"', " ") if text.count('"') % 2 else text)
