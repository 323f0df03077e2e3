"""`valetkey check`: read the configuration and say what was understood."""

import json
from typing import TYPE_CHECKING, Any

from valetkey.cli.options import DEFAULT_CONFIG, AsJson, Config

if TYPE_CHECKING:
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
    from valetkey.broker import make_policy

    return {
        "configuration": f"{settings.path} is good",
        "listens at": f"{settings.host}:{settings.port}"
        + (f", known as {settings.public_url}" if settings.public_url else ""),
        "keeps its records in": str(settings.store),
        "a run lasts": f"{settings.run_seconds} s, at most {settings.max_run_seconds} s",
        "policy version of new runs": make_policy(settings.grants).version,
        "issuers": [
            f"{i.name}: {i.url}, for {', '.join(i.audiences)}, by {', '.join(i.algorithms)}"
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
        "grants": [
            f"{g.name}: {g.role} by {g.source.value} for {g.duration} s"
            + (f" as profile {g.profile}" if g.profile else "")
            + (f" in {g.region}" if g.region else "")
            + (" at " + g.endpoint_url if g.endpoint_url else "")
            + (", narrowed by a session policy" if g.session_policy else "")
            + (", with an external id" if g.external_id else "")
            for g in settings.grants
        ],
    }


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
