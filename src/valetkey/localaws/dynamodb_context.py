"""Which actions on which ARNs a DynamoDB request needs, with its condition keys.

Standard: "Using IAM policy conditions for fine-grained access control" (DynamoDB developer
guide). A batch is one decision a table, with all its keys in `dynamodb:LeadingKeys`, as AWS
does it; a transaction is one decision a part. Keys are made canonical in place on the way.
"""

from collections.abc import Mapping
from typing import Any

from valetkey.iam import ContextValue
from valetkey.localaws.decisions import Ask
from valetkey.localaws.dynamodb_actions import TRANSACTION_ACTIONS
from valetkey.localaws.dynamodb_attributes import named_attributes
from valetkey.localaws.dynamodb_keys import (
    TableSchema,
    canonical_attribute,
    canonical_item,
    canonical_key,
    check_value,
    invalid,
    leading_value,
)
from valetkey.localaws.dynamodb_tables import Tables
from valetkey.localaws.models import Params
from valetkey.localaws.resource_policies import ResourcePolicies
from valetkey.localaws.surroundings import tag_context


class DynamoAsks:
    """Builds the decisions of item operations; the parameters leave canonical."""

    def __init__(self, tables: Tables, policies: ResourcePolicies) -> None:
        self._tables = tables
        self._policies = policies

    def of(self, operation: str, params: Params) -> tuple[Ask, ...]:
        """Return every decision that an item, batch or transaction operation needs."""
        if operation == "BatchGetItem":
            return self._batch(operation, params, _get_keys)
        if operation == "BatchWriteItem":
            return self._batch(operation, params, _write_keys)
        if operation in {"TransactGetItems", "TransactWriteItems"}:
            return self._transaction(operation, params)
        return (self._part(operation, params, action=operation, context=_capacity(params)),)

    def on_table(self, action: str, name: str, context: dict[str, ContextValue]) -> Ask:
        """Return the decision on a whole table."""
        return self._ask(action, name, index=None, context=context)

    def _part(
        self, operation: str, part: Params, *, action: str, context: dict[str, ContextValue]
    ) -> Ask:
        """Return the decision on one item, query or scan."""
        name = part["TableName"] = self._tables.plain_name(part["TableName"])
        schema = self._tables.schema(name)
        for value in part.get("ExpressionAttributeValues", {}).values():
            check_value(value)
        context = dict(context)
        attributes = named_attributes(part)
        if schema is not None:
            leading = self._leading(operation, part, schema)
            if leading is not None:
                context["dynamodb:LeadingKeys"] = leading
            attributes |= set(part["Item"] if "Item" in part else part.get("Key", {}))
        context["dynamodb:Attributes"] = tuple(sorted(attributes))
        if operation in {"GetItem", "Query", "Scan"}:
            context["dynamodb:Select"] = _select(part)
        if "ReturnValues" in part:
            context["dynamodb:ReturnValues"] = part["ReturnValues"]
        return self._ask(action, name, index=part.get("IndexName"), context=context)

    def _leading(self, operation: str, part: Params, schema: TableSchema) -> tuple[str, ...] | None:
        if operation == "Scan":  # names no key: only a policy that says Null can tell
            return None
        if operation == "Query":
            values = self._tables.query_hash_values(part)
            return tuple(
                leading_value(canonical_attribute(name, value, schema)) for name, value in values
            )
        if "Item" in part:
            part["Item"] = canonical_item(part["Item"], schema)
            return (leading_value(part["Item"][schema.hash_key]),)
        part["Key"] = canonical_key(part["Key"], schema)
        return (leading_value(part["Key"][schema.hash_key]),)

    def _batch(self, operation: str, params: Params, keys_of: Any) -> tuple[Ask, ...]:
        asks: list[Ask] = []
        requests: dict[str, Any] = {}
        for named, request in params["RequestItems"].items():
            name = self._tables.plain_name(named)
            if name in requests:
                raise invalid(f"Table {name} comes twice")
            requests[name] = request
            schema = self._tables.schema(name)
            context = _capacity(params)
            leading, attributes = keys_of(request, schema)
            if schema is not None:
                context["dynamodb:LeadingKeys"] = tuple(dict.fromkeys(leading))
            if operation == "BatchGetItem":
                attributes |= named_attributes(request)
                context["dynamodb:Select"] = _select(request)
            context["dynamodb:Attributes"] = tuple(sorted(attributes))
            asks.append(self._ask(operation, name, index=None, context=context))
        params["RequestItems"] = requests
        return tuple(asks)

    def _transaction(self, operation: str, params: Params) -> tuple[Ask, ...]:
        asks: list[Ask] = []
        for item in params["TransactItems"]:
            if len(item) != 1:
                raise invalid("Each item of a transaction is exactly one of its kinds")
            kind, part = next(iter(item.items()))
            if kind == "Get" and "ProjectionExpression" in part:
                raise invalid("ProjectionExpression in TransactGetItems is not modelled")
            context = _capacity(params)
            context["dynamodb:EnclosingOperation"] = operation
            name = TRANSACTION_ACTIONS[kind]
            asks.append(self._part(name, part, action=name, context=context))
        return tuple(asks)

    def _ask(
        self, action: str, name: str, *, index: str | None, context: dict[str, ContextValue]
    ) -> Ask:
        arn = self._tables.arn(name)
        context |= tag_context(self._tables.tags(name), prefix="aws:ResourceTag")
        resource = arn if index is None else f"{arn}/index/{index}"
        policy = self._policies.policy(arn)
        return Ask(f"dynamodb:{action}", resource, context, resource_policy=policy)


def _capacity(params: Mapping[str, Any]) -> dict[str, ContextValue]:
    value = params.get("ReturnConsumedCapacity")
    return {} if value is None else {"dynamodb:ReturnConsumedCapacity": value}


def _select(part: Mapping[str, Any]) -> str:
    if "Select" in part:
        return str(part["Select"])
    if "ProjectionExpression" in part:
        return "SPECIFIC_ATTRIBUTES"
    return "ALL_ATTRIBUTES" if "IndexName" not in part else "ALL_PROJECTED_ATTRIBUTES"


def _get_keys(request: Params, schema: TableSchema | None) -> tuple[list[str], set[str]]:
    if schema is None:
        return [], set()
    request["Keys"] = [canonical_key(key, schema) for key in request["Keys"]]
    return [leading_value(k[schema.hash_key]) for k in request["Keys"]], set(schema.keys)


def _write_keys(requests: list[Params], schema: TableSchema | None) -> tuple[list[str], set[str]]:
    leading: list[str] = []
    attributes: set[str] = set()
    for request in requests:
        if len(request) != 1:
            raise invalid("Each write of a batch is exactly one of its kinds")
        kind, part = next(iter(request.items()))
        if schema is None:
            continue
        if kind == "PutRequest":
            part["Item"] = canonical_item(part["Item"], schema)
            found = part["Item"]
        else:
            part["Key"] = canonical_key(part["Key"], schema)
            found = part["Key"]
        leading.append(leading_value(found[schema.hash_key]))
        attributes |= set(found)
    return leading, attributes
