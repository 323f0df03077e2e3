"""`valetkey iam lint`: the traps in policies that people bring."""

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from valetkey.cli.iam_lines import standard_input, unreadable
from valetkey.cli.options import AsJson
from valetkey.cli.output import DENIED, FAILED, print_error
from valetkey.errors import ValetkeyError

if TYPE_CHECKING:
    from valetkey.iam import Layer
    from valetkey.iam.lint import Document, Finding


class Attached(Enum):
    """What a policy is attached to, as the command line has it."""

    IDENTITY = "identity"
    RESOURCE = "resource"
    TRUST = "trust"
    SESSION = "session"
    BOUNDARY = "boundary"
    SERVICE_CONTROL = "service-control"
    RESOURCE_CONTROL = "resource-control"


Files = Annotated[
    list[Path],
    typer.Argument(
        help="JSON files of one policy, or of an object of named ones; `-` is standard input."
    ),
]
AsLayer = Annotated[
    Attached | None,
    typer.Option("--layer", help="What the policies are attached to; else the documents tell."),
]
Tags = Annotated[
    list[str] | None,
    typer.Option(
        "--tag", help="A session tag that separates tenants; else all in the policies. Repeatable."
    ),
]
Guarded = Annotated[
    list[str] | None,
    typer.Option("--guarded", help="An ARN that decides about the role itself. Repeatable."),
]
Ignored = Annotated[
    list[str] | None, typer.Option("--ignore", help="A code not to report. Repeatable.")
]
WithParliament = Annotated[
    bool | None,
    typer.Option(
        "--parliament/--no-parliament",
        help="Ask the linter parliament too; by default where it is installed.",
    ),
]


def lint(
    files: Files,
    *,
    layer: AsLayer = None,
    tag: Tags = None,
    guarded: Guarded = None,
    ignore: Ignored = None,
    parliament: WithParliament = None,
    as_json: AsJson = False,
) -> None:
    """Find the traps in policies that you bring.

    All files are taken as attached to one role: its permissions, its trust policy, its session
    and boundary policies. Each finding has a code, the file and the JSON path, why it matters
    and how to mend it. Exits with 0 where there is no error among the findings, with 2 where
    there is one, with 1 where a file could not be read.
    """
    from valetkey.cli.iam_findings import print_findings
    from valetkey.iam.lint import Severity
    from valetkey.iam.lint import lint as find

    ignored = _known_codes(ignore or [])
    tags, resources = _tag_keys(tag or []), _arns(guarded or [])
    documents, good = _read_all(files, layer)
    _check_tags(tags, documents)
    findings = list(find(documents, tags=tags, guarded=resources, ignored=ignored))
    findings += _from_parliament(documents, findings, ignored, wanted=parliament)
    print_findings(findings, as_json=as_json)
    if not good:
        raise typer.Exit(FAILED)
    if any(finding.severity is Severity.ERROR for finding in findings):
        raise typer.Exit(DENIED)


def _known_codes(codes: list[str]) -> frozenset[str]:
    """Return the codes to ignore. Raises ValetkeyError for one that is misspelt."""
    from valetkey.cli.parliament import PREFIX
    from valetkey.iam.lint import RULES

    known = {rule.code for rule in RULES}
    for code in codes:
        if code not in known and not code.startswith(PREFIX):
            raise ValetkeyError(
                "unknown-lint-code",
                f"there is no finding with the code `{code}`",
                hint="docs/reference/lint-codes.md lists them",
            )
    return frozenset(codes)


def _tag_keys(texts: list[str]) -> list[str]:
    """Return the keys of tags, as they stand or as a condition key. Raises ValetkeyError."""
    prefixes = ("aws:principaltag/", "aws:requesttag/")
    keys = []
    for text in texts:
        prefix = next((one for one in prefixes if text.lower().startswith(one)), "")
        key = text[len(prefix) :]
        if not key or ":" in key or "$" in key:
            raise ValetkeyError(
                "bad-tag", f"`{text}` is not the key of a session tag", hint="write `--tag user_id`"
            )
        keys.append(key)
    return keys


def _check_tags(tags: list[str], documents: list["Document"]) -> None:
    """Return unless the policies have tags, and none that is named is among them: misspelt, they
    would silence what they should find. Raises ValetkeyError.
    """
    from valetkey.iam.lint import tags_in

    known = tags_in(documents)
    if tags and known and known.isdisjoint(tag.lower() for tag in tags):
        hint = f"they have {', '.join(f'`{one}`' for one in sorted(known)[:8])}"
        raise ValetkeyError("unknown-tag", f"no policy has the tag `{tags[0]}`", hint=hint)


def _arns(texts: list[str]) -> list[str]:
    """Return the ARNs. Raises ValetkeyError for what is none: nothing would be guarded."""
    for text in texts:
        if not text.startswith("arn:") or text.count(":") < 5:
            raise ValetkeyError(
                "bad-arn",
                f"`{text}` is not an ARN",
                hint="write it whole, as in `arn:aws:s3:::policies`",
            )
    return texts


def _read_all(files: list[Path], layer: Attached | None) -> tuple[list["Document"], bool]:
    """Return the policies of all files that could be read, and whether all could."""
    documents: list[Document] = []
    good = True
    for file in dict.fromkeys(files):
        try:
            documents += _read(file, layer)
        except ValetkeyError as error:
            good = False
            print_error(error)
    return documents, good


def _read(file: Path, layer: Attached | None) -> tuple["Document", ...]:
    from valetkey.iam.lint import read_documents
    from valetkey.iam.lint.reading import MAX_FILE

    try:
        if str(file) == "-":
            text = standard_input().read(MAX_FILE + 1)
        else:
            with file.open("rb") as stream:
                text = stream.read(MAX_FILE + 1)
    except OSError as error:
        raise unreadable(file, error) from None
    try:
        return read_documents(text, str(file), layer=_layer(layer))
    except ValetkeyError as error:
        message = f"`{file}`: {error.message}"
        raise ValetkeyError(error.code, message, hint=error.hint) from None


def _layer(attached: Attached | None) -> "Layer | None":
    from valetkey.iam import Layer

    return None if attached is None else Layer[attached.name]


def _from_parliament(
    documents: list["Document"],
    ours: list["Finding"],
    ignored: frozenset[str],
    *,
    wanted: bool | None,
) -> list["Finding"]:
    """Return what parliament finds besides, or say that it is not there."""
    if wanted is False:
        return []
    from valetkey.cli.parliament import findings_of, is_installed

    if is_installed():
        return [one for one in findings_of(documents, ours) if one.code not in ignored]
    missing = ValetkeyError(
        "extra-missing",
        "parliament is not installed, so its findings are missing",
        hint="pip install 'valetkey[lint]', or pass --no-parliament",
    )
    if wanted:
        raise missing
    print_error(missing)
    return []
