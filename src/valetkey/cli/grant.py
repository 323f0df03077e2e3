"""`valetkey grant`: the roles that runs of this account may draw without a broker."""

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from valetkey.cli.options import AsJson
from valetkey.cli.output import (
    AWS_DENIAL,
    DENIED,
    FAILED,
    print_error,
    print_table,
    printable,
    said_when_slow,
    tell,
)
from valetkey.cli.run import say
from valetkey.errors import ValetkeyError

if TYPE_CHECKING:
    from valetkey.cli.grant_trial import OwnBroker, Tried
    from valetkey.settings.local import LocalGrant
    from valetkey.settings.shape import GrantTable

app = typer.Typer(
    help="Keep the AWS roles that `valetkey run --grant` draws on this machine, without a broker.",
    short_help="Keep AWS roles for `valetkey run --grant`.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="The grant's name, such as tenant-data.")]
_UNITS = ((3600, "h"), (60, "m"), (1, "s"))
_NOTE = (
    "note: under your own account this is convenience and attribution, not isolation: a command"
    " that a run starts can still read ~/.aws and these grants by itself"
)


@app.command(short_help="Try an AWS role and keep it as a grant.")
def aws(
    name: Name,
    *,
    role: Annotated[
        str, typer.Option(metavar="ARN", help="The role, arn:aws:iam::111122223333:role/NAME.")
    ],
    profile: Annotated[
        str | None,
        typer.Option(help="The AWS profile whose identity assumes it; AWS_PROFILE if unset."),
    ] = None,
    region: Annotated[
        str | None,
        typer.Option(help="Where the command's calls go; the environment's or profile's if unset."),
    ] = None,
    duration: Annotated[
        str,
        typer.Option(metavar="TIME", help="How long one session lives, 15m to 12h; runs renew it."),
    ] = "1h",
    external_id: Annotated[
        str | None,
        typer.Option(help="What the trust policy asks for: the text, env:NAME or file:PATH."),
    ] = None,
    tag: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY=VALUE",
            help="A session tag, for roles whose policies want some; without a broker you vouch for"
            " it yourself.",
        ),
    ] = None,
    session_policy: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="An IAM policy that narrows every session; copied."),
    ] = None,
    endpoint_url: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Where AWS is; AWS_ENDPOINT_URL or profile's if unset."),
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Overwrite a grant.")] = False,
    no_try: Annotated[bool, typer.Option("--no-try", help="Keep it without asking AWS.")] = False,
    as_json: AsJson = False,
) -> None:
    """Try an AWS role as a run would, and keep it as a grant of this account.

    Kept are names and addresses, never a credential: the role is assumed by your own AWS profile.
    A role that can't be assumed is not kept, and the reason is said; exit code 2 where AWS denied
    it. `valetkey run --grant NAME -- COMMAND` draws it then.
    """
    from valetkey.cli import grant_asking
    from valetkey.settings.grant_file import grant_exists, write_grant
    from valetkey.settings.local import grants_folder, local_grant_names, valetkey_home

    home = valetkey_home(os.environ)
    written = grant_asking.Written(
        name=name,
        role=role,
        profile=profile,
        region=region,
        duration=duration,
        external_id=external_id,
        tags=tuple(tag or ()),
        session_policy=session_policy,
        endpoint_url=endpoint_url,
    )
    table, wanted = grant_asking.understand(written, os.environ, folder=grants_folder(home))
    if not replace and name in local_grant_names(home):
        raise grant_exists(name)
    tried = None if no_try else _try(wanted, table, home=home, quiet=as_json)
    path = write_grant(home, table, replace=replace)
    _print_stored(path, wanted, tried, as_json=as_json)
    if grant_asking.depends_on_shell(wanted.grant.profile, os.environ):
        say("note: your AWS credentials are variables of this shell; a run needs them there, too")


@app.command(name="list", short_help="List the grants of this account.")
def list_grants(as_json: AsJson = False) -> None:
    """List the grants of this account. Exit code 1 where one of them can't be used."""
    from valetkey.settings.local import local_grant_names, read_local_grants, valetkey_home

    home = valetkey_home(os.environ)
    rows: list[LocalGrant] = []
    is_good = True
    for name in local_grant_names(home):
        try:
            rows += read_local_grants(home, os.environ, names=[name]).values()
        except ValetkeyError as error:
            is_good = False
            print_error(error)
    if as_json:
        print(json.dumps({"grants": [_described(each) for each in rows]}))
    else:
        print_table(("grant", "role", "session", "profile", "region", "tags"), map(_row, rows))
    if not is_good:
        raise typer.Exit(FAILED)
    if not rows and not as_json:
        say("this machine has no grants; `valetkey grant aws` makes one")


