"""`valetkey doctor`: walk the chain from the signing key to the last policy, link by link."""

import json
import sys
from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from valetkey.cli.options import DEFAULT_CONFIG, AsJson, Config
from valetkey.cli.output import StyledLine, print_lines, print_table
from valetkey.errors import ValetkeyError

if TYPE_CHECKING:
    from valetkey.cli.doctor_effect import Target, Targets
    from valetkey.cli.doctor_step import Step
    from valetkey.credentials import Grant
    from valetkey.settings import Settings

_MARKS = {
    "holds": ("green", "✓"),
    "note": ("dim", "·"),
    "unknown": ("yellow", "?"),
    "failed": ("yellow", "!"),
    "broken": ("bold red", "✗"),
}
_FORMS = "s3://BUCKET/KEY or dynamodb://TABLE/KEY=VALUE"


def doctor(
    grant: Annotated[
        str | None, typer.Argument(help="A grant of an AWS role; the only one if unset.")
    ] = None,
    *,
    config: Config = DEFAULT_CONFIG,
    tag: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=VALUE", help="A tag of the doctor's run. Repeatable."),
    ] = None,
    own: Annotated[
        str | None,
        typer.Option(help=f"What a run with these tags must be able to read: {_FORMS}."),
    ] = None,
    foreign: Annotated[
        str | None, typer.Option(help="What it must not be able to read, and is there.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Walk the chain of a role and say in order what holds and what breaks it, with the fix.

    The signing key; the issuer's documents; the provider, the trust policy and the permissions
    in IAM, read with your own AWS credentials; then a run of its own, on record as every run is,
    whose session reads --own and must be denied --foreign, and a session without tags, which must
    be denied both. It changes nothing in AWS. Exit codes: 0 all holds, 2 a link is broken, 1 a
    check got no answer, 3 something was not shown.
    """
    import asyncio

    from valetkey.cli.doctor_effect import Targets
    from valetkey.cli.doctor_step import exit_code
    from valetkey.cli.run_options import parse_attributes
    from valetkey.settings import read_settings

    tags = parse_attributes(tag or [], "--tag")
    targets = Targets(_target(own), _target(foreign))
    settings = read_settings(config)
    chosen = _grant(settings, grant)
    steps = asyncio.run(_walk(settings, chosen, tags=tags, targets=targets, as_json=as_json))
    if as_json:
        found = [asdict(step) | {"outcome": step.outcome.value} for step in steps]
        print(
            json.dumps({"grant": chosen.name, "role": str(chosen.role), "steps": found}, indent=2)
        )
    raise typer.Exit(exit_code(steps))


async def _walk(
    settings: "Settings",
    grant: "Grant",
    *,
    tags: dict[str, str],
    targets: "Targets",
    as_json: bool,
) -> "list[Step]":
    steps = []
    async for step in examine(settings, grant, tags=tags, targets=targets):
        steps.append(step)
        if not as_json:
            _print(step)
    return steps


async def examine(
    settings: "Settings", grant: "Grant", *, tags: dict[str, str], targets: "Targets"
) -> AsyncIterator["Step"]:
    """Give every step of the walk in its order; the run that it takes is ended at the end.

    Raises a ValetkeyError where the configuration does not let it begin.
    """
    from valetkey.cli.doctor_account import account_steps
    from valetkey.cli.doctor_effect import effect_steps
    from valetkey.cli.doctor_issuer import issuer_steps
    from valetkey.cli.doctor_step import Outcome, Step
    from valetkey.credentials import WebIdentityRequest
    from valetkey.runs import RUN_TAG
    from valetkey.wiring.doctor import examining

    async with examining(settings, grant) as examination:
        draw = await examination.open_run(tags)
        said = f"{grant.name}: {grant.role} by {grant.source.value}; looked at as run {draw.run.id}"
        yield Step("configuration", Outcome.HOLDS, said)
        wanted = draw.request if isinstance(draw.request, WebIdentityRequest) else None
        if wanted is not None:
            async for step in issuer_steps(examination):
                yield step
        keys = {*tags, *(template.key for template in settings.templates), RUN_TAG}
        async for step in account_steps(examination, wanted, tags=keys):
            yield step
        async for step in effect_steps(examination, targets):
            yield step


def _grant(settings: "Settings", name: str | None) -> "Grant":
    names = [grant.name for grant in settings.grants]
    if name is None and len(names) == 1:
        return settings.grants[0]
    for grant in settings.grants:
        if grant.name == name:
            return grant
    raise ValetkeyError(
        "grant-missing" if name is None else "grant-unknown",
        "no grant is named" if name is None else f"no grant of an AWS role is called `{name}`",
        hint=f"the configuration has {', '.join(names)}" if names else "it has none of a role",
    )


def _target(text: str | None) -> "Target | None":
    """Return the object or item that `text` names. Raises `usage`."""
    from valetkey.aws.probe import DynamoItem, S3Object

    if text is None:
        return None
    scheme, _, rest = text.partition("://")
    place, _, name = rest.partition("/")
    if scheme == "s3" and place and name:
        return S3Object(place, name)
    parts = [part.partition("=") for part in name.split(",")]
    if scheme == "dynamodb" and place and len(parts) <= 2 and all(k and v for k, _, v in parts):
        return DynamoItem(place, {key: value for key, _, value in parts})
    raise ValetkeyError("usage", f"`{text}` names nothing that can be read", hint=f"write {_FORMS}")


def _print(step: "Step") -> None:
    if not sys.stdout.isatty():
        row = (step.outcome.value, step.link, step.said, step.fix or "")
        print_table(("outcome", "link", "said", "fix"), [row])
        return
    style, mark = _MARKS[step.outcome.value]
    lines = [StyledLine(style, f"{mark} {step.link}: {step.said}")]
    if step.fix is not None:
        lines.append(StyledLine("", f"    {step.fix}"))
    print_lines(lines)
