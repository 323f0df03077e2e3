"""What the broker tells the agent's side of a run: its id, its grants, until when.

What is read here goes into configuration files and URLs, so each name is checked for what it may
be before it becomes a value: a broker that answers nonsense must not write our files.
"""

from dataclasses import dataclass

from valetkey.sandbox.address import split_url
from valetkey.sandbox.errors import BrokerUnavailableError, SandboxError
from valetkey.sandbox.text import is_grant_name, is_header_value
from valetkey.secret import Secret

_MAX_GRANTS = 100
_REGION = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")


@dataclass(frozen=True, slots=True)
class RunGrant:
    """One grant that the run may draw; `endpoint_url` is None where AWS's own is meant."""

    name: str
    region: str | None
    endpoint_url: str | None
    credentials_url: str


@dataclass(frozen=True, slots=True)
class RunView:
    """A run as its sandbox may see it: no subject, no tags."""

    id: str
    grants: tuple[RunGrant, ...]
    expires_at: str


@dataclass(frozen=True, slots=True)
class OpenedRun:
    """A run that was just opened, with the token that is the run."""

    view: RunView
    token: Secret


def parse_run(document: object) -> RunView:
    """Return the run in the broker's answer. Raises `broker-answer-unreadable`."""
    members = _members(document)
    grants = members.get("grants")
    if not isinstance(grants, list) or not 0 < len(grants) <= _MAX_GRANTS:
        raise _unreadable("a run without grants, or with too many")
    view = RunView(
        _word(members, "id"),
        tuple(map(_parse_grant, grants)),
        expires_at=_word(members, "expires_at"),
    )
    if len({grant.name for grant in view.grants}) != len(view.grants):
        raise _unreadable("two grants of one name")
    return view


def parse_opened(document: dict[str, object]) -> OpenedRun:
    """Return the run and its token in the answer to `POST /v1/runs`."""
    return OpenedRun(parse_run(document.get("run")), Secret(_word(document, "run_token")))


def choose_grant(view: RunView, name: str | None) -> RunGrant:
    """Return the grant `name`, or the run's first. Raises `grant-unknown`."""
    if name is None:
        return view.grants[0]
    for grant in view.grants:
        if grant.name == name:
            return grant
    raise SandboxError(
        "grant-unknown",
        f"run `{view.id}` has no grant `{name}`",
        hint=f"it has {', '.join(grant.name for grant in view.grants)}",
    )


def _parse_grant(document: object) -> RunGrant:
    members = _members(document)
    name, region, endpoint = members.get("name"), members.get("region"), members.get("endpoint_url")
    if not isinstance(name, str) or not is_grant_name(name):
        raise _unreadable("a grant's name")
    if region is not None and not (
        isinstance(region, str) and 0 < len(region) <= 32 and set(region) <= _REGION
    ):
        raise _unreadable("a grant's region")
    if endpoint is not None:
        if not isinstance(endpoint, str):
            raise _unreadable("a grant's endpoint")
        split_url(endpoint)  # plain http is its owner's choice: a signature is no secret
    return RunGrant(
        name, region, endpoint_url=endpoint, credentials_url=_word(members, "credentials_url")
    )


def _members(document: object) -> dict[str, object]:
    if not isinstance(document, dict):
        raise _unreadable("an object")
    return document


def _word(members: dict[str, object], name: str) -> str:
    value = members.get(name)
    if not isinstance(value, str) or len(value) > 2_000 or not is_header_value(value):
        raise _unreadable(f"`{name}`")
    return value


def _unreadable(what: str) -> BrokerUnavailableError:
    return BrokerUnavailableError(
        "broker-answer-unreadable",
        f"the broker's answer is not understood: {what}",
        hint="is the broker of the same version as this command?",
    )
