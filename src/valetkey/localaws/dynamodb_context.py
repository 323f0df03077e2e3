"""Which actions on which ARNs a DynamoDB request needs, with its condition keys.

Standard: "Using IAM policy conditions for fine-grained access control" (DynamoDB developer
guide). A batch is one decision a table, with all its keys in `dynamodb:LeadingKeys`, as AWS
does it; a transaction is one decision a part. Keys and expressions are made canonical in place
on the way.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from valetkey.iam import ContextValue
from valetkey.localaws.decisions import Ask
from valetkey.localaws.dynamodb_actions import (
    BATCH_OPERATIONS,
    TRANSACTION_ACTIONS,
    TRANSACTION_OPERATIONS,
)
from valetkey.localaws.dynamodb_attributes import canonical_expressions, named_attributes
from valetkey.localaws.dynamodb_key_conditions import check_key_types
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
        return self._part(operation, params, action=operation, context=_capacity(params))

    def of_invalid(self, operation: str, params: Params) -> tuple[Ask, ...]:
        """Return the decisions without which nobody learns why a request is invalid.

        They know no keys: whoever may reach certain items only is denied, as without any right.
        """
        return tuple(
            self._ask(action, self._tables.plain_name(name), index=index, context=context)
            for action, name, index, context in _reaches(operation, params)
        )

    def on_table(
        self, action: str, name: str, context: dict[str, ContextValue], *, index: str | None = None
    ) -> Ask:
        """Return the decision on a whole table, or on one of its indexes."""
        return self._ask(action, name, index=index, context=context)

    def on_parts(
        self, action: str, operation: str, parts: Sequence[Params], *,
        context: dict[str, ContextValue], named: Collection[str],
    ) -> Ask:  # fmt: skip
        """Return the one decision on requests that differ by their partition key alone.

        `named` are attributes that the statement names, and its requests perhaps do not.
        """
        asks = [
            ask
            for part in parts
            for ask in self._part(operation, part, action=action, context=context)
        ]
        merged = dict(asks[0].context)
        leading = [value for ask in asks for value in _values(ask, "dynamodb:LeadingKeys")]
        if leading:
            merged["dynamodb:LeadingKeys"] = tuple(dict.fromkeys(leading))
        attributes = {*_values(asks[0], "dynamodb:Attributes"), *named}
        merged["dynamodb:Attributes"] = tuple(sorted(attributes))
        return replace(asks[0], context=merged)

    def _part(
        self, operation: str, part: Params, *, action: str, context: dict[str, ContextValue]
    ) -> tuple[Ask, ...]:
        """Return the decisions on one item, query or scan: one for each of its return values."""
        name = part["TableName"] = self._tables.plain_name(part["TableName"])
        schema = self._tables.schema(name)
        part.update(canonical_expressions(part))
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
        return tuple(
            self._ask(action, name, index=part.get("IndexName"), context={**context, **returned})
            for returned in _returned(part)
        )

    def _leading(self, operation: str, part: Params, schema: TableSchema) -> tuple[str, ...] | None:
        if operation == "Scan":  # names no key: only a policy that says Null can tell
            return None
        if operation == "Query":
            values = self._tables.query_hash_values(part)
            check_key_types(part["KeyConditionExpression"], part, schema.types)
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
                request.update(canonical_expressions(request))
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
            context = _capacity(params)
            context["dynamodb:EnclosingOperation"] = operation
            name = TRANSACTION_ACTIONS[kind]
            asks += self._part(name, part, action=name, context=context)
        return tuple(asks)

    def _ask(
        self, action: str, name: str, *, index: str | None, context: dict[str, ContextValue]
    ) -> Ask:
        arn = self._tables.arn(name)
        context |= tag_context(self._tables.tags(name), prefix="aws:ResourceTag")
        resource = arn if index is None else f"{arn}/index/{index}"
        policy = self._policies.policy(arn)
        return Ask(f"dynamodb:{action}", resource, context, resource_policy=policy)


def _values(ask: Ask, key: str) -> tuple[str, ...]:
    found = ask.context.get(key, ())
    return found if isinstance(found, tuple) else ()


def _capacity(params: Mapping[str, Any]) -> dict[str, ContextValue]:
    value = params.get("ReturnConsumedCapacity")
    return {} if value is None else {"dynamodb:ReturnConsumedCapacity": value}


def _returned(part: Mapping[str, Any]) -> list[dict[str, ContextValue]]:
    """Return `dynamodb:ReturnValues` for each way in which the part returns attributes.

    A condition that fails may return the item too, so that value must be allowed as well: a
    policy that says `NONE` means both.
    """
    asked = [part["ReturnValues"]] if "ReturnValues" in part else []
    on_failure = part.get("ReturnValuesOnConditionCheckFailure", "NONE")
    if on_failure != "NONE":
        asked.append(on_failure)
    return [{"dynamodb:ReturnValues": value} for value in dict.fromkeys(asked)] or [{}]


def _reaches(
    operation: str, params: Params
) -> Iterator[tuple[str, str, str | None, dict[str, ContextValue]]]:
    """Yield action, table, index and context of everything that a request would touch."""
    if operation in BATCH_OPERATIONS:
        for name in params["RequestItems"]:
            yield operation, name, None, _capacity(params)
    elif operation in TRANSACTION_OPERATIONS:
        enclosing: dict[str, ContextValue] = {"dynamodb:EnclosingOperation": operation}
        for item in params["TransactItems"]:
            for kind, part in item.items():
                action = TRANSACTION_ACTIONS[kind]
                yield action, part["TableName"], None, {**_capacity(params), **enclosing}
    else:
        yield operation, params["TableName"], params.get("IndexName"), _capacity(params)


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