@app.command(name="try", short_help="Try a grant's role again.")
def try_again(name: Name) -> None:
    """Assume a grant's role once as a run would, and say what AWS answers.

    Exit code 2 where AWS denied it.
    """
    from valetkey.cli.run_here import own_grants
    from valetkey.settings.local import grants_folder, read_grant_table, valetkey_home

    home = valetkey_home(os.environ)
    (wanted,) = own_grants([name], home)
    table = read_grant_table(grants_folder(home) / f"{name}.toml")
    print(_assumed(wanted, _try(wanted, table, home=home, quiet=False)))


@app.command(short_help="Remove a grant.")
def remove(name: Name) -> None:
    """Remove a grant: no run can be opened with it any more."""
    from valetkey.settings.grant_file import remove_grant
    from valetkey.settings.local import local_grant_names, valetkey_home

    home = valetkey_home(os.environ)
    known = local_grant_names(home)
    if name not in known or not remove_grant(home, name):
        raise ValetkeyError(
            "grant-unknown",
            f"this machine has no grant `{name[:64]}`",
            hint=f"it has {', '.join(known)}" if known else None,
        )
    print(f"{name} is removed; a command that runs with it keeps it until it ends")


def _try(wanted: "LocalGrant", table: "GrantTable", *, home: Path, quiet: bool) -> "Tried":
    """Try the role; on failure say why and leave with 2 where AWS denied it, else 1."""
    from valetkey.cli.grant_advice import Asked, advise
    from valetkey.cli.grant_trial import Failed, try_grant
    from valetkey.cli.run_here import log_to_file, refuse_to_ask_itself
    from valetkey.wiring.in_process import InProcessBroker

    refuse_to_ask_itself()
    log_to_file(home)  # it makes the folder, where the trial's record goes, too

    def open_broker(one: "LocalGrant") -> "OwnBroker":
        broker = InProcessBroker([one], home=home)
        if sys.stdin is not None and sys.stdin.isatty():
            broker.allow_prompts()
        return broker

    def said(caller: str) -> None:
        if not quiet:
            by = f", by profile {wanted.grant.profile}" if wanted.grant.profile else ""
            print(printable(f"as {caller}{by}"), flush=True)

    with said_when_slow("waiting for AWS to answer; Ctrl-C gives up"):
        outcome = try_grant(wanted, open_broker, said)
    if not isinstance(outcome, Failed):
        return outcome
    grant = wanted.grant
    is_reference = (table.external_id or "").startswith(("env:", "file:"))
    asked = Asked(
        role=grant.role,
        profile=grant.profile,
        external_id=None if is_reference else grant.external_id,
    )
    advice = advise(outcome, asked)
    print_error(advice.error)
    for line in advice.lines:
        tell(f"  {printable(line)}")
    raise typer.Exit(DENIED if advice.error.code.startswith(AWS_DENIAL) else FAILED)


def _print_stored(
    path: Path, wanted: "LocalGrant", tried: "Tried | None", *, as_json: bool
) -> None:
    if as_json:
        trial = None if tried is None else {"as": tried.caller, "until": tried.expiration}
        print(json.dumps(_described(wanted) | {"file": str(path), "tried": trial}))
        return
    if tried is None:
        print("not tried: AWS was not asked, so a run may find that the role refuses")
    else:
        print(_assumed(wanted, tried))
    print(printable(f"kept in {path}"))
    if wanted.grant.endpoint_url is not None:
        print(f"AWS is at {wanted.grant.endpoint_url}")
    print(f"draw it: valetkey run --grant {wanted.grant.name} -- COMMAND")
    say(_NOTE)


def _assumed(wanted: "LocalGrant", tried: "Tried") -> str:
    return printable(f"assumed {wanted.grant.role} until {tried.expiration}")


def _described(each: "LocalGrant") -> dict[str, object]:
    grant = each.grant
    return {
        "name": grant.name,
        "role": str(grant.role),
        "duration": grant.duration,
        "profile": grant.profile,
        "region": grant.region,
        "endpoint_url": grant.endpoint_url,
        "tags": dict(each.tags),
    }


def _row(each: "LocalGrant") -> tuple[str, ...]:
    grant = each.grant
    seconds, unit = next(u for u in _UNITS if grant.duration % u[0] == 0)
    length = f"{grant.duration // seconds}{unit}"
    tags = ", ".join(f"{key}={value}" for key, value in each.tags.items())
    return grant.name, str(grant.role), length, grant.profile or "", grant.region or "", tags
