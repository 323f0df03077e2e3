"""Guides show whole transcripts, piece by piece, and nothing that was not played."""

import importlib.util
import re
from collections.abc import Callable

import pytest

from tests.docs.pages import ROOT, page
from tests.transcripts.page import PAGES

_MARK = re.compile(r"<!-- transcript: ([a-z-]+), (.+?) -->")
_REMARKS = {"One": "$ a\nb", "Two": "$ cat toml\n# not a remark\n\n[[table]]"}


def with_transcripts(text: str) -> str:
    path = ROOT / "docs" / "generator" / "transcripts.py"
    spec = importlib.util.spec_from_file_location("transcripts", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    vars(module)["pieces_of"] = {"two": _REMARKS}.__getitem__
    filled: Callable[[str], str] = module.with_transcripts
    return filled(text)


def blocks(*remarks: str) -> str:
    return "\n".join(
        f"<!-- transcript: two, {each} -->\nold\n<!-- /transcript -->" for each in remarks
    )


def test_a_guide_shows_what_was_printed() -> None:
    filled = with_transcripts(blocks("Two", "One"))
    assert "old" not in filled
    assert "```text\n$ cat toml\n# not a remark\n\n[[table]]\n```\n<!-- /transcript -->" in filled
    assert with_transcripts(filled) == filled


@pytest.mark.parametrize("remarks", [["One"], ["Two"], ["One", "Two", "Three"]])
def test_a_piece_that_is_missing_or_not_there_is_an_error(remarks: list[str]) -> None:
    with pytest.raises(SystemExit, match="two"):
        with_transcripts(blocks(*remarks))


def test_the_guide_to_ones_own_machine_shows_the_whole_transcript() -> None:
    text = page("docs/guides/laptop.md").text
    remarks = [remark for name, remark in _MARK.findall(text) if name == "laptop"]
    lines = (PAGES / "laptop.txt").read_text("utf-8").splitlines()
    assert set(remarks) <= {line.removeprefix("# ") for line in lines}
    shown = "".join(page("docs/guides/laptop.md").blocks("text"))
    for line in lines:
        if line.startswith(("$ ", "! valetkey:")):
            assert line in shown
