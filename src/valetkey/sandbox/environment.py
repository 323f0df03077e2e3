"""The environment of a child that has a run: nothing ambient in, one way to credentials out.

Pure: a mapping goes in and another comes out. The order in which SDKs look is why so much must
go: environment keys, web identity, profile files and `~/.boto` all win over the container
endpoint, and instance metadata would step in where it fails (invariant 15).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

# Read by SDKs or by the tools around them; compared in upper case. `BOTO_` names boto 2's files,
# `EC2_` and `AMAZON_` are what Ansible and older tools take keys from.
_DROPPED_PREFIXES = ("AWS_", "BOTO_", "BOTOCORE_", "VALETKEY_", "EC2_", "AMAZON_")
# Where ECS says who the task is: not the run's business.
_DROPPED_NAMES = frozenset(
    {"ECS_CONTAINER_METADATA_URI", "ECS_CONTAINER_METADATA_URI_V4", "ECS_AGENT_URI"}
)
_SECRET_WORDS = ("KEY", "SECRET", "TOKEN")
_SHORTEST_SECRET = 8  # a shorter one would match by accident; no token or key is that short
_PROXIES = frozenset({"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"})


@dataclass(frozen=True, slots=True)
class WebIdentity:
    """What an SDK needs to assume `role` (an ARN) itself, with the token in `token_file`."""

    role: str
    session_name: str
    token_file: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """Where a child finds its credentials: paths and loopback URLs, nothing secret.

    `broker_url` is what stands for the broker there: `valetkey` in the child asks it. With
    `web_identity` the SDKs call STS, and `credentials_url` is not told; None: there is no role.
    `mcp_url` and `mcp_config` lead MCP clients to the run's tools; None: it has none.
    """

    credentials_url: str | None
    token_file: str
    config_file: str
    credentials_file: str
    region: str | None
    broker_url: str | None = None
    web_identity: WebIdentity | None = None
    mcp_url: str | None = None
    mcp_config: str | None = None


def child_environment(
    inherited: Mapping[str, str], delivery: Delivery, *, secrets: Iterable[str]
) -> dict[str, str]:
    """Return what the child gets: `inherited` without anything that leads to other credentials.

    Dropped: every `AWS_*`, `BOTO_*`, `VALETKEY_*`, `EC2_*` and `AMAZON_*` variable in any case,
    and every variable whose value holds one of `secrets` or one of the inherited AWS keys. Added:
    the container-credentials variables or those of web identity, our two files, metadata off, the
    region, and the way to the run for `valetkey` itself.
    """
    known = [secret for secret in secrets if len(secret) >= _SHORTEST_SECRET]
    known += [
        value
        for name, value in inherited.items()
        if _names_a_secret(name) and len(value) >= _SHORTEST_SECRET
    ]
    environment = {
        name: value
        for name, value in inherited.items()
        if not _is_dropped(name) and not any(secret in value for secret in known)
    }
    environment.update(delivery_variables(delivery))
    if any(name.upper() in _PROXIES for name in environment):
        _keep_off_proxies(environment)
    return environment


def delivery_variables(delivery: Delivery) -> dict[str, str]:
    """Return the variables that lead every SDK, and ours, to `delivery` and to nothing else.

    SDK reference guide, "Container credential provider" and "Assume role credential provider"
    (web identity); botocore also reads `BOTO_CONFIG`, and where it is unset `~/.boto`.
    """
    variables = _way_to_credentials(delivery) | {
        "AWS_CONFIG_FILE": delivery.config_file,
        "AWS_SHARED_CREDENTIALS_FILE": delivery.credentials_file,
        "BOTO_CONFIG": delivery.credentials_file,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_PAGER": "",  # an agent has no one to press q
    }
    if delivery.region is not None:
        variables["AWS_REGION"] = delivery.region
        variables["AWS_DEFAULT_REGION"] = delivery.region
    if delivery.broker_url is not None:
        variables["VALETKEY_BROKER"] = delivery.broker_url
        variables["VALETKEY_RUN_TOKEN_FILE"] = delivery.token_file
    if delivery.mcp_url is not None and delivery.mcp_config is not None:
        variables["VALETKEY_MCP_URL"] = delivery.mcp_url
        variables["VALETKEY_MCP_CONFIG"] = delivery.mcp_config
    return variables


def _way_to_credentials(delivery: Delivery) -> dict[str, str]:
    """Return the variables of one way, never of two: which one wins differs between SDKs."""
    own = delivery.web_identity
    if own is not None:
        return {
            "AWS_WEB_IDENTITY_TOKEN_FILE": own.token_file,
            "AWS_ROLE_ARN": own.role,
            "AWS_ROLE_SESSION_NAME": own.session_name,
        }
    if delivery.credentials_url is None:
        return {}
    return {
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": delivery.credentials_url,
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": delivery.token_file,
    }


def _is_dropped(name: str) -> bool:
    upper = name.upper()
    return upper.startswith(_DROPPED_PREFIXES) or upper in _DROPPED_NAMES


def _names_a_secret(name: str) -> bool:
    """Say whether a dropped variable holds a secret itself, not a path to one."""
    upper = name.upper()
    return (
        upper.startswith(_DROPPED_PREFIXES)
        and not upper.endswith("_FILE")
        and any(word in upper for word in _SECRET_WORDS)
    )


def _keep_off_proxies(environment: dict[str, str]) -> None:
    """Except loopback from the proxies: the sidecar's token is not for them."""
    for name in ("NO_PROXY", "no_proxy"):
        listed = [host for host in environment.get(name, "").split(",") if host]
        missing = [host for host in ("127.0.0.1", "localhost") if host not in listed]
        environment[name] = ",".join([*listed, *missing])
