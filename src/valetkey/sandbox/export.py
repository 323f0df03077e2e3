"""Credentials as other programs read them: Claude Code, an AWS profile, a shell, an SDK.

Pure: a grant's container credentials go in, text comes out. Every form holds secrets in the clear.
"""

import json
import shlex
from collections.abc import Mapping
from enum import Enum

from valetkey.sandbox.run_grant import RunGrant

# SDK for JavaScript: with a profile named, it passes the keys of the environment over.
_IN_THE_WAY = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE")


class ExportFormat(Enum):
    """Whom the text is for."""

    claude = "claude"
    process = "process"
    env = "env"
    json = "json"


def export_text(credentials: Mapping[str, str], grant: RunGrant, *, form: ExportFormat) -> str:
    """Return `credentials` (the four members of a container document) as `form` has them.

    - claude: Claude Code's `awsCredentialExport`; from 2.1.176 on it asks again five minutes before
      `Expiration`, before that once an hour.
    - process: AWS SDKs and Tools, "Process credential provider".
    - env: lines for a POSIX shell, with the grant's region and endpoint where it names them.
    - json: AWS SDKs and Tools, "Container credential provider".
    """
    keys = {
        "AccessKeyId": credentials["AccessKeyId"],
        "SecretAccessKey": credentials["SecretAccessKey"],
        "SessionToken": credentials["Token"],
        "Expiration": credentials["Expiration"],
    }
    if form is ExportFormat.claude:
        return _line({"Credentials": keys})
    if form is ExportFormat.process:
        return _line({"Version": 1, **keys})
    if form is ExportFormat.env:
        return _shell_lines(keys, grant)
    return _line(credentials)


def _shell_lines(keys: Mapping[str, str], grant: RunGrant) -> str:
    variables = {
        "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
        "AWS_SESSION_TOKEN": keys["SessionToken"],
        "AWS_CREDENTIAL_EXPIRATION": keys["Expiration"],
    }
    if grant.region is not None:
        variables |= {"AWS_REGION": grant.region, "AWS_DEFAULT_REGION": grant.region}
    if grant.endpoint_url is not None:
        variables["AWS_ENDPOINT_URL"] = grant.endpoint_url
    lines = [f"export {name}={shlex.quote(value)}\n" for name, value in variables.items()]
    return f"unset {' '.join(_IN_THE_WAY)}\n" + "".join(lines)


def _line(document: Mapping[str, object]) -> str:
    return json.dumps(document) + "\n"
