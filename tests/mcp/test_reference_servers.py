"""The official reference servers behind the gateway: every tool is mapped, or hidden and why."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.mcp.node import needs_npm
from tests.mcp.reference import everything, everything_over_http, filesystem
from tests.mcp.rig import Rig, table
from tests.mcp.scenario import Answer, python_client
from valetkey.demo.issuer import DemoIssuer

pytestmark = [needs_npm, pytest.mark.slow, pytest.mark.xdist_group("mcp-reference")]
OF_EVERYTHING = {
    "echo": "mapped",
    "get-annotated-message": "mapped",
    "get-env": "mapped",
    "get-resource-links": "mapped",
    "get-resource-reference": "mapped",
    "get-structured-content": "mapped",
    "get-sum": "mapped",
    "get-tiny-image": "mapped",
    "gzip-file-as-resource": "mapped",
    "simulate-research-query": "hidden: it can only be called as a task, which is not offered",
    "toggle-simulated-logging": "mapped",
    "toggle-subscriber-updates": "mapped",
    "trigger-long-running-operation": "mapped",
}
OF_FILES = dict.fromkeys(
    (
        "create_directory",
        "directory_tree",
        "edit_file",
        "get_file_info",
        "list_allowed_directories",
        "list_directory",
        "list_directory_with_sizes",
        "move_file",
        "read_file",
        "read_media_file",
        "read_multiple_files",
        "read_text_file",
        "search_files",
        "write_file",
    ),
    "mapped",
)


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory, issuer: DemoIssuer) -> Iterator[Rig]:
    folder = tmp_path_factory.mktemp("reference")
    files = folder / "files"
    files.mkdir()
    (files / "note.txt").write_text("of a file")
    with ExitStack() as stack:
        url = stack.enter_context(everything_over_http())
        servers = [table("remote", url=url), everything("local"), filesystem(files)]
        made = Rig(folder, issuer, servers)
        refreshed = made.refresh("--accept")
        assert refreshed.returncode == 0, refreshed.stdout + refreshed.stderr
        stack.enter_context(made.serving())
        yield made


def test_every_tool_is_mapped_or_hidden_with_its_reason(rig: Rig) -> None:
    said = rig.valetkey("tools", "list", "--json", "--config", str(rig.config))
    assert said.returncode == 0, said.stderr
    found: dict[str, dict[str, str]] = {}
    for tool in json.loads(said.stdout)["tools"]:
        why = "mapped" if tool["hidden"] is None else f"hidden: {tool['hidden']}"
        server, _, name = tool["tool"].partition("___")
        found.setdefault(server, {})[name] = why
    assert found == {"remote": OF_EVERYTHING, "local": OF_EVERYTHING, "files": OF_FILES}


async def test_each_is_called_through_the_gateway(rig: Rig) -> None:
    note = str(Path(rig.folder) / "files" / "note.txt")
    calls = (
        ("remote___echo", {"message": "over HTTP"}),
        ("local___echo", {"message": "over stdio"}),
        ("files___read_text_file", {"path": note}),
        ("local___simulate-research-query", {"topic": "any"}),
    )
    played = await python_client(rig.mcp, rig.open().token_file, calls)
    assert played.answers == (
        Answer(text="Echo: over HTTP"),
        Answer(text="Echo: over stdio"),
        Answer(text="of a file"),
        Answer(number=-32602, code="tool-unknown"),
    )
    shown = [f"{server}___{name}" for server, tools in _by_server().items() for name in tools]
    assert sorted(shown) == list(played.names)


def _by_server() -> dict[str, list[str]]:
    mapped = [name for name, why in OF_EVERYTHING.items() if why == "mapped"]
    return {"remote": mapped, "local": mapped, "files": list(OF_FILES)}


async def test_a_server_that_the_gateway_starts_sees_nothing_of_the_brokers_environment(
    rig: Rig,
) -> None:
    """The server tells whoever asks what its process was given (lesson 8)."""
    played = await python_client(rig.mcp, rig.open().token_file, (("local___get-env", {}),))
    given = json.loads(played.answers[0].text or "{}")
    allowed = {"HOME", "LANG", "LC_ALL", "LOGNAME", "PATH", "SHELL", "TERM", "TMPDIR", "TZ", "USER"}
    ours = {name for name in given if name.startswith(("AWS_", "VALETKEY_"))}
    assert given.keys() - ours <= allowed, given.keys()
