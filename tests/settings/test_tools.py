"""`[tools]` and `[[tools.servers]]`: what they mean, and what is refused."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from tests.fakes.tools import GATEWAY, REFUND, SEARCH, definition
from tests.settings.test_own_issuer import GOOD as ISSUER
from tests.settings.test_own_issuer import SECRET
from valetkey.broker.facts import OWN_FACTS
from valetkey.errors import ValetkeyError
from valetkey.settings import read_settings
from valetkey.settings.tools import ALWAYS, gateway_uri
from valetkey.settings.values import Settings, ToolsSettings
from valetkey.tools import Kept, Mode, PrincipalForm, Proof, Reach
from valetkey.tools.lock import write_lock

BILLING = """
[[tools.servers]]
name = "billing-tools"
url = "https://tools.example/mcp"
"""
GOOD = f"""{ISSUER}
[tools]
gateway = "{GATEWAY}"
{BILLING}"""
INVALID = "config-invalid"
PERMIT = "permit(principal, action, resource is AgentCore::Gateway);\n"


def put(folder: Path, text: str = GOOD) -> Path:
    (folder / "issuer.secret").write_text(SECRET)
    (folder / "issuer.secret").chmod(0o600)
    (folder / "policies").mkdir(exist_ok=True)
    path = folder / "valetkey.toml"
    path.write_text(text)
    return path


def read(folder: Path, text: str = GOOD, environ: Mapping[str, str] | None = None) -> Settings:
    return read_settings(put(folder, text), environ or {})


def tools(
    folder: Path, text: str = GOOD, environ: Mapping[str, str] | None = None
) -> ToolsSettings:
    found = read(folder, text, environ).tools
    assert found is not None
    return found


def code_of(folder: Path, text: str = GOOD, environ: Mapping[str, str] | None = None) -> str:
    with pytest.raises(ValetkeyError) as caught:
        read(folder, text, environ)
    assert caught.value.message
    return caught.value.code


def table(*lines: str) -> str:
    """`GOOD` with these lines in `[tools]`."""
    return GOOD.replace(f'gateway = "{GATEWAY}"', "\n".join((f'gateway = "{GATEWAY}"', *lines)))


def test_without_a_table_there_is_no_gateway(tmp_path: Path) -> None:
    assert read(tmp_path, ISSUER).tools is None


def test_the_defaults_enforce_close_and_keep_digests(tmp_path: Path) -> None:
    found = tools(tmp_path)
    assert found.source.mode is Mode.ENFORCE
    assert found.source.kept is Kept.DIGEST
    assert found.source.principal is PrincipalForm.SUB
    assert found.origins == frozenset()
    assert (found.token_seconds, found.check_seconds) == (900, 300)
    (one,) = found.servers
    assert (one.reach, one.proof, one.opens) == (Reach.HTTP, Proof.NOTHING, frozenset())
    assert not one.undeclared_arguments
    assert (found.is_pinned, found.source.tools) == (False, ())


def test_policies_and_pins_are_read_and_belong_to_the_digest(tmp_path: Path) -> None:
    digests = {read(tmp_path).digest}
    (tmp_path / "policies" / "b.cedar").write_text(PERMIT)
    (tmp_path / "policies" / "a.cedar").write_text("")
    (tmp_path / "policies" / "notes.md").write_text("not a policy")
    digests.add(read(tmp_path).digest)
    (tmp_path / "policies" / "b.cedar").rename(tmp_path / "policies" / "c.cedar")
    digests.add(read(tmp_path).digest)
    mine = replace(REFUND, server="billing-tools")
    (tmp_path / "tools.lock").write_text(write_lock([mine, SEARCH]))
    settings = read(tmp_path)
    digests.add(settings.digest)
    assert len(digests) == 4
    assert settings.tools is not None
    assert [file.name for file in settings.tools.source.policies] == ["a.cedar", "c.cedar"]
    assert settings.tools.source.tools == (mine,)
    assert settings.tools.strays == ("search",)
    assert settings.tools.is_pinned


def test_a_lock_that_somebody_edited_is_refused(tmp_path: Path) -> None:
    text = write_lock([replace(REFUND, server="billing-tools")])
    (tmp_path / "tools.lock").write_text(text.replace("refund of billing", "refund of others"))
    assert code_of(tmp_path) == "tools-lock-malformed"


def test_a_folder_of_policies_that_is_not_there_is_told(tmp_path: Path) -> None:
    assert code_of(tmp_path, table('policies = "elsewhere/"')) == "tool-policies-absent"


@pytest.mark.parametrize(
    "name", ["stop.CEDAR", "stop.cedar.txt", "stop.ceder", "emergency/stop.cedar", "stop"]
)
def test_what_could_be_a_rule_that_nobody_reads_is_refused(tmp_path: Path, name: str) -> None:
    put(tmp_path)
    path = tmp_path / "policies" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("forbid(principal, action, resource);")
    assert code_of(tmp_path) == "tool-policy-stray"


@pytest.mark.parametrize("name", ["a.cases.json", "README.md", ".git", "a.cedar~", ".a.cedar.swp"])
def test_what_is_known_to_stand_beside_policies_is_left_aside(tmp_path: Path, name: str) -> None:
    put(tmp_path)
    (tmp_path / "policies" / name).write_text("?")
    assert tools(tmp_path).source.policies == ()


def test_policies_are_text_and_bounded(tmp_path: Path) -> None:
    put(tmp_path)
    policy = tmp_path / "policies" / "a.cedar"
    policy.write_bytes(b"\xff")
    assert code_of(tmp_path) == "config-unreadable"
    policy.write_bytes(b" " * (1024 * 1024 + 1))
    assert code_of(tmp_path) == "tool-files-too-large"
    policy.unlink()
    policy.mkdir()
    assert code_of(tmp_path) == "config-unreadable"
    policy.rmdir()
    policy.symlink_to("nowhere")
    assert code_of(tmp_path) == "config-unreadable"
    policy.unlink()
    for number in range(201):
        (tmp_path / "policies" / f"{number}.cedar").write_text("")
    assert code_of(tmp_path) == "tool-files-too-large"


@pytest.mark.parametrize(
    "gateway",
    [
        "",
        "tools",
        "arn:aws:bedrock-agentcore:eu-west-1:111122223333:runtime/tools",
        "arn:aws:bedrock-agentcore:eu-west-1:1111:gateway/tools",
        "arn:aws:bedrock-agentcore:eu-west-1:111122223333:gateway/",
        'arn:aws:bedrock-agentcore:eu-west-1:111122223333:gateway/a\\"b',
    ],
)
def test_the_gateway_is_an_arn_of_agentcore(tmp_path: Path, gateway: str) -> None:
    assert code_of(tmp_path, GOOD.replace(GATEWAY, gateway)) == INVALID


def test_any_partition_has_gateways(tmp_path: Path) -> None:
    other = GATEWAY.replace("arn:aws:", "arn:aws-us-gov:")
    assert tools(tmp_path, GOOD.replace(GATEWAY, other)).source.gateway == other


def test_the_gateway_needs_an_issuer_of_its_own(tmp_path: Path) -> None:
    start, end = GOOD.index("[issuer]"), GOOD.index("[[issuers]]")
    text = GOOD[:start] + GOOD[end:]
    text = text.replace('source = "web-identity"\n', "")
    billing = text.index('[[grants]]\nname = "billing"')
    text = text[:billing] + text[text.index("[directory]") :]
    assert code_of(tmp_path, text) == INVALID


def test_elsewhere_than_on_loopback_the_gateway_has_a_public_url(tmp_path: Path) -> None:
    open_ = '[broker]\nlisten = "0.0.0.0:8700"\n'
    assert code_of(tmp_path, open_ + GOOD) == INVALID
    known = f'{open_}public_url = "https://valetkey.example/"\n{GOOD}'
    settings = read(tmp_path, known)
    assert gateway_uri(settings.public_url or "") == "https://valetkey.example/mcp"


def test_people_of_two_issuers_are_two_principals(tmp_path: Path) -> None:
    more = """
