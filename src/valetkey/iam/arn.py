"""Amazon Resource Names: six parts divided by colons, the sixth taking all that is left."""

import re
from typing import NamedTuple

ACCOUNT_ID = re.compile(r"[0-9]{12}\Z")


class Arn(NamedTuple):
    """The parts of `arn:partition:service:region:account:resource`, each possibly empty."""

    prefix: str
    partition: str
    service: str
    region: str
    account: str
    resource: str


def split_arn(text: str) -> Arn | None:
    """Return the six parts, or None where `text` has fewer or does not begin with `arn:`."""
    parts = text.split(":", 5)
    if len(parts) != 6 or parts[0] != "arn":
        return None
    return Arn(*parts)
