"""What a `[[grants]]` table means: an AWS role, or a token for a tool. It asks nobody."""

import re
from collections.abc import Mapping
from pathlib import Path

import msgspec

from valetkey.credentials import (
    MAX_TOKEN_SECONDS,
    Algorithm,
    Grant,
    GrantSource,
    TokenGrant,
    check_grant,
    check_token_grant,
    parse_role_arn,
)
from valetkey.settings.errors import SettingsError
from valetkey.settings.references import referred, seconds
from valetkey.settings.shape import AwsTable, GrantTable

# IAM, CreateOpenIDConnectProvider, ClientIDList: 1 to 255 characters
_CLIENT_ID = re.compile(r"[\x21-\x7e]{1,255}", re.ASCII)
_OF_ROLES = ("region", "endpoint_url", "external_id", "session_policy", "profile")


def broker_grant(
    table: GrantTable, aws: AwsTable, environ: Mapping[str, str], *, folder: Path
) -> Grant | TokenGrant:
    """Return the grant of a broker that a table means, checked."""
    if table.tags:
        raise SettingsError(
            "config-invalid",
            f"grant `{table.name}`: a broker makes tags of verified claims, not of `tags`",
            hint="write them into `[tags]`; a grant has tags of its own only without a broker",
        )
    if table.role is None:
        return _token_grant(table)
    return understand_grant(table, aws, environ, folder=folder)


def understand_grant(
    table: GrantTable, aws: AwsTable, environ: Mapping[str, str], *, folder: Path
) -> Grant:
    """Return the role that a table means, checked; `file:` references are read below `folder`."""
    if table.role is None:
        raise SettingsError("config-invalid", f"grant `{table.name}` names no `role`")
    try:
        source = GrantSource(table.source)
    except ValueError:
        known = " or ".join(f"`{source.value}`" for source in GrantSource)
        raise SettingsError(
            "config-unsupported", f"grant `{table.name}`: source `{table.source}` is not {known}"
        ) from None
    _check_members(table, source)
    region = table.region or aws.region
    grant = Grant(
        name=table.name,
        role=parse_role_arn(table.role),
        source=source,
        duration=seconds(
            "duration", "1h" if table.duration is None else table.duration, most=10**9
        ),
        region=region or environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or None,
        external_id=_external_id(table, environ, folder),
        session_policy=_session_policy(table, environ, folder),
        endpoint_url=table.endpoint_url
        or aws.endpoint_url
        or environ.get("AWS_ENDPOINT_URL")
        or None,
        profile=table.profile,
        audience=table.audience,
        token_to_sandbox=table.token_to_sandbox,
        algorithm=_algorithm(table),
    )
    check_grant(grant)
    return grant


def _check_members(table: GrantTable, source: GrantSource) -> None:
    """Refuse what the grant's source has no use for: who wrote it believes that it holds."""
    if table.audience is not None and not _CLIENT_ID.fullmatch(table.audience):
        raise SettingsError(
            "grant-audience",
            f"grant `{table.name}`: no OIDC provider of IAM has such an audience",
            hint="1 to 255 printable ASCII characters; `sts.amazonaws.com` if left out",
        )
    foreign = {
        GrantSource.ASSUME_ROLE: ("audience", "token_to_sandbox", "algorithm", "scopes"),
        GrantSource.WEB_IDENTITY: ("external_id", "profile", "scopes"),
    }[source]
    for name in foreign:
        if getattr(table, name):
            raise SettingsError(
                "config-invalid",
                f"grant `{table.name}`: `{name}` has no meaning with source `{source.value}`",
            )
    if table.token_to_sandbox and table.session_policy is not None:
        raise SettingsError(
            "config-invalid",
            f"grant `{table.name}`: who holds the token calls STS without the session policy",
            hint="drop `token_to_sandbox`, or put into the role what the policy denies",
        )


def _token_grant(table: GrantTable) -> TokenGrant:
    foreign = [name for name in (*_OF_ROLES, "token_to_sandbox") if getattr(table, name)]
    if foreign or table.source != GrantSource.ASSUME_ROLE.value:
        what = foreign[0] if foreign else "source"
        raise SettingsError(
            "config-invalid", f"grant `{table.name}`: without a `role`, `{what}` has no meaning"
        )
    if table.audience is None:
        raise SettingsError(
            "config-invalid",
            f"grant `{table.name}` has neither a `role` nor an `audience`",
            hint="a role for AWS, an audience for a tool's own API",
        )
    grant = TokenGrant(
        name=table.name,
        audience=table.audience,
        scopes=table.scopes,
        duration=seconds(
            "duration",
            "5m" if table.duration is None else table.duration,
            least=30,
            most=MAX_TOKEN_SECONDS,
        ),
        algorithm=_algorithm(table),
    )
    check_token_grant(grant)
    return grant


def _algorithm(table: GrantTable) -> Algorithm | None:
    if table.algorithm is None:
        return None
    return read_algorithm(table.algorithm, of=f"grant `{table.name}`")


def read_algorithm(text: str, *, of: str) -> Algorithm:
    """Return a signature algorithm by its name; raises `config-invalid`."""
    try:
        return Algorithm(text)
    except ValueError:
        known = " or ".join(f"`{algorithm.value}`" for algorithm in Algorithm)
        raise SettingsError(
            "config-invalid", f"{of}: `algorithm` is {known}, not `{text}`"
        ) from None


def _external_id(table: GrantTable, environ: Mapping[str, str], folder: Path) -> str | None:
    return None if table.external_id is None else referred(table.external_id, environ, folder)


def _session_policy(table: GrantTable, environ: Mapping[str, str], folder: Path) -> str | None:
    """Read a session policy and leave it as text: AWS is its judge, but it must be JSON."""
    if table.session_policy is None:
        return None
    text = referred(table.session_policy, environ, folder)
    try:
        document = msgspec.json.decode(text, type=dict[str, object])
    except msgspec.DecodeError:
        document = {}
    if "Statement" not in document:
        raise SettingsError(
            "config-invalid", f"grant `{table.name}`: the session policy is not an IAM policy"
        )
    return text
