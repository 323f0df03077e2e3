"""How a parameter is named: plainly, by path, by ARN, with a version or label after a colon."""

import re
from collections.abc import Collection
from dataclasses import dataclass

from valetkey.localaws.faults import AwsError, Service, Trouble, fault

MAX_LEVELS = 15
MAX_NAME = 1_011
_SEGMENT = r"[A-Za-z0-9_.-]+"
_NAME = re.compile(rf"(?:/{_SEGMENT})+|{_SEGMENT}")
_PATH = re.compile(rf"/|(?:/{_SEGMENT})+/?")
_SELECTOR = re.compile(r"[A-Za-z0-9_.-]{1,100}")
_RESERVED = ("aws", "ssm")


@dataclass(frozen=True, slots=True)
class Wanted:
    """One parameter that a request names: `given` as it did, `name` as it is stored.

    `selector` is a version's number or a label, None for the latest version.
    """

    given: str
    name: str
    selector: str | None = None


class Names:
    """Reads names for one account and region. Knows which ones are `stored`, and no more."""

    def __init__(self, stored: Collection[str], *, region: str, account: str) -> None:
        self._stored = stored
        self._prefix = f"arn:aws:ssm:{region}:{account}:parameter/"

    def plain(self, name: str) -> str:
        """Return a name without ARN and selector. Raises AwsError ValidationException."""
        if len(name) > MAX_NAME or not _NAME.fullmatch(name):
            raise _invalid("The parameter name must be plain, or a fully qualified path.")
        return name

    def wanted(self, given: str) -> Wanted:
        """Return what a name, an ARN, or either with a selector means.

        The ARN of `ab` and of `/ab` is the same and means the one that is stored: there are
        never both. Raises AwsError for an ARN of another account, region or service.
        """
        text = given.removeprefix(self._prefix)
        by_arn = text != given
        text, colon, selector = text.partition(":")
        if colon and not _SELECTOR.fullmatch(selector):
            raise _invalid("After the name stands one version or label, or nothing.")
        if by_arn and ("/" in text or text not in self._stored):
            text = f"/{text}"
        return Wanted(given, self.plain(text), selector if colon else None)

    def new(self, name: str) -> str:
        """Return a name that a parameter may be given. Raises AwsError for one that it may not."""
        bare = self.plain(name).removeprefix("/")
        if bare.lower().startswith(_RESERVED):
            raise _invalid("Parameter names that begin with aws or ssm are reserved.")
        if bare.count("/") >= MAX_LEVELS:
            raise AwsError(
                "HierarchyLevelLimitExceededException", f"A name has at most {MAX_LEVELS} levels."
            )
        twin = bare if name.startswith("/") else f"/{bare}"
        if "/" not in bare and twin in self._stored:
            raise _invalid(f"`{twin}` has the same ARN: the local AWS keeps one of the two.")
        return name

    def path(self, path: str) -> str:
        """Return a path of GetParametersByPath as it was given. Raises AwsError."""
        if not _PATH.fullmatch(path):
            raise _invalid("The path must begin with / and have no empty level.")
        return path

    def arn(self, name: str) -> str:
        """Return the ARN of a parameter, or of a path with its slash at the end if it has one."""
        return self._prefix + name.removeprefix("/")


def below(path: str, name: str, *, recursive: bool) -> bool:
    """True if the parameter is under the path, directly unless `recursive`; never `/ab` in `/a`."""
    base = path.rstrip("/") + "/"
    full = name if name.startswith("/") else f"/{name}"
    return full.startswith(base) and (recursive or "/" not in full[len(base) :])


def _invalid(message: str) -> AwsError:
    return fault(Service.SSM, Trouble.INVALID, message)
