"""The secrets of one account and region, and which of them a `SecretId` means.

Kept here and not in moto: whoever was decided on is what is then read or changed, with no
second reading of the id.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from valetkey.localaws.faults import AwsError, Service, Trouble, fault
from valetkey.localaws.secrets_versions import Version

SUFFIX_LENGTH = 6
_NAME = re.compile(r"[A-Za-z0-9/_+=.@-]{1,512}")


@dataclass(slots=True)
class StoredSecret:
    """One secret. `deletion` is when it goes for good, Unix seconds; None while it is in use."""

    name: str
    arn: str
    created: float
    changed: float
    description: str = ""
    kms_key_id: str | None = None
    tags: dict[str, str] = field(default_factory=dict)
    versions: dict[str, Version] = field(default_factory=dict)
    deletion: float | None = None


class Secrets:
    """Finds and keeps secrets; decides nothing."""

    def __init__(self, stored: dict[str, StoredSecret], *, region: str, account: str) -> None:
        self._stored = stored
        self._prefix = f"arn:aws:secretsmanager:{region}:{account}:secret:"

    def find(self, secret_id: str) -> StoredSecret | None:
        """Return the secret that a name, an ARN or an ARN without its random suffix means.

        A complete ARN wins: `x-AbCdEf` may be one, or the name of another secret. Raises
        AwsError for what is neither a name nor an ARN of a secret of this account and region.
        """
        name = self._plain(secret_id)
        if name == secret_id:
            return self._stored.get(name)
        complete = self._stored.get(name[: -SUFFIX_LENGTH - 1])
        if complete is not None and complete.arn == secret_id:
            return complete
        return self._stored.get(name)

    def arn_of_missing(self, secret_id: str) -> str:
        """Return the ARN to decide on where there is no such secret: the name as it was given."""
        return self._prefix + self._plain(secret_id)

    def new_arn(self, name: str, suffix: str) -> str:
        """Return the ARN of a new secret: its name and the random `suffix`."""
        return f"{self._prefix}{name}-{suffix}"

    def all(self) -> list[StoredSecret]:
        """Return every secret, oldest first."""
        return list(self._stored.values())

    def keep(self, secret: StoredSecret) -> None:
        """Store a new secret."""
        self._stored[secret.name] = secret

    def remove(self, secret: StoredSecret) -> None:
        """Forget a secret for good."""
        self._stored.pop(secret.name, None)

    def expired(self, now: float) -> Iterable[StoredSecret]:
        """Return the secrets whose recovery window is over."""
        return [one for one in self.all() if one.deletion is not None and one.deletion <= now]

    def _plain(self, secret_id: str) -> str:
        name = secret_id.removeprefix(self._prefix)
        if not _NAME.fullmatch(name):
            raise fault(
                Service.SECRETSMANAGER,
                Trouble.INVALID,
                "Invalid secret name, or an ARN of another account, region or service.",
            )
        return name


def plain_name(name: str) -> str:
    """Return the name of a new secret. Raises AwsError for one that Secrets Manager refuses."""
    if not _NAME.fullmatch(name):
        raise AwsError("ValidationException", "Invalid name: letters, digits and /_+=.@- only.")
    return name
