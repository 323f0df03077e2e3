"""What the broker tells the agent's side of a run: its id, its grants, its tokens, until when.

What is read here goes into configuration files and URLs, so each name is checked for what it may
be before it becomes a value: a broker that answers nonsense must not write our files.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from valetkey.sandbox.address import split_url
from valetkey.sandbox.errors import BrokerUnavailableError, SandboxError
from valetkey.sandbox.text import is_grant_name, is_header_value
from valetkey.secret import Secret

_MAX_GRANTS = 100
_REGION = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")


@dataclass(frozen=True, slots=True)
class RunGrant:
    """One grant that the run may draw; `endpoint_url` is None where AWS's own is meant.

    `web_identity_role` is the ARN of the role that the run may assume itself, by a token of this
    grant; None where only the broker does.
    """

    name: str
    region: str | None
    endpoint_url: str | None
    credentials_url: str
    web_identity_role: str | None = None


@dataclass(frozen=True, slots=True)
class RunTool:
    """One grant of a token for a tool's own API."""

    name: str
    audience: str
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RunView:
    """A run as its sandbox may see it: no subject, no tags. It may use one thing at least.

    `servers` are its servers of tools. `mcp_url` is their gateway's, None where there are none, and
    in the answer to `POST /v1/runs`. `mcp_resource` is there
    where that address is another `valetkey run`'s loopback: the gateway's own canonical URI.
    """

    id: str
    grants: tuple[RunGrant, ...]
    expires_at: str
    tools: tuple[RunTool, ...] = ()
    servers: tuple[str, ...] = ()
    mcp_url: str | None = None
    mcp_resource: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all that the run may draw or use, roles first."""
        drawn = tuple(grant.name for grant in self.grants) + tuple(t.name for t in self.tools)
        return drawn + self.servers

    @property
    def mcp_audience(self) -> str | None:
        """What a token for the gateway is asked for, None where the run has none."""
        return self.mcp_resource or self.mcp_url


@dataclass(frozen=True, slots=True)
class OpenedRun:
    """A run that was just opened, with the token that is the run."""

    view: RunView
    token: Secret


def parse_run(document: object) -> RunView:
    """Return the run in the broker's answer. Raises `broker-answer-unreadable`."""
    members = _members(document)
    grants = members.get("grants")
    tokens = members.get("tokens", [])  # a sidecar of before has none
    if not (isinstance(grants, list) and isinstance(tokens, list)):
        raise _unreadable("a run without grants")
    servers = members.get("servers", [])  # a broker of before has none
    if not isinstance(servers, list):
        raise _unreadable("a run's servers")
    if not 0 < len(grants) + len(tokens) + len(servers) <= _MAX_GRANTS:
        raise _unreadable("a run without grants, or with too many")
    view = RunView(
        _word(members, "id"),
        tuple(map(_parse_grant, grants)),
        expires_at=_word(members, "expires_at"),
        tools=tuple(map(_parse_tool, tokens)),
        servers=tuple(_name({"name": server}) for server in servers),
        mcp_url=_url(members, "mcp_url"),
        mcp_resource=_url(members, "mcp_resource"),
    )
    names = view.names
    if len(set(names)) != len(names):
        raise _unreadable("two grants of one name")
    return view


def parse_opened(document: dict[str, object]) -> OpenedRun:
    """Return the run and its token in the answer to `POST /v1/runs`."""
    return OpenedRun(parse_run(document.get("run")), Secret(_word(document, "run_token")))


def choose_grant(view: RunView, name: str | None) -> RunGrant:
    """Return the grant `name`, or the run's first. Raises `grant-unknown`."""
    for grant in view.grants:
        if name is None or grant.name == name:
            return grant
    called = "of an AWS role" if name is None else f"`{name}`"
    if name in view.names:
        called += " of an AWS role"
    hint = f"it has {', '.join(view.names)}"
    if view.tools:
        hint += "; `valetkey token GRANT` draws a tool's token"
    raise SandboxError("grant-unknown", f"run `{view.id}` has no grant {called}", hint=hint)


def default_grant(view: RunView, names: Sequence[str]) -> RunGrant | None:
    """Return the first of `names` that is an AWS role, or the run's first; None: it has none.

    Raises `grant-unknown`.
    """
    others = [*(tool.name for tool in view.tools), *view.servers]
    roles = [choose_grant(view, name) for name in names if name not in others]
    return next(iter((*roles, *view.grants)), None)


def _parse_grant(document: object) -> RunGrant:
    members = _members(document)
    region, endpoint = members.get("region"), members.get("endpoint_url")
    if region is not None and not (
        isinstance(region, str) and 0 < len(region) <= 32 and set(region) <= _REGION
    ):
        raise _unreadable("a grant's region")
    if endpoint is not None:
        if not isinstance(endpoint, str):
            raise _unreadable("a grant's endpoint")
        split_url(endpoint)  # plain http is its owner's choice: a signature is no secret
    has_role = members.get("web_identity_role") is not None
    return RunGrant(
        _name(members),
        region,
        endpoint_url=endpoint,
        credentials_url=_word(members, "credentials_url"),
        web_identity_role=_word(members, "web_identity_role") if has_role else None,
    )


def _parse_tool(document: object) -> RunTool:
    members = _members(document)
    scopes = members.get("scopes", [])
    if not isinstance(scopes, list) or not all(isinstance(scope, str) for scope in scopes):
        raise _unreadable("a grant's scopes")
    return RunTool(_name(members), _word(members, "audience"), tuple(scopes))


def _name(members: dict[str, object]) -> str:
    name = members.get("name")
    if not isinstance(name, str) or not is_grant_name(name):
        raise _unreadable("a grant's name")
    return name


def _members(document: object) -> dict[str, object]:
    if not isinstance(document, dict):
        raise _unreadable("an object")
    return document


def _word(members: dict[str, object], name: str) -> str:
    value = members.get(name)
    if not isinstance(value, str) or len(value) > 2_000 or not is_header_value(value):
        raise _unreadable(f"`{name}`")
    return value


def _url(members: dict[str, object], name: str) -> str | None:
    """Return a member that is a URL; None where it is not there."""
    if members.get(name) is None:
        return None
    split_url(url := _word(members, name))
    return url


def _unreadable(what: str) -> BrokerUnavailableError:
    return BrokerUnavailableError(
        "broker-answer-unreadable",
        f"the broker's answer is not understood: {what}",
        hint="is the broker of the same version as this command?",
    )
