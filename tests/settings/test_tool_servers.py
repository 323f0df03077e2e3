"""`[[tools.servers]]`: how a server is reached, what it gets, and what it may not share."""

from pathlib import Path

import pytest

from tests.settings.test_tools import BILLING, GOOD, INVALID, code_of, tools
from valetkey.tools import Proof, Reach, Surface

URL = 'url = "https://tools.example/mcp"'


def server(*lines: str, name: str = "billing-tools") -> str:
    """`GOOD` with one server of these lines."""
    table = "\n".join(("[[tools.servers]]", f'name = "{name}"', *lines))
    return GOOD.replace(BILLING, f"\n{table}\n")


@pytest.mark.parametrize("name", ["", "a_b", "a___b", "-a", "a.b", "é", "x" * 33])
def test_a_server_has_a_name_that_fits_a_url_and_an_action(tmp_path: Path, name: str) -> None:
    assert code_of(tmp_path, server(URL, name=name)) == INVALID


@pytest.mark.parametrize("name", ["InsuranceAPI", "Refund-Tool", "a-", "0", "x" * 32])
def test_a_name_of_a_target_of_agentcore_is_taken(tmp_path: Path, name: str) -> None:
    assert [each.name for each in tools(tmp_path, server(URL, name=name)).servers] == [name]


def test_two_servers_differ_by_more_than_letters_case(tmp_path: Path) -> None:
    both = server(URL, name="Pay") + f'[[tools.servers]]\nname = "pay"\n{URL}\n'
    assert code_of(tmp_path, both) == INVALID


@pytest.mark.parametrize("name", ["tenant-data", "billing", "Billing"])
def test_no_server_is_called_as_a_grant(tmp_path: Path, name: str) -> None:
    assert code_of(tmp_path, server(URL, name=name)) == INVALID


@pytest.mark.parametrize(
    "url",
    [
        "",
        "tools.example/mcp",
        "ftp://tools.example/mcp",
        "http://tools.example/mcp",
        "http://127.0.0.1.example/mcp",
        "https://me:secret@tools.example/mcp",
        "https://tools.example/mcp#x",
        "https://tools.example:0/mcp",
        "https://tools.example:x/mcp",
        "https:///mcp",
        "https://[::1/mcp",
    ],
)
def test_a_server_is_reached_by_https_or_on_loopback(tmp_path: Path, url: str) -> None:
    assert code_of(tmp_path, server(f'url = "{url}"')) == INVALID


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:3001/mcp", "http://[::1]:3001/", "https://a/b?c"]
)
def test_a_server_on_loopback_may_speak_plain_http(tmp_path: Path, url: str) -> None:
    assert tools(tmp_path, server(f'url = "{url}"')).servers[0].url == url


@pytest.mark.parametrize(
    "lines",
    [
        (URL, 'command = ["a"]'),
        (URL, 'environment = { A = "b" }'),
        (URL, 'grant = "tenant-data"'),
        (URL, 'service = "lambda"'),
        (URL, 'region = "eu-west-1"'),
        (URL, 'audience = "https://a"', 'headers = { X = "env:X" }'),
        (URL, 'audience = "https://a"', 'grant = "tenant-data"', 'service = "lambda"'),
        (URL, 'audience = ""'),
        (URL, 'audience = "a b"'),
        (URL, 'grant = "nobody"', 'service = "lambda"', 'region = "eu-west-1"'),
        (URL, 'grant = "billing"', 'service = "lambda"', 'region = "eu-west-1"'),
        (URL, 'grant = "tenant-data"', 'service = "lambda"'),
        (URL, 'grant = "tenant-data"', 'service = "La"', 'region = "eu-west-1"'),
        (URL, 'grant = "tenant-data"', 'service = "lambda"', 'region = "eu/west"'),
        (URL, 'revision = "2024-11-05"'),
        (URL, 'opens = ["sampling"]'),
        (URL, 'timeout = "0s"'),
        (URL, 'timeout = "2h"'),
        (URL, "calls = 0"),
        (URL, "calls = 257"),
        (URL, "answer_bytes = 1"),
        (URL, "answer_bytes = 67108865"),
        (URL, "unknown = 1"),
        ('command = ["a"]', 'audience = "https://a"'),
        ('command = ["a"]', 'headers = { X = "env:X" }'),
        ('command = ["a"]', 'service = "lambda"'),
        ('command = ["a"]', 'region = "eu-west-1"'),
        ('command = [""]',),
        ('command = ["a\\u0000"]',),
        ('audience = "https://a"',),
        ('grant = "tenant-data"',),
        ('opens = ["prompts"]',),
        ('revision = "2025-11-25"',),
        ('environment = { A = "b" }',),
    ],
)
def test_what_a_server_can_not_be_is_refused(tmp_path: Path, lines: tuple[str, ...]) -> None:
    assert code_of(tmp_path, server(*lines), {"X": "x"}) == INVALID


def test_what_a_server_gets_is_one_thing(tmp_path: Path) -> None:
    signed = ('grant = "tenant-data"', 'service = "lambda"', 'region = "eu-west-1"')
    for lines, proof in (
        (('audience = "https://tools.example"',), Proof.TOKEN),
        (('headers = { Authorization = "env:KEY" }',), Proof.HEADERS),
        (signed, Proof.SIGV4),
    ):
        (found,) = tools(tmp_path, server(URL, *lines), {"KEY": "Bearer x"}).servers
        assert found.proof is proof
    assert (found.grant, found.service, found.region) == ("tenant-data", "lambda", "eu-west-1")


