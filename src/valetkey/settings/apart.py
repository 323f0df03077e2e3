"""What valetkey's own tokens must be kept apart from: STS, each other, and those believed here."""

import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote, urlsplit

from valetkey.credentials import STS_AUDIENCE, Grant
from valetkey.identity import Issuer
from valetkey.settings.errors import SettingsError
from valetkey.settings.tools import gateway_uri
from valetkey.settings.values import Settings, SubjectForm
from valetkey.tools import ToolServer

_GRANT_SUBJECT = "grant"  # STS tokens have `grant:<name>` as `sub`
_SUFFIXES = (
    *("amazonaws.com", "amazonaws.com.cn", "amazonaws.eu", "api.aws"),
    *("amazonwebservices.com.cn", "amazonwebservices.eu"),
    *("c2s.ic.gov", "sc2s.sgov.gov", "csp.hci.ic.gov"),
    *("cloud.adc-e.uk", "aws.ic.gov", "aws.scloud", "aws.hci.ic.gov", "aws.adc-e.uk"),
)
_STS = re.compile(
    r"(?:[a-z][a-z0-9+.-]*://)?(?:[a-z0-9-]+\.)*sts(?:-fips)?\.(?:[a-z0-9-]+\.)*"
    rf"(?:{'|'.join(re.escape(suffix) for suffix in _SUFFIXES)})\.?(?:[:/?#].*)?"
)


def check_apart(settings: Settings) -> None:
    """Raise unless a token made for one place is good at no other.

    Codes: `issuer-is-own`, `grant-audience`, `gateway-audience`, `server-audience`,
    `config-invalid`.
    """
    _check_not_believed(settings)
    _check_tokens(settings)
    _check_policies_hold(settings.grants)
    if settings.tools is not None:
        _check_gateway(settings)
        _check_servers(settings, settings.tools.servers)
    own = settings.issuer
    if own is not None and own.subject is SubjectForm.ISSUER_SUB:
        _check_subjects(settings.issuers)


def is_for_sts(audience: str) -> bool:
    """Say whether `audience` names an endpoint of STS, in any partition and spelling."""
    return _STS.fullmatch(audience.lower()) is not None


def _check_not_believed(settings: Settings) -> None:
    """A run that opens the next one with its own token would live for ever, with every grant."""
    own = settings.issuer
    for issuer in settings.issuers:
        if own is not None and _place(issuer.url) == _place(own.url):
            raise SettingsError(
                "issuer-is-own",
                f"issuer `{issuer.name}` is valetkey itself: a sandbox could open runs with its "
                "own tokens",
                hint="name the issuers of people and platforms alone in `[[issuers]]`",
            )


def _place(url: str) -> tuple[str | None, int, str]:
    """Return where a URL leads, however it is spelled."""
    parts = urlsplit(url)
    default = 80 if parts.scheme == "http" else 443
    return parts.hostname, parts.port or default, unquote(parts.path).rstrip("/")


def _check_tokens(settings: Settings) -> None:
    """A tool's token that STS takes would be a session without tags: isolation would be inert."""
    roles, tools = settings.grants, settings.token_grants
    named = {role.name for role in roles} | {tool.name for tool in tools}
    named |= {server.name for server in (settings.tools.servers if settings.tools else ())}
    of_sts = {_bare(STS_AUDIENCE), *(_bare(role.audience) for role in roles if role.audience)}
    for grant in tools:
        if is_for_sts(grant.audience) or _bare(grant.audience) in of_sts:
            raise SettingsError(
                "grant-audience",
                f"grant `{grant.name}`: `{grant.audience}` is for STS, and a "
                "tool's token carries no session tags",
                hint='a grant for AWS has a `role` and `source = "web-identity"`',
            )
        if grant.audience in named - {grant.name}:
            raise SettingsError(
                "grant-audience",
                f"grant `{grant.name}`: its audience is the name of another grant or a "
                "server, and who asks for a token may name either",
            )


def _check_gateway(settings: Settings) -> None:
    """The gateway takes its own tokens alone, and they are good nowhere else."""
    uri = _bare(_gateway(settings))
    for what, audience in _audiences(settings):
        if _bare(audience) == uri:
            raise SettingsError(
                "gateway-audience",
                f"{what}: `{audience}` is the tool gateway's own address, which its tokens name",
                hint="give it another audience; a run gets the gateway's tokens by itself",
            )
    if is_for_sts(uri):
        raise SettingsError("gateway-audience", f"`public_url`: `{uri}` is a place of STS")


def _gateway(settings: Settings) -> str:
    return gateway_uri(settings.public_url or f"http://{settings.host}:{settings.port}")


def _check_servers(settings: Settings, servers: Iterable[ToolServer]) -> None:
    """What a server is sent is good there alone, and no run can draw it to go round the gateway."""
    taken = {_bare(STS_AUDIENCE): "STS", _bare(_gateway(settings)): "the gateway itself"}
    taken |= {_bare(audience): what for what, audience in _audiences(settings)}
    servers = tuple(servers)
    names = {grant.name for grant in settings.grants} | {server.name for server in servers}
    names |= {grant.name for grant in settings.token_grants}
    hosts: dict[str, str] = {}
    for server in servers:
        if server.audience is None:
            continue
        bare = _bare(server.audience)
        other = "STS" if is_for_sts(server.audience) else taken.get(bare)
        if other is not None or server.audience in names:
            raise SettingsError(
                "server-audience",
                f"server `{server.name}`: its audience `{server.audience}` is "
                + (f"taken by {other}" if other else "the name of a grant or a server"),
                hint="a token for a server is made for it alone, and only the gateway has it",
            )
        host = urlsplit(server.url or "").netloc.lower()
        if hosts.setdefault(bare, host) != host:
            raise SettingsError(
                "server-audience",
                f"server `{server.name}`: a server at another host has the audience "
                f"`{server.audience}`, too: each could call the other as the person",
                hint="give each host an audience of its own",
            )


def _audiences(settings: Settings) -> Iterator[tuple[str, str]]:
    """Yield every audience of a grant, and those that the issuers' own tokens are for."""
    named = [(grant.name, grant.audience) for grant in settings.token_grants]
    for name, audience in [*named, *((grant.name, grant.audience) for grant in settings.grants)]:
        if audience is not None:
            yield f"grant `{name}`", audience
    for issuer in settings.issuers:
        for audience in (*issuer.audiences, *issuer.other_audiences):
            yield f"issuer `{issuer.name}`", audience


def _bare(audience: str) -> str:
    return audience.lower().rstrip("/")


def _check_policies_hold(grants: Iterable[Grant]) -> None:
    """Who holds a token calls STS without the session policy that another grant has."""
    grants = tuple(grants)
    given = {grant.role: grant.name for grant in grants if grant.token_to_sandbox}
    for grant in grants:
        if grant.session_policy is not None and grant.role in given:
            raise SettingsError(
                "config-invalid",
                f"grant `{grant.name}` has a session policy, and grant `{given[grant.role]}` gives "
                "the sandbox a token for the same role, without it",
                hint="drop `token_to_sandbox`, or use another role",
            )


def _check_subjects(issuers: Iterable[Issuer]) -> None:
    for issuer in issuers:
        if issuer.name == _GRANT_SUBJECT:
            raise SettingsError(
                "config-invalid",
                f"an issuer named `{_GRANT_SUBJECT}` would make subjects that look like those of "
                "tokens for AWS",
                hint="give the issuer another name",
            )
