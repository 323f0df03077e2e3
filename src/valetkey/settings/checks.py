"""What must hold between the tables of the file, before anything starts."""

import re
from collections.abc import Iterable
from ipaddress import ip_address
from urllib.parse import urlsplit

from valetkey.credentials import Grant, GrantSource, TokenGrant
from valetkey.identity import Issuer, Power, TrustRule, check_trust
from valetkey.runs import Source, TagTemplate
from valetkey.settings.errors import SettingsError
from valetkey.settings.values import Settings

_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,46}[a-z0-9])?", re.ASCII)


def check_grants(grants: Iterable[Grant | TokenGrant]) -> None:
    """Raise unless every grant has a name of its own that fits into a URL and a profile."""
    seen: set[str] = set()
    for grant in grants:
        if not _NAME.fullmatch(grant.name):
            raise SettingsError(
                "config-invalid",
                f"grant `{grant.name}`: a name is 1 to 48 lower-case letters, digits and inner "
                "hyphens",
            )
        if grant.name in seen:
            raise SettingsError("config-invalid", f"two grants are named `{grant.name}`")
        seen.add(grant.name)


def check_rules(settings: Settings) -> None:
    """Raise unless issuers and trust rules fit together, and each opener opens for somebody."""
    check_trust(settings.issuers, settings.rules)
    for rule in settings.rules:
        if rule.may is Power.OPEN_RUNS and not rule.subjects_of:
            raise SettingsError(
                "config-invalid",
                f"trust rule `{rule.name}` opens runs for nobody",
                hint="name the rules of the people it may work for in `for`",
            )


def check_tags(settings: Settings) -> None:
    """A subject template that two issuers can reach must contain the issuer (invariant 3)."""
    reachable = {r.issuer for r in settings.rules if r.may is Power.BE_WORKED_FOR}
    settable = {name for rule in settings.rules for name in rule.attributes}
    for template in settings.templates:
        by_subject = template.uses(Source.SUBJECT)
        if by_subject and len(reachable) > 1 and not template.names_issuer():
            raise SettingsError(
                "tag-template-issuer",
                f"tag `{template.key}`: `{template.text}` is filled from {len(reachable)} issuers, "
                "whose equal subjects would share data",
                hint="put `{issuer}` and a separator into the template",
            )
        of_people = [i for i in settings.issuers if i.name in reachable]
        _check_alphabet(template, of_people)
        _check_claims(template, of_people, settings.rules)
        _check_directory(template, settings)
        for name in sorted(template.attributes() - settable):
            raise SettingsError(
                "config-invalid",
                f"tag `{template.key}` needs work attribute `{name}`, which no trust rule may set",
                hint="name it in the `attributes` of an `open-runs` rule",
            )
    if settings.grants and not settings.templates:
        raise SettingsError(
            "config-invalid",
            "there are grants, but no tag says whose data a run may reach",
            hint='begin with `[tags]` and `user_id = "{subject.sub}"`',
        )


def check_endpoints(settings: Settings) -> None:
    """Raise where a token for STS would be sent in the clear: it is all that a thief needs."""
    for grant in settings.grants:
        if grant.source is not GrantSource.WEB_IDENTITY:
            continue
        sends = [settings.aws.endpoint_url, grant.endpoint_url if grant.token_to_sandbox else None]
        if any(is_plain(address) for address in sends if address):
            raise SettingsError(
                "aws-endpoint-plain",
                f"grant `{grant.name}`: an `endpoint_url` of plain http would show tokens for STS "
                "to the network",
                hint="use https, or an AWS on this machine's loopback address",
            )


def is_plain(address: str) -> bool:
    """Say whether others could read what is sent to a URL: no https, and not to loopback."""
    try:
        url = urlsplit(address)
        return url.scheme != "https" and not is_loopback(url.hostname or "")
    except ValueError:
        return True


def is_loopback(host: str) -> bool:
    """Say whether `host` is this machine by its spelling alone; no name is looked up."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _check_directory(template: TagTemplate, settings: Settings) -> None:
    """Raise unless the directory has every attribute of it that the template names."""
    known = () if settings.directory is None else settings.directory.attributes
    for name in sorted(template.directory_attributes() - set(known)):
        raise SettingsError(
            "config-invalid",
            f"tag `{template.key}` needs attribute `{name}` of the directory, which is not there",
            hint="name it in the `attributes` of `[directory]`",
        )


def _check_claims(
    template: TagTemplate, issuers: Iterable[Issuer], rules: Iterable[TrustRule]
) -> None:
    """Raise if people can make the tag another's: it tells them apart by what they may set.

    An `email` counts where nobody is worked for whose address the issuer did not verify. A bound
    tag is the first subject's whatever its value.
    """
    named = {p.name.partition(".")[0] for p in template.placeholders if p.source is Source.SUBJECT}
    if not named or template.is_bound or template.uses(Source.DIRECTORY):
        return
    for issuer in issuers:
        said = _said_by_people(issuer, rules)
        if named & said and named - {"iss"} <= said:
            raise SettingsError(
                "tag-template-claim",
                f"tag `{template.key}`: at `{issuer.name}` people may set "
                f"`{'`, `'.join(sorted(named & said))}` themselves, or have it after somebody else",
                hint="write `{subject.sub}`; `{subject.email}` needs `email_verified = true` in "
                "every rule that lets people of that issuer be worked for",
            )


def set_by_people(claim: str, issuers: Iterable[Issuer], rules: Iterable[TrustRule]) -> str | None:
    """Return the issuer at which people who are worked for may set `claim`, if there is one."""
    rules = tuple(rules)
    served = {rule.issuer for rule in rules if rule.may is Power.BE_WORKED_FOR}
    head = claim.partition(".")[0]
    of_people = (issuer for issuer in issuers if issuer.name in served)
    return next((i.name for i in of_people if head in _said_by_people(i, rules)), None)


def _said_by_people(issuer: Issuer, rules: Iterable[TrustRule]) -> frozenset[str]:
    """Return the claims that people set themselves; no `email` that every rule verifies."""
    said = frozenset() if issuer.preset is None else issuer.preset.said_by_people
    served = [rule for rule in rules if rule.may is Power.BE_WORKED_FOR]
    if all(rule.verifies_email for rule in served if rule.issuer == issuer.name):
        return said - {"email"}
    return said


def _check_alphabet(template: TagTemplate, issuers: Iterable[Issuer]) -> None:
    """Raise if a provider has subjects that no tag can hold, and the template takes them raw."""
    raw = any(
        p.source is Source.SUBJECT and p.name == "sub" and not p.escaped
        for p in template.placeholders
    )
    for issuer in issuers:
        if raw and issuer.preset is not None and not issuer.preset.sub_fits_tags:
            raise SettingsError(
                "tag-template-alphabet",
                f"tag `{template.key}`: a subject of `{issuer.name}` has characters, `|` for one, "
                "that AWS does not take in a tag",
                hint="write `{subject.sub:escaped}`, and store the data under "
                "`valetkey.runs.escape(subject)`",
            )
