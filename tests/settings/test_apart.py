"""A token that valetkey makes for one place is good at no other, whatever the file says."""

from pathlib import Path
from typing import Any

import pytest
from botocore.loaders import create_loader

from tests.settings.test_own_issuer import GOOD, code_of, read
from valetkey.settings.apart import is_for_sts

TOOL = 'audience = "https://billing.internal/mcp"'
QUALIFIED = GOOD.replace("[[issuers]]", 'subject = "issuer:sub"\n[[issuers]]', 1)
ROLE = 'source = "web-identity"'
NARROW = """\
[[grants]]
name = "narrow"
role = "arn:aws:iam::111122223333:role/AgentTenantData"
session_policy = '{"Statement": []}'
"""


@pytest.mark.parametrize(
    "url",
    [
        "https://id.example.com",
        "https://id.example.com/",
        "https://ID.example.com",
        "https://id.example.com:443",
    ],
)
@pytest.mark.parametrize("theirs", ["https://people.example.com", "https://cluster.example.com"])
def test_valetkeys_own_issuer_is_not_believed_in_any_spelling(
    tmp_path: Path, url: str, theirs: str
) -> None:
    """Otherwise a run could open the next one with its own token, for ever, with every grant."""
    assert code_of(tmp_path, GOOD.replace(theirs, url)) == "issuer-is-own"


def test_an_issuer_below_or_beside_our_own_is_another(tmp_path: Path) -> None:
    for url in ("https://id.example.com/realms/a", "https://id.example.com:8443"):
        assert read(tmp_path, GOOD.replace("https://people.example.com", url)).issuers
    own = GOOD.replace('url = "https://id.example.com"', 'url = "https://id.example.com/%41/"')
    twin = own.replace("https://people.example.com", "https://id.example.com/A")
    assert code_of(tmp_path, twin) == "issuer-is-own"


@pytest.mark.parametrize(
    "audience",
    [
        "STS.amazonaws.com",
        "https://sts.amazonaws.com",
        "https://sts.amazonaws.com/",
        "https://sts.amazonaws.com:443/?x",
        "sts.eu-west-1.amazonaws.com",
        "STS.eu-west-1.AmazonAWS.com",
        "sts-fips.us-east-1.amazonaws.com",
        "sts.us-gov-west-1.amazonaws.com",
        "sts.amazonaws.com.cn",
        "sts.cn-north-1.amazonaws.com.cn",
        "sts.eu-west-1.api.aws",
        "vpce-0-x.sts.eu-west-1.vpce.amazonaws.com",
    ],
)
def test_no_tool_has_an_audience_of_sts(tmp_path: Path, audience: str) -> None:
    assert code_of(tmp_path, GOOD.replace(TOOL, f'audience = "{audience}"')) == "grant-audience"


def test_every_endpoint_of_sts_that_botocore_knows_is_known() -> None:
    known: dict[str, Any] = create_loader().load_data("endpoints")
    for partition in known["partitions"]:
        suffixes = {partition["dnsSuffix"]}
        suffixes |= {each["dnsSuffix"] for each in partition["defaults"].get("variants", [])}
        regions = [*partition["regions"], None]
        for suffix in suffixes:
            for region in regions:
                where = f"{region}.{suffix}" if region else suffix
                assert is_for_sts(f"sts.{where}"), where
                assert is_for_sts(f"https://sts-fips.{where}/"), where
        for endpoint in partition["services"].get("sts", {}).get("endpoints", {}).values():
            assert is_for_sts(endpoint.get("hostname", "sts.amazonaws.com"))


@pytest.mark.parametrize(
    "audience",
    [
        "https://billing.internal/sts.amazonaws.com",
        "https://sts.example.com",
        "https://mysts.amazonaws.com.example.com",
        "https://abc.execute-api.eu-west-1.amazonaws.com/sts",
        "https://abc.execute-api.sts-eu.amazonaws.com",
        "urn:billing:sts",
    ],
)
def test_a_tool_may_be_at_any_other_place(tmp_path: Path, audience: str) -> None:
    settings = read(tmp_path, GOOD.replace(TOOL, f'audience = "{audience}"'))
    assert settings.token_grants[0].audience == audience


@pytest.mark.parametrize("spelled", ["https://DATA.internal", "https://data.internal/"])
def test_an_audience_of_a_role_is_no_tools_in_another_spelling(
    tmp_path: Path, spelled: str
) -> None:
    text = GOOD.replace(ROLE, f'{ROLE}\naudience = "https://data.internal"')
    assert read(tmp_path, text).grants
    assert code_of(tmp_path, text.replace(TOOL, f'audience = "{spelled}"')) == "grant-audience"


def test_an_audience_is_no_other_grants_name(tmp_path: Path) -> None:
    assert code_of(tmp_path, GOOD.replace(TOOL, 'audience = "tenant-data"')) == "grant-audience"
    assert read(tmp_path, GOOD.replace(TOOL, 'audience = "billing"')).token_grants


def test_a_policy_of_one_grant_is_not_escaped_by_the_token_of_another(tmp_path: Path) -> None:
    text = GOOD.replace("[directory]", NARROW + "[directory]")
    assert len(read(tmp_path, text).grants) == 2
    given = text.replace(ROLE, f"{ROLE}\ntoken_to_sandbox = true")
    assert code_of(tmp_path, given) == "config-invalid"
    other_role = given.replace("AgentTenantData", "AgentOther", 1)
    assert len(read(tmp_path, other_role).grants) == 2


def test_no_issuer_makes_subjects_that_look_like_a_roles(tmp_path: Path) -> None:
    def named(text: str) -> str:
        return text.replace('"people"', '"grant"')

    assert read(tmp_path, named(GOOD)).issuers
    assert read(tmp_path, QUALIFIED).issuers
    assert code_of(tmp_path, named(QUALIFIED)) == "config-invalid"


@pytest.mark.parametrize("audience", ["", "a b", "a\\n", "x" * 256])
def test_an_audience_that_no_oidc_provider_of_iam_has_is_refused(
    tmp_path: Path, audience: str
) -> None:
    text = GOOD.replace(ROLE, f'{ROLE}\naudience = "{audience}"')
    assert code_of(tmp_path, text) == "grant-audience"
