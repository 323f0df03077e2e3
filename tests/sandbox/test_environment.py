"""What a child inherits (invariant 15; lessons 8 and 9)."""

from dataclasses import replace

import pytest

from valetkey.sandbox.environment import Delivery, child_environment

DELIVERY = Delivery(
    credentials_url="http://127.0.0.1:1/v1/credentials/a",
    token_file="/run/vk/token",
    config_file="/run/vk/config",
    credentials_file="/run/vk/credentials",
    region="eu-west-1",
    broker_url="http://127.0.0.1:1",
)
RUN_TOKEN = "vkr_r-1_" + "x" * 43


def child_of(inherited: dict[str, str], *secrets: str) -> dict[str, str]:
    return child_environment(inherited, DELIVERY, secrets=secrets)


@pytest.mark.parametrize(
    "name",
    [
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_PROFILE",
        "AWS_DEFAULT_PROFILE",
        "AWS_ROLE_ARN",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN",
        "AWS_CREDENTIAL_FILE",
        "AWS_BEARER_TOKEN_BEDROCK",
        "AWS_ENDPOINT_URL",
        "AWS_ENDPOINT_URL_S3",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
        "AWS_CA_BUNDLE",
        "AWS_SOMETHING_OF_TOMORROW",
        "aws_access_key_id",
        "Aws_Profile",
        "BOTO_PATH",
        "EC2_SECRET_KEY",
        "AMAZON_SECRET_ACCESS_KEY",
        "VALETKEY_RUN_TOKEN",
        "VALETKEY_RUN_TOKEN_FILE",
        "ECS_CONTAINER_METADATA_URI_V4",
    ],
)
def test_a_child_inherits_no_way_to_other_credentials(name: str) -> None:
    child = child_of({name: "ambient-value", "PATH": "/bin"})
    assert "ambient-value" not in child.values()
    assert child["PATH"] == "/bin"


def test_only_what_leads_to_the_sidecar_is_added() -> None:
    assert child_of({}) == {
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:1/v1/credentials/a",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/run/vk/token",
        "AWS_CONFIG_FILE": "/run/vk/config",
        "AWS_SHARED_CREDENTIALS_FILE": "/run/vk/credentials",
        "BOTO_CONFIG": "/run/vk/credentials",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_PAGER": "",
        "AWS_REGION": "eu-west-1",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "VALETKEY_BROKER": "http://127.0.0.1:1",
        "VALETKEY_RUN_TOKEN_FILE": "/run/vk/token",
    }


def test_the_way_to_tools_is_told_where_there_are_some_and_an_inherited_one_never() -> None:
    inherited = {"VALETKEY_MCP_URL": "http://127.0.0.1:2/mcp", "VALETKEY_MCP_CONFIG": "/outer"}
    assert not any(name.startswith("VALETKEY_MCP") for name in child_of(inherited))
    url, config = "http://127.0.0.1:1/mcp", "/run/vk/mcp.json"
    delivery = replace(DELIVERY, mcp_url=url, mcp_config=config)
    child = child_environment(inherited, delivery, secrets=())
    assert (child["VALETKEY_MCP_URL"], child["VALETKEY_MCP_CONFIG"]) == (url, config)


def test_an_inherited_broker_gives_way_to_what_stands_for_it_in_the_child() -> None:
    child = child_of({"VALETKEY_BROKER": "https://broker", "VALETKEY_RUN_TOKEN_FILE": "/outer"})
    assert child["VALETKEY_BROKER"] == "http://127.0.0.1:1"
    assert child["VALETKEY_RUN_TOKEN_FILE"] == "/run/vk/token"


def test_without_an_address_for_ours_an_inherited_one_is_dropped_all_the_same() -> None:
    inherited = {"VALETKEY_BROKER": "https://broker", "VALETKEY_RUN_TOKEN_FILE": "/outer"}
    child = child_environment(inherited, replace(DELIVERY, broker_url=None), secrets=())
    assert not any(name.startswith("VALETKEY") for name in child)


@pytest.mark.parametrize("value", [RUN_TOKEN, f"Bearer {RUN_TOKEN}", f"https://x:{RUN_TOKEN}@y"])
def test_a_variable_that_holds_a_secret_in_hand_is_dropped(value: str) -> None:
    assert "INNOCENT" not in child_of({"INNOCENT": value}, RUN_TOKEN)


def test_a_variable_that_repeats_an_ambient_key_is_dropped() -> None:
    child = child_of(
        {
            "AWS_SECRET_ACCESS_KEY": "ambient/secret/key",
            "DEPLOY_KEY": "ambient/secret/key",
            "DSN": "s3://AKIA:ambient/secret/key@bucket",
        }
    )
    assert not any("ambient" in value for value in child.values())


def test_a_token_files_path_is_no_secret() -> None:
    child = child_of({"AWS_WEB_IDENTITY_TOKEN_FILE": "/var/run/token", "X": "/var/run/token"})
    assert child["X"] == "/var/run/token"


def test_an_empty_or_short_secret_does_not_empty_the_environment() -> None:
    child = child_of({"PATH": "/bin", "AWS_SESSION_TOKEN": ""}, "", "b")
    assert child["PATH"] == "/bin"


def test_proxies_stay_and_loopback_is_kept_off_them() -> None:
    child = child_of({"https_proxy": "http://proxy:3128", "NO_PROXY": "intranet"})
    assert child["https_proxy"] == "http://proxy:3128"
    assert child["NO_PROXY"] == "intranet,127.0.0.1,localhost"
    assert child["no_proxy"] == "127.0.0.1,localhost"


def test_the_inherited_mapping_is_left_alone() -> None:
    inherited = {"AWS_PROFILE": "admin"}
    child_of(inherited)
    assert inherited == {"AWS_PROFILE": "admin"}
