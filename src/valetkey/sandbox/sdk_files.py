"""The two files that SDKs read beside the environment, written for one run.

The default profile holds a region and, for a local AWS, an endpoint, but no credentials: those
would win over the container endpoint. Each grant has a profile of its name, too, so that one
program can draw several.
"""

import shlex
from collections.abc import Sequence

from valetkey.sandbox.errors import SandboxError
from valetkey.sandbox.run_grant import RunGrant

_RESERVED = "default"


def config_text(grants: Sequence[RunGrant], default: RunGrant, *, commands: dict[str, str]) -> str:
    """Return the text of `AWS_CONFIG_FILE`: `default` as the default profile, one for each grant.

    `commands` maps a grant's name to its `credential_process` line. Raises `grant-name-reserved`
    where a grant named `default` is not the default one.
    """
    sections = [_section("default", default, command=None)]
    for grant in grants:
        if grant.name == _RESERVED:
            if grant is not default:
                raise SandboxError(
                    "grant-name-reserved",
                    "a grant named `default` can only be the default one",
                    hint="give the grant another name, or choose it with --grant default",
                )
            continue
        sections.append(_section(f"profile {grant.name}", grant, command=commands[grant.name]))
    return "\n".join(sections)


def process_command(program: Sequence[str], *, url: str, token_file: str) -> str:
    """Return a `credential_process` line: one shell line, each word quoted where it must be.

    `program` are the words that start it. botocore splits the line as a POSIX shell does, other
    SDKs hand it to a shell. Raises `path-illegal` for a newline.
    """
    words = [*program, "--url", url, "--token-file", token_file]
    if any(not word.isprintable() for word in words):
        raise SandboxError(
            "path-illegal",
            "a path with a control character cannot stand in an AWS config file",
            hint="set TMPDIR to a folder with an ordinary name",
        )
    return shlex.join(words)


def _section(header: str, grant: RunGrant, *, command: str | None) -> str:
    lines = [f"[{header}]"]
    if command is not None:
        lines.append(f"credential_process = {command}")
    if grant.region is not None:
        lines.append(f"region = {grant.region}")
    if grant.endpoint_url is not None:
        lines.append(f"endpoint_url = {grant.endpoint_url}")
    return "\n".join(lines) + "\n"
