"""The configuration as the program has it: frozen, checked, in the rooms' own types."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from valetkey.credentials import Algorithm, Grant, KeySchedule, TokenGrant
from valetkey.identity import Issuer, IssuerUrl, TrustRule
from valetkey.runs import TagTemplate
from valetkey.secret import Secret
from valetkey.tools import BundleSource, ToolServer


@dataclass(frozen=True, slots=True)
class AwsSettings:
    """Where AWS is for the broker. None: as botocore finds it in the broker's surroundings."""

    region: str | None
    profile: str | None
    endpoint_url: str | None


class Publish(Enum):
    """Who serves the issuer's documents at its URL."""

    BROKER = "broker"
    STATIC = "static"


class SubjectForm(Enum):
    """What `sub` is in tokens for tools: the subject alone, or with its issuer's name before."""

    SUB = "sub"
    ISSUER_SUB = "issuer:sub"


@dataclass(frozen=True, slots=True)
class OwnIssuerSettings:
    """valetkey as an issuer. Either `wrapping_secret` (32 bytes) or `kms_key` (an ARN) is there.

    `algorithms` are all that grants need, the issuer's own first.
    """

    url: IssuerUrl
    algorithms: tuple[Algorithm, ...]
    publish: Publish
    schedule: KeySchedule
    subject: SubjectForm
    wrapping_secret: Secret | None = None
    kms_key: str | None = None


@dataclass(frozen=True, slots=True)
class DirectorySettings:
    """Where else something is known of the subjects of `issuer` (a name of `[[issuers]]`).

    `match` is the column with the subject; `unknown` the attributes of who is not in it, None for
    a refusal. `source` is `file:PATH` or `sqlite:///PATH`, the path as it is to be opened.
    """

    source: str
    issuer: str
    match: str
    attributes: tuple[str, ...]
    table: str | None
    unknown: Mapping[str, str] | None


@dataclass(frozen=True, slots=True)
class LoginSettings:
    """Where people who operate valetkey sign in; `issuer` is a name of `[[issuers]]`."""

    issuer: str
    client_id: str
    scopes: tuple[str, ...]
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolsSettings:
    """The tool gateway. `source` is what decides, `servers` how each server is reached.

    `facts` are the claims, and `directory` the directory's attributes, that become tags of Cedar's
    principal. A gateway token is good for `token_seconds`; what a server says of its tools is
    looked at again after `check_seconds`. `origins` are web pages that may call. `is_pinned` says
    whether there is a lock; without one there are no tools. `strays` are servers that the lock has
    and the configuration not: what it says of them means nothing.
    """

    policies: Path
    lock: Path
    source: BundleSource
    servers: tuple[ToolServer, ...]
    facts: tuple[str, ...]
    directory: tuple[str, ...]
    token_seconds: int
    check_seconds: int
    origins: frozenset[str]
    is_pinned: bool = True
    strays: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that the file says, understood. Durations are in seconds.

    `public_url` is how sandboxes reach the broker; None: where it listens.
    """

    path: Path
    digest: str
    host: str
    port: int
    public_url: str | None
    store: Path
    run_seconds: int
    max_run_seconds: int
    aws: AwsSettings
    issuers: tuple[Issuer, ...]
    rules: tuple[TrustRule, ...]
    templates: tuple[TagTemplate, ...]
    grants: tuple[Grant, ...]
    token_grants: tuple[TokenGrant, ...] = ()
    issuer: OwnIssuerSettings | None = None
    directory: DirectorySettings | None = None
    login: LoginSettings | None = None
    tools: ToolsSettings | None = None
