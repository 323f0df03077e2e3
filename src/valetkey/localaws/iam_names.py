"""Names and paths of IAM, which together make an ARN: no two spellings may make the same one.

Standard: the parameters' patterns in the IAM API reference ("IAM and AWS STS quotas" for their
lengths).
"""

import re
from collections.abc import Mapping
from typing import Any

from valetkey.localaws.faults import AwsError

_NAME_LENGTHS = {
    "RoleName": 64,
    "UserName": 64,
    "GroupName": 128,
    "InstanceProfileName": 128,
    "PolicyName": 128,
}
_NAME = re.compile(r"[A-Za-z0-9_+=,.@-]+")
_PATH = re.compile(r"/([!-.0-~]+/)*")
MAX_PATH = 512


def check_names(params: Mapping[str, Any]) -> None:
    """Return if every name and path among `params` is one that IAM takes.

    Raises AwsError ValidationError. Segments `.`, `..` and empty ones are ours to refuse.
    """
    for parameter, length in _NAME_LENGTHS.items():
        name = params.get(parameter)
        if name is not None and not (len(name) <= length and _NAME.fullmatch(name)):
            raise _invalid(parameter, f"1 to {length} characters of [A-Za-z0-9_+=,.@-]")
    path = params.get("Path")
    if path is None:
        return
    dots = {".", ".."} & set(path.split("/"))
    if dots or len(path) > MAX_PATH or not _PATH.fullmatch(path):
        raise _invalid("Path", "`/`, or printable ASCII between single slashes, no `.` or `..`")


def _invalid(parameter: str, kind: str) -> AwsError:
    return AwsError(
        "ValidationError", f"The specified value for {parameter} is invalid: it is {kind}."
    )
