"""Runs PartiQL statements: each decided on its own action, then run as item operations.

Standard: "IAM security policies with PartiQL for DynamoDB" and "PartiQL for DynamoDB"
(developer guide). No text of a statement reaches the storage.
"""

import json
from collections.abc import Callable
from typing import Any

from valetkey.iam import ContextValue
from valetkey.localaws.decisions import Ask
from valetkey.localaws.dynamodb_context import DynamoAsks
from valetkey.localaws.dynamodb_keys import TableSchema, invalid
from valetkey.localaws.dynamodb_partiql import parse_statement
from valetkey.localaws.dynamodb_partiql_answers import (
    batch_error,
    cancelled,
    plain_error,
    write_answer,
)
from valetkey.localaws.dynamodb_partiql_pages import Place, read_token, write_token
from valetkey.localaws.dynamodb_partiql_plans import Plan, plan_of
from valetkey.localaws.dynamodb_partiql_shapes import (
    Delete,
    Insert,
    Select,
    Statement,
    Update,
    named_paths,
)
from valetkey.localaws.dynamodb_tables import Tables
from valetkey.localaws.faults import AwsError, Service
from valetkey.localaws.http import Answer
from valetkey.localaws.json_limits import check_limits
from valetkey.localaws.json_protocol import Require, json_answer
from valetkey.localaws.models import Params

_ACTIONS: dict[type[Statement], str] = {
    Select: "PartiQLSelect",
    Insert: "PartiQLInsert",
    Update: "PartiQLUpdate",
    Delete: "PartiQLDelete",
}
_PARTS = {"PutItem": "Put", "UpdateItem": "Update", "DeleteItem": "Delete"}
_SILENT = ("ReturnConsumedCapacity", "ReturnValuesOnConditionCheckFailure")
_READS_ONLY = ("ConsistentRead", "Limit", "NextToken")


