"""`valetkey runs`: see the runs of a broker, end one, revoke one."""

import json
from typing import Annotated
from urllib.parse import quote, urlencode

import typer

from valetkey.cli.asking import TokenFile, ask
from valetkey.cli.options import DEFAULT_BROKER, AsJson, BrokerUrl
from valetkey.cli.output import print_table

app = typer.Typer(
    help="See the runs of a broker, end one or revoke one.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

RunId = Annotated[str, typer.Argument(metavar="ID", help="The run's id, such as r-….")]


@app.command(name="list")
def list_runs(
    token_file: TokenFile = None,
    broker: BrokerUrl = DEFAULT_BROKER,
    state: Annotated[str | None, typer.Option(help="Only open, ended or revoked ones.")] = None,
    limit: Annotated[int, typer.Option(help="At most so many, 1 to 1000.")] = 100,
    as_json: AsJson = False,
) -> None:
    """List the runs that you may see, the newest first."""
    query = urlencode({"limit": limit} | ({} if state is None else {"state": state}))
    page = ask("GET", f"/v1/runs?{query}", broker=broker, token_file=token_file)
    if as_json:
        print(json.dumps(page))
        return
    print_table(
        ("run", "state", "subject", "grants", "opened", "expires"),
        [
            (
                run["id"],
                run["state"],
                run["subject"]["subject"],
                ", ".join(grant["name"] for grant in run["grants"]),
                run["opened_at"],
                run["expires_at"],
            )
            for run in page["runs"]
        ],
    )


@app.command()
def show(run_id: RunId, token_file: TokenFile = None, broker: BrokerUrl = DEFAULT_BROKER) -> None:
    """Show one run as JSON: whom it works for, its tags, its grants, its policy version."""
    path = f"/v1/runs/{quote(run_id, safe='')}"
    print(json.dumps(ask("GET", path, broker=broker, token_file=token_file), indent=2))


@app.command()
def end(run_id: RunId, token_file: TokenFile = None, broker: BrokerUrl = DEFAULT_BROKER) -> None:
    """End a run: from then on it is given nothing."""
    ask("DELETE", f"/v1/runs/{quote(run_id, safe='')}", broker=broker, token_file=token_file)
    print(f"{run_id} is over")


@app.command()
def revoke(
    run_id: RunId,
    because: Annotated[str, typer.Option(help="Why; it is recorded.")],
    token_file: TokenFile = None,
    broker: BrokerUrl = DEFAULT_BROKER,
) -> None:
    """Revoke a run: from then on it is given nothing.

    Credentials that AWS issued to it before live until they expire.
    """
    path = f"/v1/runs/{quote(run_id, safe='')}/revoke"
    body = json.dumps({"because": because}).encode()
    ask("POST", path, broker=broker, token_file=token_file, body=body)
    print(f"{run_id} is revoked; what AWS issued to it before lives until it expires")
