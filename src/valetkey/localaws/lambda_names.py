"""Which function a request means: every way that AWS has to name one becomes one plain name."""

import re
from dataclasses import dataclass

from valetkey.localaws.faults import AwsError, Service, Trouble, fault

LATEST = "$LATEST"
_NAME = r"[A-Za-z0-9_-]{1,64}"
_QUALIFIER = r"\$LATEST|[A-Za-z0-9_-]{1,128}"
_FORM = re.compile(
    r"(?:(?:arn:aws:lambda:(?P<region>[a-z0-9-]{1,32}):)?(?P<account>[0-9]{12}):function:)?"
    rf"(?P<name>{_NAME})(?::(?P<qualifier>{_QUALIFIER}))?"
)

_TWO_READINGS = re.compile(r"(?:function|[0-9]{12}|[a-z]{2}(?:-[a-z]+)+-[0-9]):[^:]*")
"""What AWS may take for a prefix and a name, as well as for a name and a qualifier."""


@dataclass(frozen=True, slots=True)
class FunctionName:
    """A function of this account and region, and the version or alias that was asked for."""

    name: str
    qualifier: str | None

    def arn(self, *, account: str, region: str) -> str:
        """Return the ARN as the request means it: with the qualifier only where it named one."""
        plain = f"arn:aws:lambda:{region}:{account}:function:{self.name}"
        return plain if self.qualifier is None else f"{plain}:{self.qualifier}"


def is_function_name(text: str) -> bool:
    """True for a name that a function may have."""
    return re.fullmatch(_NAME, text) is not None


def is_qualifier(text: str) -> bool:
    """True for a published version's number or an alias."""
    return text != LATEST and re.fullmatch(_QUALIFIER, text) is not None


def read_function_name(
    text: str, qualifier: str | None, *, account: str, region: str
) -> FunctionName:
    """Return the function that `text` and the `Qualifier` parameter name together.

    `text` is a name, `account:function:name` or an ARN, each perhaps with `:qualifier`. Raises
    AwsError where they disagree, or name another account or region.
    """
    found = _FORM.fullmatch(text)
    if found is None or _TWO_READINGS.fullmatch(text):
        raise _invalid(f"`{text[:80]}` does not name a function in one way only")
    if found["account"] not in {None, account} or found["region"] not in {None, region}:
        raise fault(Service.LAMBDA, Trouble.DENIED, "The function is of another account or region.")
    if qualifier is not None and re.fullmatch(_QUALIFIER, qualifier) is None:
        raise _invalid("Qualifier is not a version or an alias")
    if found["qualifier"] is not None and qualifier not in {None, found["qualifier"]}:
        raise _invalid("the qualifier in the function's name differs from Qualifier")
    return FunctionName(found["name"], found["qualifier"] or qualifier)


def _invalid(message: str) -> AwsError:
    return fault(Service.LAMBDA, Trouble.INVALID, message)
