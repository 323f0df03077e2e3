"""The shape of `valetkey.toml`: one class a table. What the values mean is read elsewhere.

msgspec says which key is unknown, missing or of another type.
"""

import msgspec

from valetkey.credentials import GrantSource
from valetkey.identity import NO_TYPE
from valetkey.runs import DEFAULT_RUN_SECONDS


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
    algorithms: tuple[str, ...]
    jwks_uri: str | None = None
    leeway: str = "30s"
    max_lifetime: str = "24h"
    types: tuple[str, ...] = (NO_TYPE, "JWT", "at+jwt")
    other_audiences: tuple[str, ...] = ()


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
    role: str
    source: str = GrantSource.ASSUME_ROLE.value
    duration: str = "1h"
    region: str | None = None
    endpoint_url: str | None = None
    external_id: str | None = None
    session_policy: str | None = None
    profile: str | None = None
    tags: dict[str, str] = {}


class TenancyTable(_Table, frozen=True):
    arn: str
    partition_key: str
    indexes: dict[str, str] = {}


class PrefixTable(_Table, frozen=True):
    bucket: str
    prefix: str
    access: tuple[str, ...]


class SharedTable(_Table, frozen=True):
    arn: str
    access: tuple[str, ...]


class ProtectedTable(_Table, frozen=True):
    arn: str


class TenancySection(_Table, frozen=True):
    assumed_by: tuple[str, ...] = ()
    oidc_provider: str | None = None
    tables: tuple[TenancyTable, ...] = ()
    prefixes: tuple[PrefixTable, ...] = ()
    shared: tuple[SharedTable, ...] = ()
    protected: tuple[ProtectedTable, ...] = ()


class ConfigFile(_Table, frozen=True):
    broker: BrokerTable = BrokerTable()
    aws: AwsTable = AwsTable()
    issuers: tuple[IssuerTable, ...] = ()
    trust: tuple[TrustTable, ...] = ()
    tags: dict[str, str | TagTable] = {}
    grants: tuple[GrantTable, ...] = ()
    tenancy: TenancySection | None = None


class GrantsFile(_Table, frozen=True):
    grants: tuple[GrantTable, ...] = ()
