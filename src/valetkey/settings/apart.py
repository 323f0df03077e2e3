"""What valetkey's own tokens must be kept apart from: STS, each other, and those believed here."""

import re
from collections.abc import Iterable
from urllib.parse import unquote, urlsplit

from valetkey.credentials import STS_AUDIENCE, Grant, TokenGrant
from valetkey.identity import Issuer
from valetkey.settings.errors import SettingsError
from valetkey.settings.values import Settings, SubjectForm

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

    Codes: `issuer-is-own`, `grant-audience`, `config-invalid`.
    """
    _check_not_believed(settings)
    _check_tools(settings.grants, settings.token_grants)
    _check_policies_hold(settings.grants)
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


def _check_tools(roles: Iterable[Grant], tools: tuple[TokenGrant, ...]) -> None:
    """A tool's token that STS takes would be a session without tags: isolation would be inert."""
    roles = tuple(roles)
    named = {role.name for role in roles} | {tool.name for tool in tools}
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
                f"grant `{grant.name}`: its audience is another grant's name, and who asks for a "
                "token may name either",
            )


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
