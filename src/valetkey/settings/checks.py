"""What must hold between the tables of the file, before anything starts."""

import re
from collections.abc import Iterable

from valetkey.credentials import Grant
from valetkey.identity import Power, check_trust
from valetkey.runs import Source
from valetkey.settings.errors import SettingsError
from valetkey.settings.values import Settings

_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,46}[a-z0-9])?", re.ASCII)


def check_grants(grants: Iterable[Grant]) -> None:
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
