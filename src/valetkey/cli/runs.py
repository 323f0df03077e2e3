"""`valetkey runs`: see the runs of a broker, end one, revoke one."""

import json
from typing import Annotated, Any
from urllib.parse import quote, urlencode

import typer

from valetkey.cli.options import DEFAULT_BROKER, AsJson, BrokerUrl
from valetkey.cli.output import print_table

app = typer.Typer(
    help="See the runs of a broker, end one or revoke one.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

TokenFile = Annotated[
    str,
    typer.Option(
        "--token-file",
        envvar="VALETKEY_TOKEN_FILE",
        help="The file with your own token, which a trust rule of the broker admits.",
    ),
]
RunId = Annotated[str, typer.Argument(metavar="ID", help="The run's id, such as r-….")]


@app.command(name="list")
def list_runs(
    token_file: TokenFile,
    broker: BrokerUrl = DEFAULT_BROKER,
    state: Annotated[str | None, typer.Option(help="Only open, ended or revoked ones.")] = None,
    limit: Annotated[int, typer.Option(help="At most so many, 1 to 1000.")] = 100,
    as_json: AsJson = False,
) -> None:
    """List the runs that you may see, the newest first."""
    query = urlencode({"limit": limit} | ({} if state is None else {"state": state}))
    page = _call("GET", f"/v1/runs?{query}", broker=broker, token_file=token_file)
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
def show(run_id: RunId, token_file: TokenFile, broker: BrokerUrl = DEFAULT_BROKER) -> None:
    """Show one run as JSON: whom it works for, its tags, its grants, its policy version."""
    path = f"/v1/runs/{quote(run_id, safe='')}"
    print(json.dumps(_call("GET", path, broker=broker, token_file=token_file), indent=2))


@app.command()
def end(run_id: RunId, token_file: TokenFile, broker: BrokerUrl = DEFAULT_BROKER) -> None:
    """End a run: from then on it is given nothing."""
    _call("DELETE", f"/v1/runs/{quote(run_id, safe='')}", broker=broker, token_file=token_file)
    print(f"{run_id} is over")


@app.command()
def revoke(
    run_id: RunId,
    because: Annotated[str, typer.Option(help="Why; it is recorded.")],
    token_file: TokenFile,
    broker: BrokerUrl = DEFAULT_BROKER,
) -> None:
    """Revoke a run: from then on it is given nothing.

    Credentials that AWS issued to it before live until they expire.
    """
    path = f"/v1/runs/{quote(run_id, safe='')}/revoke"
    body = json.dumps({"because": because}).encode()
    _call("POST", path, broker=broker, token_file=token_file, body=body)
    print(f"{run_id} is revoked; what AWS issued to it before lives until it expires")


def _call(
    method: str, target: str, *, broker: str, token_file: str, body: bytes | None = None
) -> dict[str, Any]:
    from valetkey.sandbox.address import parse_address
    from valetkey.sandbox.document import parse_document, problem_in
    from valetkey.sandbox.exchange import exchange
    from valetkey.sandbox.token_file import read_identity_token

    token = read_identity_token(token_file)
    status, answer = exchange(
        parse_address(broker),
        target,
        authorization=f"Bearer {token}",
        method=method,
        body=body,
    )
    if status not in {200, 204}:
        raise problem_in(status, answer)
    return parse_document(answer) if status == 200 else {}
