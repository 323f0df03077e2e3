"""`valetkey policy`: write the policies that the tenancy map needs."""

import json
import sys
from dataclasses import replace
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from valetkey.cli.options import DEFAULT_CONFIG, AsJson
from valetkey.cli.output import StyledLine, print_lines, print_table, printable, tell
from valetkey.errors import ValetkeyError

if TYPE_CHECKING:
    from valetkey.tenancy import PolicySet, TenancyMap
    from valetkey.tenancy.forms import Written
    from valetkey.tenancy.sizes import Size


class Form(Enum):
    """What the policies are written as."""

    JSON = "json"
    CLOUDFORMATION = "cloudformation"
    TERRAFORM = "terraform"


MapFile = Annotated[
    Path, typer.Option("--map", help="The configuration with the tenancy map.", metavar="FILE")
]
Grant = Annotated[
    str | None, typer.Option("--grant", help="Only the role of this grant.", metavar="NAME")
]
AsForm = Annotated[Form, typer.Option("--form", help="Documents, a template, or a configuration.")]
Out = Annotated[
    Path | None, typer.Option("--out", help="Write files there.", metavar="DIR", file_okay=False)
]
WithBoundary = Annotated[
    bool,
    typer.Option("--boundary/--no-boundary", help="Give each role a permissions boundary."),
]


def policy(
    *,
    map_file: MapFile = DEFAULT_CONFIG,
    grant: Grant = None,
    form: AsForm = Form.JSON,
    out: Out = None,
    boundary: WithBoundary = True,
    as_json: AsJson = False,
) -> None:
    """Write the policies of a tenancy map: roles, their trust, buckets, tables and the broker.

    The map says who owns what. Prints the policies, or writes them below `--out`; the same map
    gives the same bytes. What is longer than AWS takes is refused with what to cut, what needs a
    raised quota is said. `valetkey prove` proves that they keep tenants apart.
    """
    from valetkey.cli.tenancy_file import grant_files, read_tenancy_map
    from valetkey.tenancy.notes import notes_of
    from valetkey.tenancy.sizes import check_sizes, sizes

    tenancy_map = read_tenancy_map(map_file)
    policies = _policies(tenancy_map, grant, boundary=boundary)
    raised = check_sizes(policies)
    written = _written(policies, form)
    if out is not None:
        _write(out, written, (map_file, *grant_files(map_file)))
    notes = tuple(notes_of(tenancy_map, policies))
    if as_json:
        print(json.dumps(_described(written, sizes(policies), form, out, notes=notes), indent=2))
        return
    if out is not None:
        _print_sizes(sizes(policies))
        count = len(written.files)
        print(f"wrote {count} file{'s' * (count != 1)} to {printable(str(out))}")
    else:
        _print_policies(written, form)
    for note in notes:
        tell(f"valetkey: {printable(note)}")
    _tell_what_is_left(written, raised, is_listed=out is not None)


def _policies(tenancy_map: "TenancyMap", grant: str | None, *, boundary: bool) -> "PolicySet":
    """Return what the map needs; of one grant its role, with all policies of the resources."""
    from valetkey.tenancy import boundary_of, generated

    policies = generated(tenancy_map)
    arns = {role.arn for role in tenancy_map.roles if grant in (None, role.grant)}
    if not arns:
        names = ", ".join(role.grant for role in tenancy_map.roles)
        raise ValetkeyError(
            "grant-unknown", f"the map has no grant `{grant}`", hint=f"it has {names}"
        )
    limit = boundary_of(tenancy_map) if boundary else None
    roles = (replace(role, boundary=limit) for role in policies.roles if role.arn in arns)
    return replace(policies, roles=tuple(roles))


def _written(policies: "PolicySet", form: Form) -> "Written":
    from valetkey.tenancy.forms import json_files, template_files, terraform_files

    writers = {
        Form.JSON: json_files,
        Form.CLOUDFORMATION: template_files,
        Form.TERRAFORM: terraform_files,
    }
    return writers[form](policies)


def _write(folder: Path, written: "Written", read: tuple[Path, ...]) -> None:
    """Write all files. Raises ValetkeyError `file-unwritable` and `output-is-an-input`."""
    from valetkey.cli.output_paths import check_folder

    check_folder(folder, read, written.files.__contains__)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in written.files.items():
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        where = error.filename or folder
        raise ValetkeyError(
            "file-unwritable", f"`{where}` can't be written: {error.strerror}"
        ) from None


def _described(
    written: "Written",
    lengths: "tuple[Size, ...]",
    form: Form,
    out: Path | None,
    *,
    notes: tuple[str, ...],
) -> dict[str, Any]:
    return {
        "form": form.value,
        "out": None if out is None else str(out),
        "files": {name: json.loads(text) for name, text in written.files.items()},
        "sizes": [
            {
                "policy": one.policy,
                "characters": one.characters,
                "limit": one.limit,
                "raised": one.raised,
                "fits": one.fits,
                "cut": None if one.fits else one.cut,
            }
            for one in lengths
        ],
        "left": list(written.left),
        "notes": list(notes),
    }


def _print_sizes(lengths: "tuple[Size, ...]") -> None:
    print_table(
        ("policy", "characters", "of"),
        [(one.policy, str(one.characters), str(one.limit)) for one in lengths],
    )


def _print_policies(written: "Written", form: Form) -> None:
    """Print each policy under its name on a terminal; in a pipe one JSON value and no more."""
    shown = {n: t for n, t in written.files.items() if not n.endswith(".role.json")}
    if form is not Form.JSON:
        sys.stdout.write(next(iter(written.files.values())))
    elif sys.stdout.isatty():
        for name, text in shown.items():
            print_lines([StyledLine("bold", name)])
            print(text)
    else:
        print(json.dumps({name: json.loads(text) for name, text in shown.items()}, indent=2))


def _tell_what_is_left(written: "Written", raised: "tuple[Size, ...]", *, is_listed: bool) -> None:
    """Say on stderr what needs a raised quota and what somebody must do by hand."""
    from valetkey.tenancy.forms.written import APART

    for one in raised:
        tell(f"valetkey: {printable(one.sentence())}")
    if is_listed and APART in written.files:
        tell(f"valetkey: `{APART}` is for `valetkey prove --role`, and is not deployed")
    if is_listed and written.left:
        tell("valetkey: left to do by hand:")
        for line in written.left:
            tell(f"  {printable(line)}")
    elif written.left:
        tell(
            "valetkey: `--out DIR` writes files and says how policies get to what is there already"
        )
