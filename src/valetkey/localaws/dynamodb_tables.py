"""What the storage knows of tables, and how it reads a key condition."""

import re
from dataclasses import replace
from typing import Any

from valetkey.localaws.dynamodb_keys import TableSchema, invalid
from valetkey.localaws.models import Params
from valetkey.localaws.storage import KeyConditionError, Storage
from valetkey.localaws.tags import stored_tags

_NAME = re.compile(r"[A-Za-z0-9_.-]{3,255}")
_INDEX = _NAME


class Tables:
    """Reads the tables of one account and region."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._prefix = f"arn:aws:dynamodb:{storage.region}:{storage.account}:table/"

    def plain_name(self, name: str) -> str:
        """Return the table's name, given it or its ARN. Raises AwsError for another's ARN."""
        plain = name.removeprefix(self._prefix)
        if not _NAME.fullmatch(plain):
            raise invalid(f"Invalid table name or ARN of another account or region: {name}")
        return plain

    def arn(self, name: str) -> str:
        """Return the table's ARN."""
        return f"{self._prefix}{name}"

    def schema(self, name: str) -> TableSchema | None:
        """Return the table's key schema, None where there is no such table."""
        table = self._storage.dynamodb.tables.get(name)
        if table is None:
            return None
        keys = sorted(table.schema, key=lambda part: str(part["KeyType"]))  # HASH before RANGE
        return TableSchema(
            name=name,
            keys=tuple(str(part["AttributeName"]) for part in keys),
            types={str(d["AttributeName"]): str(d["AttributeType"]) for d in table.attr},
        )

    def index_schema(self, name: str, index: str) -> TableSchema | None:
        """Return an index's key schema, None where there is no such table or index.

        None also for an index of more than one partition or sort key: that is not modelled.
        """
        table, schema = self._storage.dynamodb.tables.get(name), self.schema(name)
        if table is None or schema is None:
            return None
        for one in table.all_indexes():
            keys = {str(part["KeyType"]): str(part["AttributeName"]) for part in one.schema}
            if one.name == index and len(keys) == len(one.schema):
                found = tuple(keys[kind] for kind in ("HASH", "RANGE") if kind in keys)
                return replace(schema, keys=found)
        return None

    def tags(self, name: str) -> dict[str, str]:
        """Return the table's tags."""
        if name not in self._storage.dynamodb.tables:
            return {}
        return stored_tags(self._storage.dynamodb.list_tags_of_resource(self.arn(name)))

    def query_hash_values(self, query: Params) -> list[tuple[str, Any]]:
        """Return the (attribute, value) pairs that this query's partition key must equal.

        The storage's own reading of the expression, so that it can't run another query.
        """
        index = query.get("IndexName")
        if index is not None and not _INDEX.fullmatch(index):
            raise invalid("Invalid index name")
        if "KeyConditionExpression" not in query:
            raise invalid("KeyConditionExpression is missing")
        try:
            return self._storage.query_hash_values(
                query["TableName"],
                index,
                expression=query["KeyConditionExpression"],
                names=query.get("ExpressionAttributeNames", {}),
                values=query.get("ExpressionAttributeValues", {}),
            )
        except KeyConditionError as error:
            raise invalid(f"Invalid KeyConditionExpression: {error}") from error
