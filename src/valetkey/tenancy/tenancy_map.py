"""The tenancy map: which data belongs to which session tags. The one source of the policies.

It says what may be; it does not know how IAM says it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

RUN_TAG = "valetkey_run"


@dataclass(frozen=True, slots=True)
class Tag:
    """The place of a session tag's value in a text; `key` as in `[tags]`."""

    key: str


OwnedText = tuple[str | Tag, ...]
"""Literal text and tags, in order; two literals never stand beside each other."""


class Kind(Enum):
    """What an entry of the map is, by its table in the file."""

    TABLE = "tables"
    PREFIX = "prefixes"
    QUEUE = "queues"
    SECRET = "secrets"  # noqa: S105 - a table of the file
    PARAMETER = "parameters"
    FUNCTION = "functions"
    KEY = "keys"


class Access(Enum):
    """What a run may do to what it owns."""

    READ = "read"
    WRITE = "write"
    LIST = "list"
    DELETE = "delete"
    VERSIONS = "versions"
    INVOKE = "invoke"
    SEND = "send"
    RECEIVE = "receive"
    DECRYPT = "decrypt"
    ENCRYPT = "encrypt"


class Source(Enum):
    """How the broker comes to a session of a role."""

    ASSUME_ROLE = "assume-role"
    WEB_IDENTITY = "web-identity"


@dataclass(frozen=True, slots=True)
class Owned:
    """One entry: data that belongs to whose tags fill in its texts.

    `arn` is the resource's: a table, a bucket (`arn:aws:s3:::name`), a queue, a key; of secrets,
    parameters and functions the tags stand in it, and where it ends in `*` (`open`) anything may
    follow. `key` is the partition key of a table, the prefix of a bucket's keys, or the value of
    the `encryption_context` member of a key. `indexes` are a table's, each with the text of its
    own partition key. `place` is where it stands in the file, such as `tenancy.tables[0]`.
    """

    kind: Kind
    place: str
    arn: OwnedText
    access: frozenset[Access]
    open: bool = False
    key: OwnedText | None = None
    indexes: Mapping[str, OwnedText] = field(default_factory=dict)
    encryption_context: str | None = None


@dataclass(frozen=True, slots=True)
class Shared:
    """What every run may use and none owns: an ARN, in which a final `*` stands for any text.

    Where it has `actions`, every run may do these and no others: they reach no mapped data, and
    the ARN may be of any service, or `*` alone.
    """

    place: str
    arn: str
    access: frozenset[Access]
    actions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Protected:
    """What no run may write: approvals, policies, the audit store. An ARN as in `Shared`."""

    place: str
    arn: str


@dataclass(frozen=True, slots=True)
class AgentRole:
    """A role whose sessions agents hold. `subject` and `audience` are what tokens of the broker
    carry for it where `source` is web identity.
    """

    grant: str
    arn: str
    source: Source = Source.ASSUME_ROLE
    external_id: str | None = None
    audience: str = "sts.amazonaws.com"
    max_session_seconds: int = 3600

    @property
    def subject(self) -> str:
        """The `sub` of the token that the broker makes for this grant."""
        return f"grant:{self.grant}"


@dataclass(frozen=True, slots=True)
class TenancyMap:
    """Who owns which data.

    `tags` are the session tags of every run, without `valetkey_run`, in order; `models` are
    ARNs of Bedrock models and inference profiles that every run may invoke, `cost_tags` the tags
    such a call must carry. `assumed_by` are the ARNs of the roles that trust policies may name,
    `platform` those of all other principals (roles, or services by name) that resource policies
    may let in.
    """

    tags: tuple[str, ...]
    roles: tuple[AgentRole, ...]
    owned: tuple[Owned, ...] = ()
    shared: tuple[Shared, ...] = ()
    protected: tuple[Protected, ...] = ()
    models: tuple[str, ...] = ()
    cost_tags: tuple[str, ...] = ()
    assumed_by: tuple[str, ...] = ()
    oidc_provider: str | None = None
    platform: tuple[str, ...] = ()
