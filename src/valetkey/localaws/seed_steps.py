"""What carrying out a seed consists of: API calls mostly, in order, each with its place."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from valetkey.secret import Secret


@dataclass(frozen=True, slots=True)
class Call:
    """One API call by the account's root.

    `kind` and `name` say what it makes, if anything, and `answer` where the made thing's ARN or
    URL stands in the answer; `identifier` is for where the answer has none. `queue` is a queue
    made before, whose URL the call needs.
    """

    place: str
    service: str  # as botocore names it
    operation: str
    params: Mapping[str, Any]
    kind: str = ""
    name: str = ""
    answer: tuple[str, ...] = ()
    identifier: str = ""
    queue: str | None = None


@dataclass(frozen=True, slots=True)
class NewKey:
    """An access key for a user: the given one, or one that IAM makes."""

    place: str
    user: str
    given: tuple[str, Secret] | None = None


@dataclass(frozen=True, slots=True)
class NewFunction:
    """A Lambda function with one answer to everything; there is no API call to make it here."""

    place: str
    name: str
    answer: object
    tags: Mapping[str, str]
    qualifiers: tuple[str, ...]


Step = Call | NewKey | NewFunction
