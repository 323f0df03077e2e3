"""What is really stored, read past the gate: nobody's policy hides it from the test."""

from collections.abc import Mapping
from typing import Any

from valetkey.localaws import LocalAws


class Stored:
    """Looks into the storage of one local AWS."""

    def __init__(self, aws: LocalAws) -> None:
        self._storage = aws._storage

    def object_there(self, bucket: str, key: str, version: str | None) -> bool:
        """Tell whether GetObject would find it."""
        with self._storage.active():
            return self._object(bucket, key, version) is not None

    def object_tags(self, bucket: str, key: str, version: str | None) -> dict[str, str]:
        """Return an object's tags, none where it is not there."""
        with self._storage.active():
            found = self._object(bucket, key, version)
            if found is None:
                return {}
            tags = self._storage.s3.tagger.list_tags_for_resource(found.arn)["Tags"]
            return {str(tag["Key"]): str(tag["Value"]) for tag in tags}

    def body(self, bucket: str, key: str) -> str:
        """Return an object's body, empty where it is not there."""
        with self._storage.active():
            found = self._object(bucket, key, None)
            return "" if found is None else bytes(found.value).decode()

    def item(self, table: str, repo: str, seq: str) -> Mapping[str, Any]:
        """Return an item's attributes, none where it is not there."""
        with self._storage.active():
            for item in self._storage.dynamodb.tables[table].all_items():
                found: dict[str, Any] = item.to_json()["Attributes"]
                if found["repo"] == {"S": repo} and found["seq"] == {"N": seq}:
                    return found
            return {}

    def messages(self, queue: str) -> tuple[tuple[str, str, object], ...]:
        """Return a queue's messages: id, body, and until when each is hidden (milliseconds)."""
        with self._storage.active():
            kept = self._storage.later("sqs").queues[queue]._messages
            return tuple((one.id, one.body, one.visible_at) for one in kept)

    def _object(self, bucket: str, key: str, version: str | None) -> Any:
        return self._storage.s3.get_object(bucket, key, version_id=version)
