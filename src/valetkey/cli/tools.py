"""`valetkey tools`: what servers say of their tools, what policies make of it, and where else."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from valetkey.cli.options import DEFAULT_CONFIG, AsJson, Config
from valetkey.cli.output import DENIED

if TYPE_CHECKING:
    from valetkey.settings.values import Settings, ToolsSettings
    from valetkey.tools.bundle import ToolBundle

app = typer.Typer(
    help="Pin the tools of MCP servers, and see, test and export the policies on them.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
export_app = typer.Typer(
    help="Write the policies for another place that decides by Cedar.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(export_app, name="export")

Policies = Annotated[
    Path | None,
    typer.Option("--policies", metavar="DIR", help="Judge by these, not the configuration's."),
]


@app.command()
def refresh(
    servers: Annotated[
        list[str] | None, typer.Argument(metavar="[SERVER]...", help="Only these servers.")
    ] = None,
    config: Config = DEFAULT_CONFIG,
    *,
    accept: Annotated[
        bool, typer.Option("--accept", help="Pin what is shown, without asking.")
    ] = False,
    bearer: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SERVER=FILE", help="Ask this server with the token in a file (mode 0600)."
        ),
    ] = None,
    page: Annotated[
        list[str] | None,
        typer.Option(
            "--from",
            metavar="SERVER=FILE",
            help="Do not ask this server: read its answer to `tools/list` in a file.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Ask servers what tools they have, show what differs from `tools.lock`, and pin it on a yes.

    Texts of tools are read by models: read them before you accept. A server that does not answer
    keeps its pinned tools. Exit code 2 where something changed and was not accepted.
    """
    from valetkey.cli.tools_refresh import Wanted, refresh_tools

    names, bearers, pages = (tuple(each or ()) for each in (servers, bearer, page))
    wanted = Wanted(names, bearers, pages, accept=accept)
    code = refresh_tools(config, wanted, as_json=as_json)
    if code:
        raise typer.Exit(code)


@app.command(name="list")
def list_tools(config: Config = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """List the pinned tools: the Cedar types of their arguments, and the policies on each.

    A tool that is hidden, from policies and from runs, stands with the reason.
    """
    from valetkey.cli.tools_listing import print_tools

    print_tools(*bundle_at(config), as_json=as_json)


@app.command()
def schema(config: Config = DEFAULT_CONFIG) -> None:
    """Print the Cedar schema that policies are checked against, as JSON, for editors."""
    import json

    _, _, bundle = bundle_at(config)
    print(json.dumps(json.loads(bundle.schema), indent=2))


@app.command()
def test(
    config: Config = DEFAULT_CONFIG,
    *,
    cases: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Where the cases are; beside the policies if left out."),
    ] = None,
    policies: Policies = None,
    as_json: AsJson = False,
) -> None:
    """Decide the cases beside the policies, and say where a decision is not the expected one.

    A case is what `cedar run-tests` takes, in a `*.cases.json` file. Exit code 2 where one fails.
    """
    from valetkey.cli.tools_cases import run_cases

    if not run_cases(config, policies=policies, cases=cases, as_json=as_json):
        raise typer.Exit(DENIED)


@app.command()
def replay(
    config: Config = DEFAULT_CONFIG,
    *,
    policies: Policies = None,
    store: Annotated[
        Path | None,
        typer.Option("--store", help="The store's file, instead of the configuration's."),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(metavar="WHEN", help="Calls since then: `7d`, `12h`, or 2026-11-22T08:00Z."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Judge recorded calls under the policies as they are now, and show what would change.

    The audit log and the runs of the store are read; nothing is written. Exit code 2 where a call
    would be decided otherwise.
    """
    from valetkey.cli.tools_replay import Asked, replay_calls

    asked = Asked(config, policies=policies, store=store, since=since)
    if replay_calls(asked, as_json=as_json):
        raise typer.Exit(DENIED)


@export_app.command()
def agentcore(
    config: Config = DEFAULT_CONFIG,
    *,
    name: Annotated[
        str, typer.Option(metavar="ENGINE", help="The policy engine's name.")
    ] = "valetkey",
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write the template there.")
    ] = None,
    previous: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="The template that is deployed: its stale forbids go by a second template.",
        ),
    ] = None,
) -> None:
    """Write CloudFormation for Amazon Bedrock AgentCore: a policy engine and its policies.

    New forbids are made first and stale policies go last. What AgentCore can't hold is refused;
    what is decided otherwise there, soft rules first, is said on standard error.
    """
    from valetkey.cli.tools_export import export_agentcore

    export_agentcore(bundle_at(config), engine=name, out=out, previous=previous, config=config)


def bundle_at(config: Path) -> "tuple[Settings, ToolsSettings, ToolBundle]":
    """Return the settings and the compiled policies. Raises `tools-none` without `[tools]`."""
    from valetkey.cli.tools_sources import read_tools
    from valetkey.wiring.bundle import bundle_of

    settings, tools = read_tools(config)
    return settings, tools, bundle_of(tools)
