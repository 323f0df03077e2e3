"""`valetkey prove`: do the policies keep tenants apart?"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from valetkey.cli.options import DEFAULT_CONFIG, AsJson
from valetkey.cli.output import DENIED, DONE, UNKNOWN, print_lines
from valetkey.errors import ValetkeyError

if TYPE_CHECKING:
    from valetkey.cli.prove_inputs import Inputs
    from valetkey.cli.prove_proof import Proof

SECONDS = 10.0

MapFile = Annotated[
    Path, typer.Option("--map", help="The configuration with the tenancy map.", metavar="FILE")
]
Roles = Annotated[
    list[Path] | None,
    typer.Option(
        "--role",
        help="A role with its policies, as `valetkey policy --out` writes *.role.json. Repeatable.",
        metavar="ROLE.json",
    ),
]
Templates = Annotated[
    list[Path] | None,
    typer.Option("--template", help="A CloudFormation template. Repeatable.", metavar="FILE"),
]
Plans = Annotated[
    list[Path] | None,
    typer.Option(
        "--plan", help="What `terraform show -json` prints. Repeatable.", metavar="PLAN.json"
    ),
]
Account = Annotated[
    str | None, typer.Option("--account", help="The account that a template is deployed to.")
]
Region = Annotated[
    str | None, typer.Option("--region", help="The region that a template is deployed to.")
]
Parameters = Annotated[
    list[str] | None,
    typer.Option(
        "--parameter", help="A value of a template's parameter. Repeatable.", metavar="NAME=VALUE"
    ),
]
Replay = Annotated[bool, typer.Option("--replay", help="Make each witness's calls on a local AWS.")]
WithMend = Annotated[
    bool, typer.Option("--mend/--no-mend", help="Look for the smallest edit that proves.")
]
Sarif = Annotated[
    Path | None, typer.Option("--sarif", help="Write SARIF, for code review.", metavar="FILE")
]
Html = Annotated[
    Path | None,
    typer.Option("--html", help="Write a page to read, print and sign.", metavar="FILE"),
]
Certificate = Annotated[
    Path | None,
    typer.Option("--certificate", help="Write the solver's proofs there.", metavar="DIR"),
]
Since = Annotated[
    str | None,
    typer.Option("--since", help="Say what changed since this git revision.", metavar="REV"),
]
TimeLimit = Annotated[
    float, typer.Option("--time-limit", help="Seconds for each query.", min=0.01, max=86_400)
]


def prove(
    *,
    map_file: MapFile = DEFAULT_CONFIG,
    role: Roles = None,
    template: Templates = None,
    plan: Plans = None,
    account: Account = None,
    region: Region = None,
    parameter: Parameters = None,
    as_json: AsJson = False,
    replay: Replay = False,
    mend: WithMend = True,
    sarif: Sarif = None,
    html: Html = None,
    certificate: Certificate = None,
    since: Since = None,
    time_limit: TimeLimit = SECONDS,
) -> None:
    """Prove that no run reaches another tenant's data, or show a request that does.

    The map says who owns what. Proved are the policies of the files that you name, or without
    any those that `valetkey policy` writes from the map. Exits with 0 where all theorems are
    proved, with 2 where one is refuted, with 3 where one is unknown, with 1 where it failed.
    """
    from valetkey.cli.policy_sources import Deployment
    from valetkey.cli.prove_inputs import Inputs
    from valetkey.cli.prove_making import Wanted, make
    from valetkey.cli.prove_running import Limits

    deployment = Deployment(account, region, _parameters(parameter or []))
    roles, templates, plans = (tuple(each or ()) for each in (role, template, plan))
    inputs = Inputs(map_file, roles, templates, plans, deployment)
    limits = Limits(int(time_limit * 1000), certificate=certificate is not None)
    _check_outputs(inputs, (sarif, html), certificate)
    made = make(inputs, limits, Wanted(mend=mend, replay=replay, since=since))
    try:
        if certificate is not None:
            from valetkey.cli.prove_certificate import write_certificates

            write_certificates(certificate, made.certificates)
        _write_files(made.proof, sarif, html)
    finally:  # a full disk must not cost the answer
        _print(made.proof, as_json=as_json)
    raise typer.Exit(_exit_code(made.proof))


def _parameters(texts: list[str]) -> dict[str, str]:
    """Return values by name. Raises ValetkeyError `bad-parameter`."""
    found = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not name or not equals or name in found:
            raise ValetkeyError(
                "bad-parameter",
                f"`{text}` is not one parameter and its value",
                hint="write `--parameter Stage=prod`, each name once",
            )
        found[name] = value
    return found


def _check_outputs(
    inputs: "Inputs", files: tuple[Path | None, ...], certificate: Path | None
) -> None:
    """Pass if all can be written, over nothing that is read. Raises ValetkeyError."""
    from valetkey.cli.output_paths import check_files, check_folder

    outputs = [path for path in files if path is not None]
    if certificate is not None:
        from valetkey.cli.prove_certificate import is_certificate, make_folder

        check_folder(certificate, (*inputs.paths, *outputs), is_certificate)
        make_folder(certificate)
    check_files(outputs, inputs.paths)


def _write_files(proof: "Proof", sarif: Path | None, html: Path | None) -> None:
    """Write what was asked for. Raises ValetkeyError `file-unwritable`."""
    if sarif is not None:
        from valetkey.cli.prove_sarif import sarif_of

        _write(sarif, json.dumps(sarif_of(proof), indent=2) + "\n")
    if html is not None:
        from valetkey.cli.prove_html import page_of

        _write(html, page_of(proof))


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        from valetkey.cli.prove_certificate import unwritable

        raise unwritable(path, error) from None


def _print(proof: "Proof", *, as_json: bool) -> None:
    if as_json:
        from valetkey.cli.prove_json import members_of

        print(json.dumps(members_of(proof), indent=2, default=str))
    else:
        from valetkey.cli.prove_words import words_of

        print_lines(words_of(proof))


def _exit_code(proof: "Proof") -> int:
    """Return what the answer exits with: nothing but a proof is a success."""
    return {"proved": DONE, "refuted": DENIED}.get(proof.report.answer.value, UNKNOWN)
