"""The shape of `valetkey.toml`: one class a table. What the values mean is read elsewhere.

msgspec says which key is unknown, missing or of another type.
"""

import msgspec

from valetkey.credentials import Algorithm, GrantSource
from valetkey.identity import NO_TYPE
from valetkey.runs import DEFAULT_RUN_SECONDS

ANY_TYPES = (NO_TYPE, "JWT", "at+jwt")


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table of the file: unknown keys are errors."""


class BrokerTable(_Table, frozen=True):
    listen: str = "127.0.0.1:8700"
    public_url: str | None = None
    store: str = "sqlite:///valetkey.db"
    run_duration: str = f"{DEFAULT_RUN_SECONDS // 3600}h"
    max_run_duration: str = "12h"


class AwsTable(_Table, frozen=True):
    region: str | None = None
    profile: str | None = None
    endpoint_url: str | None = None


class IssuerTable(_Table, frozen=True):
    name: str
    url: str
    audiences: tuple[str, ...]
    provider: str | None = None
    algorithms: tuple[str, ...] | None = None  # None, here and below: as the preset says
    jwks_uri: str | None = None
    leeway: str = "30s"
    max_lifetime: str | None = None  # 24h without a preset
    types: tuple[str, ...] | None = None  # `ANY_TYPES` without a preset
    other_audiences: tuple[str, ...] = ()
    single_use: bool = False


class TrustTable(_Table, frozen=True, rename={"subjects_of": "for"}):
    name: str
    issuer: str
    claims: dict[str, str | int | bool | list[str | int | bool]]
    may: str
    subjects_of: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()


class TagTable(_Table, frozen=True):
    template: str
    path_segment: bool | None = None
    shared: bool = False


class GrantTable(_Table, frozen=True):
    name: str
    role: str | None = None  # None: a token for `audience`, no AWS role
    source: str = GrantSource.ASSUME_ROLE.value
    duration: str | None = None  # 1h for a role, 5m for a token
    region: str | None = None
    endpoint_url: str | None = None
    external_id: str | None = None
    session_policy: str | None = None
    profile: str | None = None
    tags: dict[str, str] = {}
    audience: str | None = None
    scopes: tuple[str, ...] = ()
    # Opt-in: who holds the token chooses session name, session policy and duration.
    token_to_sandbox: bool = False
    algorithm: str | None = None


class OwnIssuerTable(_Table, frozen=True):
    url: str
    key_encryption: str | None = None
    kms_key: str | None = None
    algorithm: str = Algorithm.ES256.value
    publish: str = "broker"
    key_lifetime: str = "30d"
    cache_time: str = "1h"
    subject: str = "sub"


class DirectoryTable(_Table, frozen=True):
    source: str
    issuer: str
    attributes: tuple[str, ...]
    match: str = "subject"
    table: str | None = None
    unknown: str | dict[str, str] = "refuse"


class LoginTable(_Table, frozen=True):
    issuer: str
    client_id: str
    scopes: tuple[str, ...] = ("openid",)
    token: str = "id_token"  # noqa: S105 - which token, not a token


class TenancyTable(_Table, frozen=True):
    arn: str
    partition_key: str
    access: tuple[str, ...] = ("read", "write", "delete")
    indexes: dict[str, str] = {}


class PrefixTable(_Table, frozen=True):
    bucket: str
    prefix: str
    access: tuple[str, ...]


class OwnedTable(_Table, frozen=True):
    """A queue, secret or parameter: its ARN holds the tags."""

    arn: str
    access: tuple[str, ...]


class FunctionTable(_Table, frozen=True):
    arn: str
    access: tuple[str, ...] = ("invoke",)


class KeyTable(_Table, frozen=True):
    arn: str
    encryption_context: dict[str, str]
    access: tuple[str, ...]


class SharedTable(_Table, frozen=True):
    arn: str
    access: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()


class ProtectedTable(_Table, frozen=True):
    arn: str


class TenancySection(_Table, frozen=True):
    assumed_by: tuple[str, ...] = ()
    oidc_provider: str | None = None
    platform: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    cost_tags: tuple[str, ...] = ()
    tables: tuple[TenancyTable, ...] = ()
    prefixes: tuple[PrefixTable, ...] = ()
    queues: tuple[OwnedTable, ...] = ()
    secrets: tuple[OwnedTable, ...] = ()
    parameters: tuple[OwnedTable, ...] = ()
    functions: tuple[FunctionTable, ...] = ()
    keys: tuple[KeyTable, ...] = ()
    shared: tuple[SharedTable, ...] = ()
    protected: tuple[ProtectedTable, ...] = ()


class ServerTable(_Table, frozen=True):
    """A server of tools: a `url`, a `command`, or neither: tools that agents call by themselves."""

    name: str
    url: str | None = None
    command: tuple[str, ...] = ()
    environment: dict[str, str] = {}
    audience: str | None = None
    headers: dict[str, str] = {}
    grant: str | None = None
    service: str | None = None
    region: str | None = None
    revision: str | None = None
    opens: tuple[str, ...] = ()
    undeclared_arguments: bool = False
    timeout: str = "60s"
    calls: int = 16
    answer_bytes: int = 4 * 1024 * 1024


class ToolsTable(_Table, frozen=True):
    gateway: str
    policies: str = "policies/"
    lock: str = "tools.lock"
    mode: str = "enforce"
    principal: str = "sub"
    claims: tuple[str, ...] = ()
    directory: tuple[str, ...] | None = None  # None: all attributes of `[directory]`
    token_duration: str = "15m"  # noqa: S105 - a time, not a token
    check: str = "5m"
    record: str = "digest"
    origins: tuple[str, ...] = ()
    servers: tuple[ServerTable, ...] = ()


class ConfigFile(_Table, frozen=True):
    broker: BrokerTable = BrokerTable()
    aws: AwsTable = AwsTable()
    issuer: OwnIssuerTable | None = None
    issuers: tuple[IssuerTable, ...] = ()
    directory: DirectoryTable | None = None
    login: LoginTable | None = None
    trust: tuple[TrustTable, ...] = ()
    tags: dict[str, str | TagTable] = {}
    grants: tuple[GrantTable, ...] = ()
    tenancy: TenancySection | None = None
    tools: ToolsTable | None = None


class GrantsFile(_Table, frozen=True):
    grants: tuple[GrantTable, ...] = ()
