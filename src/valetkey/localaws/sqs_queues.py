"""Which queue a request means: a URL or a name becomes one plain name, once, or is refused."""

import json
import re
from collections.abc import Callable, Mapping

from valetkey.localaws.faults import AwsError
from valetkey.localaws.storage import Storage
from valetkey.localaws.tags import stored_tags

_NAME = re.compile(r"[A-Za-z0-9_-]{1,80}|[A-Za-z0-9_-]{1,75}\.fifo")
_PREFIX = re.compile(r"[A-Za-z0-9_.-]{0,80}")


class Queues:
    """Reads the queues of one account and region; `endpoint` is where the local AWS listens."""

    def __init__(self, storage: Storage, endpoint: Callable[[], str]) -> None:
        self._storage = storage
        self._endpoint = endpoint

    def name_of(self, url: str) -> str:
        """Return the name of the queue at `url`: exactly as it was handed out, or as AWS's.

        Raises AwsError for every other address: other hosts, accounts, regions or spellings.
        """
        account = self._storage.account
        for base in (self._endpoint(), f"https://sqs.{self._storage.region}.amazonaws.com"):
            name = url.removeprefix(f"{base}/{account}/")
            if name != url and _NAME.fullmatch(name):
                return name
        raise AwsError("InvalidAddress", "The address is not valid for this endpoint.", status=404)

    def checked_name(self, name: str) -> str:
        """Return `name` if a queue may have it. Raises AwsError InvalidParameterValue."""
        if not _NAME.fullmatch(name):
            raise invalid("Can only include alphanumeric characters, hyphens, or underscores.")
        return name

    def url(self, name: str) -> str:
        """Return the address of a queue on this local AWS."""
        return f"{self._endpoint()}/{self._storage.account}/{name}"

    def arn(self, name: str) -> str:
        """Return the queue's ARN."""
        return f"arn:aws:sqs:{self._storage.region}:{self._storage.account}:{name}"

    def exists(self, name: str) -> bool:
        """True if there is such a queue."""
        return name in self._storage.later("sqs").queues

    def check_dead_letters(self, name: str, attributes: Mapping[str, str]) -> None:
        """Return if the dead-letter queue of `attributes` is there and of the same kind.

        Raises AwsError InvalidParameterValue: the storage looks after it has set the attributes.
        """
        redrive = attributes.get("RedrivePolicy")
        if not redrive:
            return
        target = json.loads(redrive)["deadLetterTargetArn"].rpartition(":")[2]
        if not self.exists(target):
            raise invalid("RedrivePolicy: the dead letter target does not exist.")
        if target.endswith(".fifo") != name.endswith(".fifo"):
            raise invalid("RedrivePolicy: the dead-letter queue must be of the source's type.")

    def tags(self, name: str) -> dict[str, str]:
        """Return the queue's tags, none where there is no such queue."""
        queue = self._storage.later("sqs").queues.get(name)
        if queue is None:
            return {}
        return stored_tags({"Key": key, "Value": value} for key, value in queue.tags.items())

    def names(self, prefix: str) -> list[str]:
        """Return the names that begin with `prefix`, sorted. Raises AwsError for an odd one."""
        if not _PREFIX.fullmatch(prefix):
            raise invalid("QueueNamePrefix can only hold what a queue name can.")
        return sorted(name for name in self._storage.later("sqs").queues if name.startswith(prefix))

    def sent_by(self, name: str, messages: frozenset[str], sender: str) -> None:
        """Say who sent these messages: the `SenderId` that receivers are told."""
        for message in self._storage.later("sqs").queues[name]._messages:
            if message.id in messages:
                message.sender_id = sender


def invalid(message: str) -> AwsError:
    """Return SQS's refusal of a parameter."""
    return AwsError("InvalidParameterValue", message)
