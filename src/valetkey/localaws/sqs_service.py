"""SQS operations: decided on the queue's ARN, then run by the storage on canonical parameters.

No request waits for a message: a long poll is answered at once. The times of messages
(visibility, delay, retention) are the machine's, not the local AWS's clock.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass

from valetkey.iam import ContextValue
from valetkey.localaws.decisions import Ask
from valetkey.localaws.faults import AwsError, Service
from valetkey.localaws.http import Answer
from valetkey.localaws.json_protocol import Require, json_answer
from valetkey.localaws.models import Params
from valetkey.localaws.resource_policies import ResourcePolicies
from valetkey.localaws.sqs_actions import OPERATIONS, QUEUE_OPERATIONS
from valetkey.localaws.sqs_attributes import checked_attributes
from valetkey.localaws.sqs_grants import add_permission, put_policy, remove_permission
from valetkey.localaws.sqs_messages import check_messages
from valetkey.localaws.sqs_queues import Queues, invalid
from valetkey.localaws.storage import Storage
from valetkey.localaws.strict_json import write_json
from valetkey.localaws.surroundings import tag_context
from valetkey.localaws.tags import tags_trouble

PAGE = 1_000  # queues in one answer


@dataclass(frozen=True, slots=True)
class QueueService:
    """Answers SQS operations for verified callers."""

    storage: Storage
    policies: ResourcePolicies
    queues: Queues

    def operations(self) -> Collection[str]:
        """Return the names of the operations that are modelled."""
        return OPERATIONS

    def run(self, operation: str, params: Params, *, require: Require) -> Answer:
        """Return SQS's answer. Raises AwsError for a denial."""
        if operation == "ListQueues":
            require(Ask("sqs:ListQueues", "*"))
            return self._list(params)
        if operation == "CreateQueue":
            return self._create(params, require)
        if operation == "GetQueueUrl":
            return self._find(params, require)
        name = self.queues.name_of(params["QueueUrl"])
        require(self._ask(QUEUE_OPERATIONS[operation], name, _tagging(params)))
        if not self.queues.exists(name):
            raise _no_queue()
        params["QueueUrl"] = self.queues.url(name)
        answer = self._on_queue(operation, name, params)
        if operation in {"SendMessage", "SendMessageBatch"} and answer.status == 200:
            self.queues.sent_by(name, _sent(answer), require.caller.user_id)
        return answer

    def _ask(self, action: str, name: str, context: dict[str, ContextValue]) -> Ask:
        arn = self.queues.arn(name)
        tags = tag_context(self.queues.tags(name), prefix="aws:ResourceTag")
        return Ask(f"sqs:{action}", arn, {**tags, **context}, self.policies.policy(arn))

    def _on_queue(self, operation: str, name: str, params: Params) -> Answer:
        """Run what is left to do once the operation on this queue is allowed."""
        arn = self.queues.arn(name)
        if operation == "AddPermission":
            add_permission(self.policies, arn, params)
            return json_answer(Service.SQS, {})
        if operation == "RemovePermission":
            remove_permission(self.policies, arn, params["Label"])
            return json_answer(Service.SQS, {})
        if operation == "SetQueueAttributes":
            return self._set(params, name)
        if operation == "GetQueueAttributes":
            return self._attributes(params, arn)
        check_messages(params)
        if operation == "ReceiveMessage":
            params["WaitTimeSeconds"] = 0  # nobody could send meanwhile
        if operation == "TagQueue":
            self._check_tags(name, params["Tags"])
        answer = self._run(operation, params)
        if operation == "DeleteQueue" and answer.status == 200:
            self.policies.drop(arn)
        if operation == "ListDeadLetterSourceQueues" and answer.status == 200:
            found = [url.rpartition("/")[2] for url in json.loads(answer.body)["queueUrls"]]
            return json_answer(Service.SQS, {"queueUrls": [self.queues.url(one) for one in found]})
        return answer

    def _run(self, operation: str, params: Params) -> Answer:
        return self.storage.call_json(Service.SQS, operation, write_json(params))

    def _list(self, params: Params) -> Answer:
        names = self.queues.names(params.get("QueueNamePrefix", ""))
        size = params.get("MaxResults", PAGE)
        if not 1 <= size <= PAGE:
            raise invalid("MaxResults must be between 1 and 1000.")
        rest = [name for name in names if name > params.get("NextToken", "")]
        found = {"QueueUrls": [self.queues.url(name) for name in rest[:size]]}
        if "MaxResults" in params and len(rest) > size:
            return json_answer(Service.SQS, {**found, "NextToken": rest[size - 1]})
        return json_answer(Service.SQS, found)

    def _create(self, params: Params, require: Require) -> Answer:
        name = self.queues.checked_name(params["QueueName"])
        tags = params.get("tags", {})
        for action in ("CreateQueue", "TagQueue") if tags else ("CreateQueue",):
            require(self._ask(action, name, tag_context(tags)))
        arn, exists = self.queues.arn(name), self.queues.exists(name)
        attributes = checked_attributes(params.get("Attributes", {}), create=True, queue_arn=arn)
        if name.endswith(".fifo") != ("FifoQueue" in attributes):
            raise invalid("The name of a FIFO queue ends in .fifo, and of no other queue.")
        self.queues.check_dead_letters(name, attributes)
        policy = attributes.pop("Policy", None)
        if exists:
            if policy is not None and policy != self.policies.documents.get(arn, ""):
                raise AwsError("QueueNameExists", "The specified queue already exists.")
            policy, tags = None, {}  # what is there keeps its own
        self._check_tags(name, tags)
        if policy is not None:
            put_policy(self.policies, arn, policy)
        created: Params = {"QueueName": name, "Attributes": attributes, "tags": tags}
        answer = self._run("CreateQueue", created)
        if answer.status != 200:
            if not exists:
                self.policies.drop(arn)
            return answer
        return json_answer(Service.SQS, {"QueueUrl": self.queues.url(name)})

    def _find(self, params: Params, require: Require) -> Answer:
        name = self.queues.checked_name(params["QueueName"])
        if params.get("QueueOwnerAWSAccountId", self.storage.account) != self.storage.account:
            raise _no_queue()
        require(self._ask("GetQueueUrl", name, {}))
        if not self.queues.exists(name):
            raise _no_queue()
        return json_answer(Service.SQS, {"QueueUrl": self.queues.url(name)})

    def _set(self, params: Params, name: str) -> Answer:
        arn = self.queues.arn(name)
        attributes = checked_attributes(params["Attributes"], create=False, queue_arn=arn)
        self.queues.check_dead_letters(name, attributes)
        policy = attributes.pop("Policy", None)
        before = self.policies.documents.get(arn, "")
        if policy is not None:
            put_policy(self.policies, arn, policy)
        if attributes:
            answer = self._run("SetQueueAttributes", {**params, "Attributes": attributes})
            if answer.status != 200:
                put_policy(self.policies, arn, before)
                return answer
        return json_answer(Service.SQS, {})

    def _attributes(self, params: Params, arn: str) -> Answer:
        answer = self._run("GetQueueAttributes", params)
        if answer.status != 200:
            return answer
        found: dict[str, str] = json.loads(answer.body).get("Attributes", {})
        for name in {"CreatedTimestamp", "LastModifiedTimestamp"} & set(found):
            found[name] = found[name].partition(".")[0]  # the storage's have fractions
        policy = self.policies.documents.get(arn)
        if policy is not None and {"All", "Policy"} & set(params.get("AttributeNames", ())):
            found["Policy"] = policy
        return json_answer(Service.SQS, {"Attributes": found} if found else {})

    def _check_tags(self, name: str, tags: dict[str, str]) -> None:
        trouble = tags_trouble(tags.items(), self.queues.tags(name))
        if trouble is not None:
            raise invalid(trouble)


def _tagging(params: Params) -> dict[str, ContextValue]:
    context = tag_context(params.get("Tags", {}))
    if "TagKeys" in params:
        context["aws:TagKeys"] = tuple(params["TagKeys"])
    return context


def _sent(answer: Answer) -> frozenset[str]:
    found = json.loads(answer.body)
    return frozenset(one["MessageId"] for one in found.get("Successful", [found]))


def _no_queue() -> AwsError:
    return AwsError(
        "QueueDoesNotExist",
        "The specified queue does not exist or you do not have access to it.",
    )