def test_the_region_of_a_signature_is_that_of_its_grant_unless_named(tmp_path: Path) -> None:
    text = server(URL, 'grant = "tenant-data"', 'service = "lambda"')
    of_grant = text.replace('name = "tenant-data"', 'name = "tenant-data"\nregion = "eu-north-1"')
    assert tools(tmp_path, of_grant).servers[0].region == "eu-north-1"


def test_a_server_that_is_started_has_its_own_variables(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("k\n")
    key.chmod(0o600)
    text = server(
        'command = ["bin/tool", "--x"]',
        'environment = { KEY = "file:key", LEVEL = "info" }',
        'grant = "tenant-data"',
        'opens = ["prompts", "resources"]',
    )
    (found,) = tools(tmp_path, text).servers
    assert (found.reach, found.proof) == (Reach.STDIO, Proof.NOTHING)
    assert found.command == (str(tmp_path / "bin/tool"), "--x")
    assert {name: each.reveal() for name, each in found.environment.items()} == {
        "KEY": "k",
        "LEVEL": "info",
    }
    assert found.opens == {Surface.PROMPTS, Surface.RESOURCES}
    on_path = tools(tmp_path, server('command = ["npx", "x"]')).servers[0].command
    assert on_path == ("npx", "x")
    key.chmod(0o644)
    assert code_of(tmp_path, text) == "secret-open-to-others"


@pytest.mark.parametrize("name", ["AWS_PROFILE", "VALETKEY_BROKER", "1A", "A-B", ""])
def test_no_variable_is_aws_or_ours(tmp_path: Path, name: str) -> None:
    text = server('command = ["a"]', f'environment = {{ "{name}" = "x" }}')
    assert code_of(tmp_path, text) == INVALID


@pytest.mark.parametrize(
    "name",
    [
        "Host",
        "content-length",
        "Mcp-Session-Id",
        "Cookie",
        "connection",
        "Transfer-Encoding",
        "MCP-Protocol-Version",
        "accept-encoding",
        "Last-Event-ID",
        "Expect",
        "a b",
        "x:y",
        "X-Amz-Date",
    ],
)
def test_no_header_is_one_of_the_protocol(tmp_path: Path, name: str) -> None:
    text = server(URL, f'headers = {{ "{name}" = "env:X" }}')
    assert code_of(tmp_path, text, {"X": "x"}) == INVALID


def test_a_header_is_there_once_and_stands_elsewhere(tmp_path: Path) -> None:
    twice = server(URL, 'headers = { "X-Key" = "env:X", "x-key" = "env:X" }')
    assert code_of(tmp_path, twice, {"X": "x"}) == INVALID
    assert code_of(tmp_path, server(URL, 'headers = { "X-Key" = "secret" }')) == INVALID
    one = server(URL, 'headers = { "X-Key" = "env:X" }')
    assert code_of(tmp_path, one) == "config-reference"
    for value in ("", "a\nb", "é", "x" * 8193):
        assert code_of(tmp_path, one, {"X": value}) == INVALID
    (found,) = tools(tmp_path, one, {"X": "x"}).servers
    assert found.headers["X-Key"].reveal() == "x"
    assert "x" not in str(found.headers["X-Key"]).replace("X", "")
    private = server(URL, 'headers = { "X-Key" = "file:key" }')
    (tmp_path / "key").write_text("x")
    (tmp_path / "key").chmod(0o644)
    assert code_of(tmp_path, private) == "secret-open-to-others"


def test_tools_without_a_server_to_reach_are_judged_elsewhere(tmp_path: Path) -> None:
    (found,) = tools(tmp_path, server(name="agent")).servers
    assert (found.reach, found.proof) == (Reach.NONE, Proof.NOTHING)


@pytest.mark.parametrize(
    "audience",
    [
        "sts.amazonaws.com",
        "https://sts.eu-west-1.amazonaws.com/",
        "https://billing.internal/mcp",
        "https://BILLING.internal/mcp/",
        "valetkey",
        "tenant-data",
        "billing",
        "billing-tools",
    ],
)
def test_a_server_has_an_audience_of_its_own(tmp_path: Path, audience: str) -> None:
    """A run that can draw such a token itself would go round the gateway."""
    text = server(URL, f'audience = "{audience}"')
    assert code_of(tmp_path, text) == "server-audience"


def test_servers_at_two_hosts_do_not_share_an_audience(tmp_path: Path) -> None:
    text = server(URL, 'audience = "https://tools.example"')
    more = """
[[tools.servers]]
name = "more"
url = "{}"
audience = "https://tools.example/"
"""
    assert len(tools(tmp_path, text + more.format("https://tools.example/two")).servers) == 2
    other = text + more.format("https://other.example/mcp")
    assert code_of(tmp_path, other) == "server-audience"


@pytest.mark.parametrize("here", ["https://valetkey.example", "https://ValetKey.example/"])
def test_nothing_else_has_the_gateways_audience(tmp_path: Path, here: str) -> None:
    broker = f'[broker]\npublic_url = "{here}"\n'
    uri = "https://valetkey.example/mcp"
    text = GOOD.replace("https://billing.internal/mcp", uri)
    assert code_of(tmp_path, broker + text) == "gateway-audience"
    issuers = GOOD.replace('audiences = ["valetkey"]', f'audiences = ["valetkey", "{uri}"]', 1)
    assert code_of(tmp_path, broker + issuers) == "gateway-audience"
    server_ = server(URL, f'audience = "{uri}"')
    assert code_of(tmp_path, broker + server_) == "server-audience"


def test_a_token_grants_audience_is_no_servers_name(tmp_path: Path) -> None:
    text = GOOD.replace("https://billing.internal/mcp", "billing-tools")
    assert code_of(tmp_path, text) == "grant-audience"
