"""`valetkey policy`: writing a map's policies, and activating those of runs."""

from enum import Enum
from typing import Annotated

import typer

from valetkey.cli.options import DEFAULT_CONFIG, AsJson, Config
from valetkey.cli.policy import AsForm, Form, Grant, MapFile, Out, WithBoundary, policy
from valetkey.errors import ValetkeyError

app = typer.Typer(rich_markup_mode=None)


class Running(Enum):
    """What becomes of open runs, as `broker.activate` has it; that is not imported for help."""

    KEEP = "keep"
    REBIND = "rebind"
    REVOKE = "revoke"


@app.callback(invoke_without_command=True, help=policy.__doc__)
def root(
    context: typer.Context,
    *,
    map_file: MapFile = DEFAULT_CONFIG,
    grant: Grant = None,
    form: AsForm = Form.JSON,
    out: Out = None,
    boundary: WithBoundary = True,
    as_json: AsJson = False,
) -> None:
    """Write the policies, unless a command of its own follows."""
    if context.invoked_subcommand is None:
        policy(
            map_file=map_file, grant=grant, form=form, out=out, boundary=boundary, as_json=as_json
        )
        return
    given = [name for name in context.params if _is_given(context, name)]
    if given:
        raise ValetkeyError(
            "usage",
            f"what stands before `{context.invoked_subcommand}` has no meaning for it",
            hint="write its options after it",
        )


def _is_given(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


@app.command(short_help="Bind runs to the policies as they are now.")
def activate(
    because: Annotated[str, typer.Option(help="Why; it is recorded.")],
    config: Config = DEFAULT_CONFIG,
    *,
    running: Annotated[
        Running, typer.Option(help="What becomes of runs that are open under another version.")
    ] = Running.KEEP,
    as_json: AsJson = False,
) -> None:
    """Open new runs under the configuration's policies at once, and deal with the open runs.

    `keep`: they go on under the version they were opened under. `rebind`: they go on under this
    one, with those of their grants that it has; an emergency forbid reaches them so. A run with
    none is revoked, and so is one with tools where this version asks for tags that were not asked
    for when the run was opened. `revoke`: they are over. Brokers that run take it up with their
    next request: none is restarted. What says how a server is reached, and which claims and
    attributes are asked for, is read at a start alone.
    """
    from valetkey.broker.activate import Running as Fate
    from valetkey.cli.policy_activate import activate_policy

    activate_policy(config, Fate(running.value), because, as_json=as_json)
