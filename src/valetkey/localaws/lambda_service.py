"""Lambda operations: decided on the ARN that the request names, then answered from Python.

The resource of a call is `function:name`, or `function:name:qualifier` where it names a version
or an alias: a policy on the one does not allow the other ("Lambda resource ARN format").
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from valetkey.iam import ContextValue
from valetkey.localaws.decisions import Ask, is_allowed
from valetkey.localaws.faults import AwsError, Service, Trouble, fault
from valetkey.localaws.http import Answer
from valetkey.localaws.json_protocol import Require
from valetkey.localaws.lambda_functions import Functions
from valetkey.localaws.lambda_grants import (
    add_permission,
    granted_to,
    remove_permission,
    statements_of,
)
from valetkey.localaws.lambda_invoke import invoke
from valetkey.localaws.lambda_names import LATEST, FunctionName, read_function_name
from valetkey.localaws.lambda_request import ACTIONS, LambdaCall
from valetkey.localaws.models import Params
from valetkey.localaws.resource_policies import ResourcePolicies
from valetkey.localaws.surroundings import tag_context
from valetkey.localaws.tags import tags_trouble

PAGE = 50  # functions in one answer


@dataclass(frozen=True, slots=True)
class FunctionService:
    """Answers Lambda operations for verified callers."""

    functions: Functions
    policies: ResourcePolicies

    def run(self, call: LambdaCall, *, require: Require) -> Answer:
        """Return Lambda's answer. Raises AwsError for a denial."""
        operation, params = call.operation, call.params
        if operation == "ListFunctions":
            require(Ask("lambda:ListFunctions", "*"))
            return self._list(params)
        if "Resource" in params:
            return self._tags(operation, params, require)
        name = self._name(params["FunctionName"], params.get("Qualifier"))
        arn = self.functions.arn(name)
        require(self._ask(operation, name, self._permission(operation, arn, params)))
        function = self.functions.find(name)
        if function is None:
            raise _not_found(arn)
        if operation == "Invoke":
            return invoke(function, arn, params, caller=require.caller)
        if operation == "GetFunction":
            listing = self._ask("ListTags", FunctionName(name.name, None), {})
            tags = {"Tags": self.functions.tags(name)} if is_allowed(listing, require) else {}
            return rest_answer(200, {"Configuration": self._configuration(name), **tags})
        if operation == "GetFunctionConfiguration":
            return rest_answer(200, self._configuration(name))
        return self._policy(operation, name, params)

    def _name(self, text: str, qualifier: str | None) -> FunctionName:
        functions = self.functions
        return read_function_name(
            text, qualifier, account=functions.account, region=functions.region
        )

    def _ask(self, operation: str, name: FunctionName, context: Mapping[str, ContextValue]) -> Ask:
        arn = self.functions.arn(name)
        tags = tag_context(self.functions.tags(name), prefix="aws:ResourceTag")
        action = f"lambda:{ACTIONS[operation]}"
        return Ask(action, arn, {**tags, **context}, self.policies.policy(arn))

    def _permission(self, operation: str, arn: str, params: Params) -> dict[str, ContextValue]:
        """Return the condition keys of a change of a policy ("Condition keys for AWS Lambda")."""
        if operation == "AddPermission":
            given = {"Principal": params["Principal"]}
            if "FunctionUrlAuthType" in params:
                given["FunctionUrlAuthType"] = params["FunctionUrlAuthType"]
            return {f"lambda:{name}": value for name, value in given.items()}
        if operation == "RemovePermission":
            for statement in statements_of(self.policies, arn):
                if statement["Sid"] == params["StatementId"]:
                    kind = statement.get("Condition", {}).get("StringEquals", {})
                    kept = kind.get("lambda:FunctionUrlAuthType")
                    url = {} if kept is None else {"lambda:FunctionUrlAuthType": kept}
                    return {"lambda:Principal": granted_to(statement), **url}
        return {}

    def _policy(self, operation: str, name: FunctionName, params: Params) -> Answer:
        arn = self.functions.arn(name)
        if name.qualifier == LATEST:
            raise fault(Service.LAMBDA, Trouble.INVALID, "$LATEST has no policy of its own")
        if operation == "AddPermission":
            statement = add_permission(self.policies, arn, params)
            return rest_answer(201, {"Statement": statement})
        if operation == "RemovePermission":
            remove_permission(self.policies, arn, params["StatementId"])
            return rest_answer(204, None)
        document = self.policies.documents.get(arn)
        if document is None:
            raise AwsError("ResourceNotFoundException", "The function has no policy.", status=404)
        return rest_answer(200, {"Policy": document, "RevisionId": "1"})

    def _tags(self, operation: str, params: Params, require: Require) -> Answer:
        """Answer an operation on a function's tags, which is named by its plain ARN alone."""
        name = self._name(params["Resource"], None)
        arn = self.functions.arn(name)
        if name.qualifier is not None or params["Resource"] != arn:
            raise fault(Service.LAMBDA, Trouble.INVALID, "tags stand on a function's own ARN")
        context = tag_context(params.get("Tags", {}))
        if "TagKeys" in params:
            context["aws:TagKeys"] = tuple(params["TagKeys"])
        require(self._ask(operation, name, context))
        function = self.functions.find(name)
        if function is None:
            raise _not_found(arn)
        if operation == "ListTags":
            return rest_answer(200, {"Tags": function.tags})
        if operation == "TagResource":
            trouble = tags_trouble(params["Tags"].items(), function.tags)
            if trouble is not None:
                raise fault(Service.LAMBDA, Trouble.INVALID, trouble)
            function.tags = {**function.tags, **params["Tags"]}
        else:
            for key in params["TagKeys"]:
                function.tags.pop(key, None)
        return rest_answer(204, None)

    def _configuration(self, name: FunctionName) -> dict[str, Any]:
        return {
            "FunctionName": name.name,
            "FunctionArn": self.functions.arn(name),
            "Runtime": "python3.12",
            "Handler": "registered.in.python",
            "Version": name.qualifier or LATEST,
            "State": "Active",
            "PackageType": "Zip",
        }

    def _list(self, params: Params) -> Answer:
        names = [name for name in sorted(self.functions.known) if name > params.get("Marker", "")]
        size = min(max(params.get("MaxItems", PAGE), 1), PAGE)
        found = [self._configuration(FunctionName(name, None)) for name in names[:size]]
        more = {"NextMarker": names[size - 1]} if len(names) > size else {}
        return rest_answer(200, {"Functions": found, **more})


def _not_found(arn: str) -> AwsError:
    return AwsError("ResourceNotFoundException", f"Function not found: {arn}", status=404)


def rest_answer(status: int, value: Mapping[str, Any] | None) -> Answer:
    """Return a successful answer; None has no body."""
    body = b"" if value is None else json.dumps(value).encode()
    return Answer(status, (("content-type", "application/json"),), body)


def lambda_fault(error: AwsError) -> Answer:
    """Return a Lambda error answer."""
    kind = "User" if error.status < 500 else "Service"
    body = json.dumps({"Type": kind, "Message": error.message}).encode()
    headers = (("content-type", "application/json"), ("x-amzn-errortype", error.code))
    return Answer(error.status, headers, body)