class Statements:
    """Answers ExecuteStatement, BatchExecuteStatement and ExecuteTransaction."""

    def __init__(
        self, tables: Tables, asks: DynamoAsks, stored: Callable[[str, Params], Answer]
    ) -> None:
        self._tables = tables
        self._asks = asks
        self._stored = stored

    def run(self, operation: str, params: Params, require: Require) -> Answer:
        """Return DynamoDB's answer. Raises AwsError for a denial and what is not modelled."""
        check_limits(Service.DYNAMODB, operation, params)
        for one in (params, *params.get("Statements", ()), *params.get("TransactStatements", ())):
            found = [name for name in _SILENT if one.get(name, "NONE") != "NONE"]
            if found:
                raise invalid(f"{found[0]} is not modelled with PartiQL")
        if operation == "ExecuteStatement":
            return self._execute(params, require)
        if operation == "BatchExecuteStatement":
            return self._batch(params["Statements"], require)
        return self._transaction(params, require)

    def _execute(self, params: Params, require: Require) -> Answer:
        statement = _parsed(params)
        try:
            plan, place = self._planned(statement, params)
            ask = self._ask(statement, plan, context={})
        except AwsError:
            require(self._blind(statement, {}))
            raise
        require(ask)
        if not isinstance(statement, Select):
            return json_answer(Service.DYNAMODB, {"Items": self._write(statement, plan)})
        items, following = self._read(plan, place, limit=params.get("Limit"))
        found: dict[str, Any] = {"Items": items}
        if following is not None:
            found["NextToken"] = write_token(following, params)
            found |= {} if following.key is None else {"LastEvaluatedKey": following.key}
        return json_answer(Service.DYNAMODB, found)

    def _batch(self, requests: list[Params], require: Require) -> Answer:
        parsed = [_tried(request) for request in requests]
        _check_mixed([one for one in parsed if not isinstance(one, AwsError)], "batch")
        responses = []
        for request, statement in zip(requests, parsed, strict=True):
            try:
                if isinstance(statement, AwsError):
                    raise statement
                responses.append(self._batched(statement, request, require))
            except AwsError as error:
                responses.append(batch_error(error))
        return json_answer(Service.DYNAMODB, {"Responses": responses})

    def _batched(self, statement: Statement, request: Params, require: Require) -> dict[str, Any]:
        try:
            plan, _ = self._planned(statement, request, single=True)
            ask = self._ask(statement, plan, context={})
        except AwsError:
            require(self._blind(statement, {}))
            raise
        require(ask)
        if isinstance(statement, Select):
            items, _ = self._read(plan, Place(), limit=None)
        else:
            items = self._write(statement, plan)
        return {"TableName": statement.table, **({"Item": items[0]} if items else {})}

    def _transaction(self, params: Params, require: Require) -> Answer:
        requests = params["TransactStatements"]
        statements = [_parsed(request) for request in requests]
        _check_mixed(statements, "transaction")
        if any(isinstance(one, Update | Delete) and one.returning for one in statements):
            raise invalid("RETURNING is not modelled in a transaction")
        context: dict[str, ContextValue] = {"dynamodb:EnclosingOperation": "ExecuteTransaction"}
        try:
            plans = [
                self._planned(statement, request, single=True)[0]
                for statement, request in zip(statements, requests, strict=True)
            ]
            asks = [
                self._ask(statement, plan, context=context)
                for statement, plan in zip(statements, plans, strict=True)
            ]
        except AwsError:
            for statement in statements:
                require(self._blind(statement, context))
            raise
        for ask in asks:
            require(ask)
        if isinstance(statements[0], Select):
            reads = [self._read(plan, Place(), limit=None)[0] for plan in plans]
            found = [{"Item": items[0]} if items else {} for items in reads]
            return json_answer(Service.DYNAMODB, {"Responses": found})
        return self._written(statements, plans, params)

    def _written(self, statements: list[Statement], plans: list[Plan], params: Params) -> Answer:
        parts = [{_PARTS[plan.operation]: plan.parts[0]} for plan in plans]
        request: Params = {"TransactItems": parts}
        if "ClientRequestToken" in params:
            request["ClientRequestToken"] = params["ClientRequestToken"]
        answer = self._stored("TransactWriteItems", request)
        if answer.status == 200:
            return json_answer(Service.DYNAMODB, {})
        return cancelled(answer, inserts=[isinstance(one, Insert) for one in statements])

    def _planned(
        self, statement: Statement, params: Params, *, single: bool = False
    ) -> tuple[Plan, Place]:
        """Return what the statement does and where it begins; `single`: to one item only."""
        schema, source = self._schemas(statement)
        plan = plan_of(statement, schema, source=source)
        if single and not plan.single:
            raise invalid("Select statements here must specify the whole primary key")
        if not isinstance(statement, Select):
            found = [name for name in _READS_ONLY if params.get(name)]
            if found:
                raise invalid(f"{found[0]} is for SELECT only")
            return plan, Place()
        if params.get("ConsistentRead"):
            for part in plan.parts:
                part["ConsistentRead"] = True
        return plan, read_token(params, plan, schema=schema, source=source)

    def _schemas(self, statement: Statement) -> tuple[TableSchema, TableSchema]:
        schema = self._tables.schema(statement.table)
        if schema is None:
            raise AwsError("ResourceNotFoundException", "Requested resource not found")
        index = _index(statement)
        source = schema if index is None else self._tables.index_schema(schema.name, index)
        if source is None:
            raise invalid("The table does not have the specified index")
        return schema, source

    def _ask(self, statement: Statement, plan: Plan, *, context: dict[str, ContextValue]) -> Ask:
        if isinstance(statement, Select):
            context = {**context, "dynamodb:FullTableScan": str(plan.scan).lower()}
        action = _ACTIONS[type(statement)]
        named = {path.attribute for path in named_paths(statement)}
        return self._asks.on_parts(action, plan.operation, plan.parts, context=context, named=named)

    def _blind(self, statement: Statement, context: dict[str, ContextValue]) -> Ask:
        """Return the decision without which nobody learns why a statement is invalid."""
        action = _ACTIONS[type(statement)]
        index = _index(statement)
        return self._asks.on_table(action, statement.table, dict(context), index=index)

    def _write(self, statement: Statement, plan: Plan) -> list[dict[str, Any]]:
        answer = self._stored(plan.operation, plan.parts[0])
        if answer.status != 200:
            raise plain_error(answer, insert=isinstance(statement, Insert))
        return write_answer(answer)

    def _read(
        self, plan: Plan, place: Place, *, limit: int | None
    ) -> tuple[list[dict[str, Any]], Place | None]:
        """Return the items from a place on, and where the next page begins if there is one."""
        items: list[dict[str, Any]] = []
        key = place.key
        for number in range(place.part, len(plan.parts)):
            part = dict(plan.parts[number])
            part |= {} if key is None else {"ExclusiveStartKey": key}
            part |= {} if limit is None else {"Limit": limit}
            answer = self._stored(plan.operation, part)
            if answer.status != 200:
                raise plain_error(answer, insert=False)
            found = json.loads(answer.body)
            items += found["Items"]
            key = found.get("LastEvaluatedKey")
            if key is not None:
                return items, Place(number, key)
            limit = None if limit is None else limit - found["ScannedCount"]
            if limit is not None and limit <= 0 and number + 1 < len(plan.parts):
                return items, Place(number + 1)
        return items, None


def _index(statement: Statement) -> str | None:
    return statement.index if isinstance(statement, Select) else None


def _parsed(request: Params) -> Statement:
    return parse_statement(request["Statement"], request.get("Parameters", ()))


def _tried(request: Params) -> Statement | AwsError:
    try:
        return _parsed(request)
    except AwsError as error:
        return error


def _check_mixed(statements: list[Statement], what: str) -> None:
    if len({isinstance(one, Select) for one in statements}) > 1:
        raise invalid(f"A {what} consists of either read statements or write statements")