[[trust]]
name = "others"
issuer = "cluster"
claims = { sub = "x" }
may = "be-worked-for"
"""
    two = GOOD.replace("{subject.sub}", "{issuer}:{subject.sub}").replace(
        "[issuer]\n", '[issuer]\nsubject = "issuer:sub"\n'
    )
    assert code_of(tmp_path, two + more) == INVALID
    named = two.replace("[tools]\n", '[tools]\nprincipal = "issuer:sub"\n')
    assert tools(tmp_path, named + more).source.principal is PrincipalForm.ISSUER_SUB


def test_tags_are_what_every_run_has_and_what_is_named(tmp_path: Path) -> None:
    found = tools(tmp_path, table('claims = ["scope", "realm.role"]'))
    assert set(found.source.tags) == {
        *OWN_FACTS,
        "user_id",
        "department",
        "scope",
        "realm.role",
    }
    assert (found.facts, found.directory) == (("scope", "realm.role"), ("department",))
    assert set(ALWAYS) == set(OWN_FACTS)
    assert tools(tmp_path, table("directory = []")).directory == ()


@pytest.mark.parametrize(
    "line",
    [
        'claims = ["run"]',
        'claims = ["actor"]',
        'claims = ["issuer"]',
        'claims = ["user_id"]',
        'claims = ["department"]',
        'claims = ["scope", "scope"]',
        'directory = ["department", "department"]',
    ],
)
def test_a_tag_never_means_two_things(tmp_path: Path, line: str) -> None:
    assert code_of(tmp_path, table(line)) == "tool-tag-twice"


def test_an_attribute_of_the_name_of_a_tag_can_be_left_out(tmp_path: Path) -> None:
    same = GOOD.replace("[tags]", '[tags]\ndepartment = "{directory.department}"')
    assert code_of(tmp_path, same) == "tool-tag-twice"
    text = same.replace("[tools]\n", "[tools]\ndirectory = []\n")
    assert "department" in tools(tmp_path, text).source.tags


@pytest.mark.parametrize("line", ['directory = ["team"]', 'claims = [""]', 'claims = ["a b"]'])
def test_what_nobody_tells_is_no_tag(tmp_path: Path, line: str) -> None:
    assert code_of(tmp_path, table(line)) == INVALID


def test_a_claim_that_people_set_themselves_is_no_tag(tmp_path: Path) -> None:
    okta = (
        'provider = "okta"\nurl = "https://example.okta.com/oauth2/default"\naudiences = ["0oa1"]\n'
    )
    start = GOOD.index('url = "https://people.example.com"')
    end = GOOD.index("[[issuers]]", start)
    text = (GOOD[:start] + okta + GOOD[end:]).replace("token_use", "cid")
    assert code_of(tmp_path, text.replace("[tools]", '[tools]\nclaims = ["name"]')) == "tool-claim"
    assert code_of(tmp_path, text.replace("[tools]", '[tools]\nclaims = ["email"]')) == "tool-claim"
    assert tools(tmp_path, text.replace("[tools]", '[tools]\nclaims = ["groups"]')).facts


@pytest.mark.parametrize(
    "line",
    [
        'mode = "off"',
        'principal = "email"',
        'record = "none"',
        'token_duration = "29s"',
        'token_duration = "2h"',
        'check = "1s"',
        'check = "2d"',
        'origins = ["*"]',
        'origins = ["null"]',
        'origins = ["https://example.com/"]',
        'origins = ["https://Example.com"]',
        'origins = ["http://example.com"]',
        'origins = ["https://a@example.com"]',
        'origins = ["https://example.com:0"]',
        'unknown = "x"',
    ],
)
def test_what_a_table_can_not_say_is_refused(tmp_path: Path, line: str) -> None:
    assert code_of(tmp_path, table(line)) == INVALID


def test_what_a_table_can_say_is_understood(tmp_path: Path) -> None:
    found = tools(
        tmp_path,
        table(
            'mode = "log-only"',
            'record = "whole"',
            'token_duration = "1h"',
            'check = "1d"',
            'origins = ["https://example.com", "http://localhost:6274"]',
        ),
    )
    assert (found.source.mode, found.source.kept) == (Mode.LOG_ONLY, Kept.WHOLE)
    assert (found.token_seconds, found.check_seconds) == (3600, 86_400)
    assert found.origins == {"https://example.com", "http://localhost:6274"}


def test_a_gateway_without_servers_is_a_mistake(tmp_path: Path) -> None:
    assert code_of(tmp_path, GOOD.replace(BILLING, "")) == INVALID


def test_two_servers_are_called_otherwise(tmp_path: Path) -> None:
    assert code_of(tmp_path, GOOD + BILLING) == INVALID


def test_definitions_keep_what_they_say(tmp_path: Path) -> None:
    tool = definition("billing-tools", "x", {"a": {"type": "number", "maximum": 1e3}})
    put(tmp_path)
    (tmp_path / "tools.lock").write_text(write_lock([tool]))
    (found,) = tools(tmp_path).source.tools
    assert found.digest == tool.digest
