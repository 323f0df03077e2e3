"""What is written down, one frozen type a kind; a member that is None is left out of the leaf.

Records hold no secrets: an access key id is a name, a secret key or a token never has a field here.
Times named `at` are Unix milliseconds; `expires_at` and `until` are Unix seconds.
A type's `version` rises when a member changes its meaning; readers keep reading the old ones.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import ClassVar, TypeAlias


class RecordKind(Enum):
    """The closed set of things that happen; the value is what the leaf says under `kind`."""

    BROKER_STARTED = "broker-started"
    RUN_OPENED = "run-opened"
    OPEN_REFUSED = "open-refused"
    CREDENTIALS_VENDED = "credentials-vended"
    CREDENTIALS_HANDED_OUT = "credentials-handed-out"
    HAND_OUT_REFUSED = "hand-out-refused"
    VEND_FAILED = "vend-failed"
    TOKEN_ROTATED = "token-rotated"  # noqa: S105 - a name, not a token
    RUN_ENDED = "run-ended"
    RUN_REVOKED = "run-revoked"
    REQUEST_REFUSED = "request-refused"
    TOKEN_ISSUED = "token-issued"  # noqa: S105 - a name, not a token
    TOKEN_REFUSED = "token-refused"  # noqa: S105
    KEY_CREATED = "key-created"
    KEYS_PUBLISHED = "keys-published"
    KEY_RETIRED = "key-retired"
    AUDIT_READ = "audit-read"
    TOOL_DECIDED = "tool-decided"
    MCP_PASSED = "mcp-passed"
    POLICY_ACTIVATED = "policy-activated"
    RUN_REBOUND = "run-rebound"


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerStarted:
    """A broker serves from here on, under this configuration."""

    kind: ClassVar = RecordKind.BROKER_STARTED
    version: ClassVar = 1
    at: int
    program: str  # the version of valetkey
    config_digest: str  # SHA-256, hexadecimal: the files as read; without a broker, its grants
    policy_version: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOpened:
    """A run exists; its token left only after this was durable."""

    kind: ClassVar = RecordKind.RUN_OPENED
    version: ClassVar = 1
    at: int
    run: str
    subject_issuer: str
    subject: str
    actor_issuer: str
    actor: str
    actor_rule: str  # the trust rule that let the actor open it
    tags: Mapping[str, str]  # the session tags, exactly as STS gets them
    grants: tuple[str, ...]
    policy_version: str
    expires_at: int
    directory: Mapping[str, str] | None = None  # what the directory said of the subject
    facts: Mapping[str, str] | None = None  # what tool policies may ask of the principal


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRefused:
    """Nobody got a run. A principal is named only if its token was verified."""

    kind: ClassVar = RecordKind.OPEN_REFUSED
    version: ClassVar = 1
    at: int
    code: str
    reason: str
    subject_issuer: str | None = None
    subject: str | None = None
    actor_issuer: str | None = None
    actor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialsVended:
    """AWS answered with credentials that match what was asked; nobody has them yet."""

    kind: ClassVar = RecordKind.CREDENTIALS_VENDED
    version: ClassVar = 1
    at: int
    run: str
    grant: str
    role_arn: str
    session_name: str
    request_id: str  # AWS's, to find the call in CloudTrail
    access_key_id: str
    expires_at: int
    duration: int  # asked for, in seconds
    packed_policy_size: int | None = None  # percent of what STS allows


@dataclass(frozen=True, slots=True, kw_only=True)
class VendFailed:
    """AWS gave no credentials, or others than were asked for."""

    kind: ClassVar = RecordKind.VEND_FAILED
    version: ClassVar = 1
    at: int
    run: str
    grant: str
    role_arn: str
    code: str
    request_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialsHandedOut:
    """The run got these credentials; the run was open in the same transaction."""

    kind: ClassVar = RecordKind.CREDENTIALS_HANDED_OUT
    version: ClassVar = 1
    at: int
    run: str
    grant: str
    role_arn: str
    session_name: str
    access_key_id: str
    expires_at: int
    fresh: str  # "yes" when vended for this very request, "no" from the cache
    packed_policy_size: int | None = None
    holder: str | None = None  # who got them for the run: "gateway"; absent: its sandbox


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOutRefused:
    """Credentials were asked for and not given. `run` is absent where no run is known."""

    kind: ClassVar = RecordKind.HAND_OUT_REFUSED
    version: ClassVar = 1
    at: int
    code: str
    run: str | None = None
    grant: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRotated:
    """The run has another token; the one before is good until `previous_until`."""

    kind: ClassVar = RecordKind.TOKEN_ROTATED
    version: ClassVar = 1
    at: int
    run: str
    previous_until: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEnded:
    """The work is over: nothing is given to this run any more."""

    kind: ClassVar = RecordKind.RUN_ENDED
    version: ClassVar = 1
    at: int
    run: str
    by_issuer: str | None = None
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRevoked:
    """The run was taken away, with the reason somebody gave."""

    kind: ClassVar = RecordKind.RUN_REVOKED
    version: ClassVar = 1
    at: int
    run: str
    by_issuer: str | None = None
    by: str
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRefused:
    """A request to the API that did not get as far as a use case, such as a bad bearer token."""

    kind: ClassVar = RecordKind.REQUEST_REFUSED
    version: ClassVar = 1
    at: int
    code: str
    route: str
    run: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenIssued:
    """valetkey signed a token for a run; it left only after this was durable."""

    kind: ClassVar = RecordKind.TOKEN_ISSUED
    version: ClassVar = 1
    at: int
    run: str
    grant: str
    audience: str  # the token's one `aud`
    subject: str  # its `sub`
    jti: str  # the token id (RFC 7519 §4.1.7): a name, the token is written nowhere
    key_id: str  # the `kid` it was signed with
    expires_at: int
    holder: (
        str  # "broker" when the broker itself presents it to STS, "sandbox" when the run gets it
    )
    scope: str | None = None
    role_arn: str | None = None  # of a token for STS
    tags: Mapping[str, str] | None = None  # the session tags in a token for STS, exactly


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRefused:
    """A token was asked for and not given. `run` is absent where no run is known."""

    kind: ClassVar = RecordKind.TOKEN_REFUSED
    version: ClassVar = 1
    at: int
    code: str
    run: str | None = None
    grant: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyCreated:
    """There is another signing key; `signs_from` (Unix seconds) is absent until it is published."""

    kind: ClassVar = RecordKind.KEY_CREATED
    version: ClassVar = 1
    at: int
    key_id: str
    algorithm: str
    by: str  # "schedule", or who asked: `<issuer name>:<subject>`, or `account:<login name>`
    signs_from: int | None = None
    kms_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeysPublished:
    """The documents of the issuer were written out, with these keys in them."""

    kind: ClassVar = RecordKind.KEYS_PUBLISHED
    version: ClassVar = 1
    at: int
    key_ids: tuple[str, ...]
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRetired:
    """A signing key was withdrawn: it signs nothing more and is in no key set of ours."""

    kind: ClassVar = RecordKind.KEY_RETIRED
    version: ClassVar = 1
    at: int
    key_id: str
    by: str
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRead:
    """Somebody read leaves of the log over the API: `count` of them from index `first` on."""

    kind: ClassVar = RecordKind.AUDIT_READ
    version: ClassVar = 1
    at: int
    by_issuer: str
    by: str
    first: int
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolDecided:
    """A tool call was decided; nothing went to its server before this was durable."""

    kind: ClassVar = RecordKind.TOOL_DECIDED
    version: ClassVar = 1
    at: int
    run: str
    server: str
    tool: str
    decision: str  # "allow", "deny" or "ask": what came of it
    code: str  # why; of a tool that it can't see the caller was told `tool-unknown`
    via: str  # "mcp" through the gateway, "api" for a tool that the agent calls itself
    policy_version: str
    mode: str  # "enforce", or "log-only": then a denial let it pass
    digest: str | None = None  # SHA-256 of the arguments in RFC 8785, hexadecimal
    arguments: str | None = None  # the arguments themselves, where the configuration says so
    rules: tuple[str, ...] | None = None  # the policies that decided
    errors: tuple[str, ...] | None = None  # the policies whose evaluation failed
    would: str | None = None  # what policies in log-only mode would have decided
    would_rules: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class McpPassed:
    """A prompt, a resource or a completion was asked of a server, or was refused."""

    kind: ClassVar = RecordKind.MCP_PASSED
    version: ClassVar = 1
    at: int
    run: str
    server: str
    method: str
    decision: str  # "allow" or "deny"
    code: str
    about: str | None = None  # the prompt's name or the resource's URI, cut at 1,024 characters


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyActivated:
    """New runs are opened under this policy version from here on."""

    kind: ClassVar = RecordKind.POLICY_ACTIVATED
    version: ClassVar = 1
    at: int
    policy_version: str
    by: str  # "start" of a broker, `<issuer name>:<subject>`, or `account:<login name>`
    running: str  # what became of open runs: "keep", "rebind" or "revoke"
    because: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRebound:
    """An open run goes on under another policy version."""

    kind: ClassVar = RecordKind.RUN_REBOUND
    version: ClassVar = 1
    at: int
    run: str
    policy_version: str
    previous_version: str
    by: str
    because: str


Record: TypeAlias = (
    BrokerStarted
    | RunOpened
    | OpenRefused
    | CredentialsVended
    | VendFailed
    | CredentialsHandedOut
    | HandOutRefused
    | TokenRotated
    | RunEnded
    | RunRevoked
    | RequestRefused
    | TokenIssued
    | TokenRefused
    | KeyCreated
    | KeysPublished
    | KeyRetired
    | AuditRead
    | ToolDecided
    | McpPassed
    | PolicyActivated
    | RunRebound
)
