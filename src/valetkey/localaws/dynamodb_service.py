"""DynamoDB operations: decided, then run by the storage on canonical parameters."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from valetkey.iam import ContextValue
from valetkey.localaws.decisions import Ask
from valetkey.localaws.dynamodb_actions import (
    ACCOUNT_OPERATIONS,
    ARN_OPERATIONS,
    LEGACY,
    OPERATIONS,
    TABLE_OPERATIONS,
    UNMODELLED,
)
from valetkey.localaws.dynamodb_context import DynamoAsks
from valetkey.localaws.dynamodb_tables import Tables
from valetkey.localaws.faults import AwsError, Service, Trouble, fault
from valetkey.localaws.http import Answer, Incoming
from valetkey.localaws.models import Params, check_params, fail_operation
from valetkey.localaws.resource_policies import ResourcePolicies
from valetkey.localaws.storage import Storage
from valetkey.localaws.strict_json import read_json, write_json
from valetkey.localaws.surroundings import tag_context
from valetkey.localaws.tags import clashing_key

TARGET = "DynamoDB_20120810."
CONTENT_TYPE = "application/x-amz-json-1.0"
_SCHEMA = "com.amazonaws.dynamodb.v20120810#"

Require = Callable[[Ask], None]


def dynamodb_operation(request: Incoming) -> tuple[str, Params]:
    """Return the operation and its checked parameters. Raises AwsError for anything unknown."""
    target = request.header("x-amz-target") or ""
    operation = target.removeprefix(TARGET)
    if not target.startswith(TARGET) or operation not in OPERATIONS:
        raise fail_operation(Service.DYNAMODB, target or "a request without X-Amz-Target")
    kind = (request.header("content-type") or "").split(";")[0].strip().lower()
    if request.method != "POST" or request.path != "/" or kind != CONTENT_TYPE:
        raise fault(Service.DYNAMODB, Trouble.INVALID, f"send {CONTENT_TYPE} by POST to /")
    if request.query or "content-encoding" in request.headers:
        raise fault(Service.DYNAMODB, Trouble.INVALID, "no query string and no content encoding")
    params = read_json(request.body)
    check_params(Service.DYNAMODB, operation, params)
    _refuse(params, LEGACY | UNMODELLED)
    return operation, params


def _refuse(value: Any, names: frozenset[str]) -> None:
    """Refuse legacy parameters where they can stand: at the top and in each part of a batch."""
    parts = [value, *value.get("RequestItems", {}).values()]
    parts += [part for item in value.get("TransactItems", ()) for part in item.values()]
    for part in parts:
        found = sorted(names & set(part)) if isinstance(part, dict) else []
        if found:
            raise fault(Service.DYNAMODB, Trouble.INVALID, f"{found[0]} is not modelled")


@dataclass(frozen=True, slots=True)
class TableService:
    """Answers DynamoDB operations for verified callers."""

    storage: Storage
    policies: ResourcePolicies

    def run(self, operation: str, params: Params, *, require: Require) -> Answer:
        """Return DynamoDB's answer. Raises AwsError for a denial."""
        tables = Tables(self.storage)
        asks = DynamoAsks(tables, self.policies)
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
        answer = self.storage.call_dynamodb(operation, write_json(params))
        if operation == "TransactGetItems" and answer.status == 200:
            return self._projected(answer, params)
        if operation == "DeleteTable" and answer.status == 200:
            self.policies.drop(tables.arn(params["TableName"]))
        return answer

    def _projected(self, answer: Answer, params: Params) -> Answer:
        """Return a transaction's items with the attributes that were asked for.

        The storage returns whole items here, and projects them in GetItem only.
        """
        found = json.loads(answer.body)
        for response, item in zip(found["Responses"], params["TransactItems"], strict=True):
            if "ProjectionExpression" in item["Get"] and "Item" in response:
                one = self.storage.call_dynamodb("GetItem", write_json(item["Get"]))
                if one.status != 200:
                    return one
                response["Item"] = json.loads(one.body).get("Item", {})
        return _json_answer(found)

    def _policy(self, operation: str, params: Params, *, exists: bool) -> Answer:
        arn = params["ResourceArn"]
        if not exists:
            raise AwsError("ResourceNotFoundException", f"Requested resource not found: {arn}")
        if operation == "PutResourcePolicy":
            try:
                self.policies.put(arn, params["Policy"])
            except AwsError as error:
                raise fault(Service.DYNAMODB, Trouble.INVALID, error.message) from error
            return _json_answer({"RevisionId": "1"})
        document = self.policies.documents.get(arn)
        if operation == "DeleteResourcePolicy":
            self.policies.drop(arn)
            return _json_answer({})
        if document is None:
            raise AwsError("PolicyNotFoundException", f"No policy on {arn}")
        return _json_answer({"Policy": document, "RevisionId": "1"})


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
    """Refuse a key that differs from another, or from a stored one, by case alone: ours."""
    written = [tag["Key"] for tag in params.get("Tags", ())]
    others = [key for key in stored if key not in written] if operation == "TagResource" else []
    twice = clashing_key([*others, *written])
    if twice is not None:
        raise fault(Service.DYNAMODB, Trouble.INVALID, f"tag key `{twice}` is there, ignoring case")


def _tagging(params: Params) -> dict[str, ContextValue]:
    context = tag_context({tag["Key"]: tag["Value"] for tag in params.get("Tags", ())})
    if "TagKeys" in params:
        context["aws:TagKeys"] = tuple(params["TagKeys"])
    return context


def _json_answer(value: dict[str, Any]) -> Answer:
    return Answer(200, (("content-type", CONTENT_TYPE),), json.dumps(value).encode())


def dynamodb_fault(error: AwsError) -> Answer:
    """Return a DynamoDB error answer."""
    body = json.dumps({"__type": f"{_SCHEMA}{error.code}", "message": error.message})
    headers = (("content-type", CONTENT_TYPE), ("x-amzn-errortype", error.code))
    return Answer(error.status, headers, body.encode())
