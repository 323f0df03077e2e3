"""DynamoDB operations: decided, then run by the storage on canonical parameters."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from valetkey.iam import ContextValue
from valetkey.localaws.decisions import Ask
from valetkey.localaws.dynamodb_actions import (
    ACCOUNT_OPERATIONS,
    ARN_OPERATIONS,
    LEGACY,
    OPERATIONS,
    STATEMENT_OPERATIONS,
    TABLE_OPERATIONS,
    UNMODELLED,
)
from valetkey.localaws.dynamodb_context import DynamoAsks
from valetkey.localaws.dynamodb_partiql_service import Statements
from valetkey.localaws.dynamodb_tables import Tables
from valetkey.localaws.dynamodb_undo import undo_of
from valetkey.localaws.faults import AwsError, Service, Trouble, fault
from valetkey.localaws.http import Answer
from valetkey.localaws.json_protocol import Require, json_answer
from valetkey.localaws.models import Params
from valetkey.localaws.resource_policies import ResourcePolicies
from valetkey.localaws.storage import Storage
from valetkey.localaws.strict_json import write_json
from valetkey.localaws.surroundings import tag_context
from valetkey.localaws.tags import tags_trouble

_BROKEN = (
    ArithmeticError, AssertionError, AttributeError, LookupError, RecursionError, TypeError,
    ValueError,
)  # fmt: skip
"""What the storage's reading of an expression raises; never a MismatchError, which is ours."""


def _refuse(value: Any, names: frozenset[str]) -> None:
    """Refuse legacy parameters where they can stand: at the top and in each part of a batch."""
    for part in _parts(value):
        found = sorted(names & set(part))
        if found:
            raise fault(Service.DYNAMODB, Trouble.INVALID, f"{found[0]} is not modelled")


def _parts(value: Any) -> list[dict[str, Any]]:
    parts = [value, *value.get("RequestItems", {}).values()]
    parts += [part for item in value.get("TransactItems", ()) for part in item.values()]
    return [part for part in parts if isinstance(part, dict)]


@dataclass(frozen=True, slots=True)
class TableService:
    """Answers DynamoDB operations for verified callers."""

    storage: Storage
    policies: ResourcePolicies

    def operations(self) -> Collection[str]:
        """Return the names of the operations that are modelled."""
        return OPERATIONS

    def run(self, operation: str, params: Params, *, require: Require) -> Answer:
        """Return DynamoDB's answer. Raises AwsError for a denial."""
        _refuse(params, LEGACY | UNMODELLED)
        tables = Tables(self.storage)
        asks = DynamoAsks(tables, self.policies)
        if operation in STATEMENT_OPERATIONS:
            return Statements(tables, asks, self._stored).run(operation, params, require)
        if operation in ACCOUNT_OPERATIONS:
            require(Ask(f"dynamodb:{operation}", "*"))
        elif operation in TABLE_OPERATIONS:
            params["TableName"] = tables.plain_name(params["TableName"])
            for ask in _table_asks(operation, params, asks):
                require(ask)
            _check_tags(operation, params, {})
        elif operation in ARN_OPERATIONS:
            name = tables.plain_name(params["ResourceArn"])
            params["ResourceArn"] = tables.arn(name)
            require(asks.on_table(operation, name, _tagging(params)))
            _check_tags(operation, params, tables.tags(name))
            if operation.endswith("ResourcePolicy"):
                return self._policy(operation, params, exists=tables.schema(name) is not None)
        else:
            _require_items(operation, params, asks, require)
        answer = self._stored(operation, params)
        if operation == "TransactGetItems" and answer.status == 200:
            return self._projected(answer, params)
        if operation == "DeleteTable" and answer.status == 200:
            self.policies.drop(tables.arn(params["TableName"]))
        return answer

    def _stored(self, operation: str, params: Params) -> Answer:
        """Return the storage's answer. Raises AwsError for an expression that it breaks at.

        It compares values of two types, and sizes of what is not there, where DynamoDB's answer
        is no; that is refused here.
        """
        updates = operation == "UpdateItem"
        if updates and "UpdateExpression" not in params:
            text = "UpdateItem without an UpdateExpression is not modelled"
            raise fault(Service.DYNAMODB, Trouble.UNSUPPORTED, text)
        undo = undo_of(params, self.storage) if updates else None
        try:
            answer = self.storage.call_json(Service.DYNAMODB, operation, write_json(params))
            if undo is not None and answer.status != 200:
                undo()
            return answer
        except _BROKEN as error:
            if undo is not None:
                undo()
            if not any(name.endswith("Expression") for part in _parts(params) for name in part):
                raise
            text = "Invalid expression: valetkey's local AWS cannot evaluate it on these values"
            raise fault(Service.DYNAMODB, Trouble.INVALID, text) from error

    def _projected(self, answer: Answer, params: Params) -> Answer:
        """Return a transaction's items with the attributes that were asked for.

        The storage returns whole items here, and projects them in GetItem only.
        """
        found = json.loads(answer.body)
        for response, item in zip(found["Responses"], params["TransactItems"], strict=True):
            if "ProjectionExpression" in item["Get"] and "Item" in response:
                one = self._stored("GetItem", item["Get"])
                if one.status != 200:
                    return one
                response["Item"] = json.loads(one.body).get("Item", {})
        return json_answer(Service.DYNAMODB, found)

    def _policy(self, operation: str, params: Params, *, exists: bool) -> Answer:
        arn = params["ResourceArn"]
        if not exists:
            raise AwsError("ResourceNotFoundException", f"Requested resource not found: {arn}")
        if operation == "PutResourcePolicy":
            try:
                self.policies.put(arn, params["Policy"])
            except AwsError as error:
                raise fault(Service.DYNAMODB, Trouble.INVALID, error.message) from error
            return json_answer(Service.DYNAMODB, {"RevisionId": "1"})
        document = self.policies.documents.get(arn)
        if operation == "DeleteResourcePolicy":
            self.policies.drop(arn)
            return json_answer(Service.DYNAMODB, {})
        if document is None:
            raise AwsError("PolicyNotFoundException", f"No policy on {arn}")
        return json_answer(Service.DYNAMODB, {"Policy": document, "RevisionId": "1"})


def _require_items(operation: str, params: Params, asks: DynamoAsks, require: Require) -> None:
    """Raise a denial, or why the request is invalid: that, only to whom it may be told."""
    try:
        found = asks.of(operation, params)
    except AwsError:
        for ask in asks.of_invalid(operation, params):
            require(ask)
        raise
    for ask in found:
        require(ask)


def _table_asks(operation: str, params: Params, asks: DynamoAsks) -> list[Ask]:
    name = params["TableName"]
    found = [asks.on_table(operation, name, _tagging(params))]
    if operation == "CreateTable" and params.get("Tags"):
        found.append(asks.on_table("TagResource", name, _tagging(params)))
    return found


def _check_tags(operation: str, params: Params, stored: Mapping[str, str]) -> None:
    written = [(tag["Key"], tag["Value"]) for tag in params.get("Tags", ())]
    trouble = tags_trouble(written, stored if operation == "TagResource" else ())
    if trouble is not None:
        raise fault(Service.DYNAMODB, Trouble.INVALID, trouble)


def _tagging(params: Params) -> dict[str, ContextValue]:
    context = tag_context({tag["Key"]: tag["Value"] for tag in params.get("Tags", ())})
    if "TagKeys" in params:
        context["aws:TagKeys"] = tuple(params["TagKeys"])
    return context
