"""`valetkey check`: read the configuration and say what was understood."""

import json
from typing import TYPE_CHECKING, Any

from valetkey.cli.options import DEFAULT_CONFIG, AsJson, Config

if TYPE_CHECKING:
    from valetkey.credentials import Grant, TokenGrant
    from valetkey.settings import Settings


def check(config: Config = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """Read the configuration, and say what valetkey understood or what is wrong.

    It asks nobody: neither AWS nor the issuers.
    """
    from valetkey.settings import read_settings

    understood = _describe(read_settings(config))
    if as_json:
        print(json.dumps(understood, indent=2))
        return
    for title, content in understood.items():
        if isinstance(content, str):
            print(f"{title}: {content}")
            continue
        print(f"\n{title}")
        for line in content:
            print(f"  {line}")


def _describe(settings: "Settings") -> dict[str, Any]:
    from valetkey.cli.check_tools import of_tools
    from valetkey.wiring.activation import policy_of

    policy = policy_of(settings)
    return {
        "configuration": f"{settings.path} is good",
        "listens at": f"{settings.host}:{settings.port}"
        + (f", known as {settings.public_url}" if settings.public_url else ""),
        "keeps its records in": str(settings.store),
        "a run lasts": f"{settings.run_seconds} s, at most {settings.max_run_seconds} s",
        "policy version of new runs": policy.version,
        "issuers": [
            f"{i.name}: {i.url}, for {', '.join(i.audiences)}, by {', '.join(i.algorithms)}"
            + (f", checked as {i.provider.value} makes them" if i.provider else "")
            + (", each token for one run" if i.single_use else "")
            for i in settings.issuers
        ],
        "trust": [_rule(rule) for rule in settings.rules],
        "tags": [
            f"{t.key} = {t.text}"
            + (" (a path segment: no `/`)" if t.path_segment else "")
            + (" (bound to the first subject)" if t.is_bound else "")
            for t in settings.templates
        ]
        + ["valetkey_run = the run's id (reserved)"],
        "grants": [_role(grant) for grant in settings.grants]
        + [_token(grant) for grant in settings.token_grants],
        **_of_its_own(settings),
        **_of_people(settings),
        **({} if policy.tools is None else of_tools(settings, policy.tools)),
    }


def _role(grant: "Grant") -> str:
    from valetkey.credentials import STS_AUDIENCE, GrantSource

    text = f"{grant.name}: {grant.role} by {grant.source.value} for {grant.duration} s"
    if grant.source is GrantSource.WEB_IDENTITY:
        text += f" as grant:{grant.name} to {grant.audience or STS_AUDIENCE}"
    text += f" as profile {grant.profile}" if grant.profile else ""
    text += f" in {grant.region}" if grant.region else ""
    text += f" at {grant.endpoint_url}" if grant.endpoint_url else ""
    text += ", narrowed by a session policy" if grant.session_policy else ""
    text += ", with an external id" if grant.external_id else ""
    if grant.token_to_sandbox:
        text += "; the sandbox may hold its token, and then chooses session name and duration"
    return text


def _token(grant: "TokenGrant") -> str:
    text = f"{grant.name}: a token for {grant.audience} for {grant.duration} s"
    return f"{text}, with {' '.join(grant.scopes)}" if grant.scopes else text


def _of_its_own(settings: "Settings") -> dict[str, list[str]]:
    """Describe valetkey as an issuer, if it is one."""
    own = settings.issuer
    if own is None:
        return {}
    keys = own.kms_key or "keys of its own, encrypted at rest"
    return {
        "issuer": [
            f"{own.url}, by {', '.join(algorithm.value for algorithm in own.algorithms)}",
            f"signs with {keys}, each for {own.schedule.key_lifetime} s",
            "serves its documents itself"
            if own.publish.value == "broker"
            else "has its documents written by `valetkey keys publish`",
        ]
    }


def _of_people(settings: "Settings") -> dict[str, list[str]]:
    """Describe where more is known of people, and where those who operate valetkey sign in."""
    found = {}
    directory, login = settings.directory, settings.login
    if directory is not None:
        place = f"{directory.source}, table {directory.table}" if directory.table else ""
        found["directory"] = [
            f"{place or directory.source} tells {', '.join(directory.attributes)} of people of "
            f"{directory.issuer} by {directory.match}",
            "people who are not in it are refused"
            if directory.unknown is None
            else f"of others it says {json.dumps(directory.unknown)}",
            *_shared(settings),
        ]
    if login is not None:
        found["login"] = [f"at {login.issuer} as {login.client_id}, with its {login.token}"]
    return found


def _shared(settings: "Settings") -> list[str]:
    """Say which tags people share, for a directory tells groups of them and not each of them."""
    from valetkey.runs import Source

    apart = [t for t in settings.templates if t.uses(Source.SUBJECT) or t.is_bound]
    of_groups = [t for t in settings.templates if t.uses(Source.DIRECTORY) and t not in apart]
    directory = settings.directory
    others = "" if directory is None or directory.unknown is None else ", all others have one, too"
    found = [
        f"people of equal {', '.join(sorted(t.directory_attributes()))} share tag {t.key}{others}"
        for t in of_groups
    ]
    if of_groups and not apart:
        found.append("no tag tells people apart: who share all tags reach the same data")
    return found


def _rule(rule: Any) -> str:
    claims = " and ".join(
        f"{name} is {' or '.join(json.dumps(value) for value in check.any_of)}"
        for name, check in rule.claims.items()
    )
    text = f"{rule.name}: a token of {rule.issuer} whose {claims} may {rule.may.value}"
    if rule.subjects_of:
        text += f" for {', '.join(rule.subjects_of)}"
    if rule.attributes:
        text += f", setting {', '.join(rule.attributes)}"
    return text
