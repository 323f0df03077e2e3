"""Role ARNs, read strictly: a wrong one is found at start, not at 3 a.m.

Format: IAM user guide, "IAM identifiers", `arn:PARTITION:iam::ACCOUNT:role/PATH/NAME`.
"""

import re
from dataclasses import dataclass

from valetkey.credentials.errors import CredentialsError

PARTITIONS = frozenset(
    {"aws", "aws-cn", "aws-us-gov", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f", "aws-eusc"}
)
_ACCOUNT = re.compile(r"[0-9]{12}", re.ASCII)
_NAME = re.compile(r"[\w+=,.@-]{1,64}", re.ASCII)
_SESSION = re.compile(
    r"arn:[a-z-]+:sts::[0-9]{12}:assumed-role/(?P<name>[\w+=,.@-]{1,64})/[\w+=,.@-]{2,64}", re.ASCII
)
_PATH = re.compile(r"/(?:[\x21-\x7e]{1,510}/)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class RoleArn:
    """A role of an account. `path` begins and ends with `/`; sessions do not show it."""

    partition: str
    account: str
    path: str
    name: str

    def __str__(self) -> str:
        return f"arn:{self.partition}:iam::{self.account}:role{self.path}{self.name}"

    def session_arn(self, session_name: str) -> str:
        """Return the ARN of a role session as STS answers it, without the role's path."""
        return f"arn:{self.partition}:sts::{self.account}:assumed-role/{self.name}/{session_name}"


def parse_role_arn(text: str) -> RoleArn:
    """Read a role ARN. Raises `CredentialsError("role-arn")` that names the wrong part."""
    fields = text.split(":", 5)  # a role's path may itself have colons
    if len(fields) != 6 or fields[0] != "arn":
        raise _wrong(text, "it has not the six fields of an ARN")
    _, partition, service, region, account, resource = fields
    if partition not in PARTITIONS:
        raise _wrong(text, f"`{partition}` is no partition of AWS")
    if session := _SESSION.fullmatch(text):
        raise _of_session(text, f"arn:{partition}:iam::{account}:role/{session['name']}")
    if service != "iam" or region:
        raise _wrong(text, "a role is of service `iam`, without a region")
    if not _ACCOUNT.fullmatch(account):
        raise _wrong(text, f"account `{account}` is not 12 digits")
    if not resource.startswith("role/"):
        raise _wrong(text, f"`{resource.split('/')[0]}` is not a role")
    path, _, name = resource.removeprefix("role").rpartition("/")
    if not _PATH.fullmatch(path + "/"):
        raise _wrong(text, "the role's path is malformed")
    if not _NAME.fullmatch(name):
        raise _wrong(text, "the role's name is not 1 to 64 of letters, digits and +=,.@_-")
    return RoleArn(partition, account, path + "/", name)


def _of_session(text: str, role: str) -> CredentialsError:
    return CredentialsError(
        "role-arn",
        f"`{text}` is not a role ARN: it is a session's",
        hint=f"the role's own is `{role}`, with its path before the name if it has one",
    )


def _wrong(text: str, why: str) -> CredentialsError:
    return CredentialsError(
        "role-arn",
        f"`{text[:200]}` is not a role ARN: {why}",
        hint="it reads `arn:aws:iam::111122223333:role/NAME`; copy it from the IAM console",
    )
