"""The JSON protocols: one reading of a request, and errors in each service's words."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.localaws.world import World, code_of
from valetkey.localaws.faults import AwsError, Service
from valetkey.localaws.http import Incoming
from valetkey.localaws.json_dialects import DIALECTS, service_of_target
from valetkey.localaws.json_protocol import json_fault, json_operation

KNOWN = {
    Service.DYNAMODB: "ListTables",
    Service.SQS: "ListQueues",
    Service.SECRETSMANAGER: "ListSecrets",
    Service.SSM: "DescribeParameters",
}
UNKNOWN = {"UnknownOperationException", "UnsupportedOperation"}


def refused(call: Callable[[], Any]) -> str:
    """Return the code with which the call is refused."""
    with pytest.raises(ClientError) as caught:
        call()
    return code_of(caught.value)


def incoming(service: Service, **changes: Any) -> Incoming:
    """Return a valid request of a service with some of it changed."""
    dialect = DIALECTS[service]
    headers = {
        "content-type": dialect.content_type,
        "x-amz-target": f"{dialect.target}{KNOWN[service]}",
        **changes.pop("headers", {}),
    }
    whole = {"method": "POST", "path": "/", "query": {}, "body": b"{}", **changes}
    headers = {name: value for name, value in headers.items() if value is not None}
    return Incoming(**whole, headers=headers, source_ip="127.0.0.1")


def read(request: Incoming, service: Service) -> str:
    """Return the operation that is read, or the code with which it is refused."""
    try:
        operation, params = json_operation(request, service, known={KNOWN[service]})
    except AwsError as error:
        return error.code
    assert params == {}
    return operation


@pytest.fixture(params=list(DIALECTS), ids=lambda one: str(one.value))
def service(request: pytest.FixtureRequest) -> Iterator[Service]:
    """Each service that speaks JSON."""
    yield request.param


def test_a_request_in_its_services_dialect_is_read(service: Service) -> None:
    assert read(incoming(service), service) == KNOWN[service]
    charset = f"{DIALECTS[service].content_type}; charset=utf-8"
    assert read(incoming(service, headers={"content-type": charset}), service) == KNOWN[service]


def test_another_services_target_is_no_operation_here(service: Service) -> None:
    for other, dialect in DIALECTS.items():
        headers = {"x-amz-target": f"{dialect.target}{KNOWN[service]}"}
        found = read(incoming(service, headers=headers), service)
        assert (found == KNOWN[service]) is (other is service)


@pytest.mark.parametrize("suffix", [".", "\n", " ", "Again", "", ".ListTables"])
def test_a_target_is_exact(service: Service, suffix: str) -> None:
    target = f"{DIALECTS[service].target}{KNOWN[service] if suffix else ''}{suffix}"
    assert read(incoming(service, headers={"x-amz-target": target}), service) in UNKNOWN
    bare = {"x-amz-target": KNOWN[service]}
    assert read(incoming(service, headers=bare), service) in UNKNOWN


@pytest.mark.parametrize(
    "change",
    [
        {"method": "GET"},
        {"path": "/111122223333/queue"},
        {"query": {"Action": "ListQueues"}},
        {"headers": {"content-encoding": "gzip"}},
        {"headers": {"content-type": "application/json"}},
        {"headers": {"content-type": "application/x-www-form-urlencoded"}},
        {"headers": {"content-type": None}},
        {"body": b'{"Nonsense": 1}'},
        {"body": b'{"NextToken": {"a": 1}}'},
        {"body": b'{"NextToken": "a", "NextToken": "b"}'},
        {"body": b"[]"},
        {"body": b""},
    ],
)
def test_what_is_not_in_the_dialect_is_refused(service: Service, change: dict[str, Any]) -> None:
    request = incoming(service, **change)
    codes = {"ValidationException", "InvalidParameterValue", "SerializationException"}
    assert read(request, service) in codes


def test_the_query_protocol_is_refused_by_name() -> None:
    form = {"content-type": "application/x-www-form-urlencoded", "x-amz-target": None}
    request = incoming(Service.SQS, headers=form, body=b"Action=ListQueues&Version=2012-11-05")
    with pytest.raises(AwsError, match="query protocol") as caught:
        json_operation(request, Service.SQS, known={"ListQueues"})
    assert caught.value.code == "UnsupportedOperation"


def test_an_error_has_its_code_where_each_sdk_looks(service: Service) -> None:
    answer = json_fault(service, AwsError("QueueDoesNotExist", "gone", status=400))
    dialect, headers = DIALECTS[service], dict(answer.headers)
    body = json.loads(answer.body)
    assert body == {"__type": f"{dialect.schema}QueueDoesNotExist", "message": "gone"}
    assert headers["content-type"] == dialect.content_type
    told = headers.get("x-amzn-query-error")
    expected = "AWS.SimpleQueueService.NonExistentQueue;Sender"
    assert told == (expected if service is Service.SQS else None)


def test_an_unsigned_request_gets_its_own_services_error() -> None:
    assert {service_of_target(f"{d.target}Any") for d in DIALECTS.values()} == set(DIALECTS)
    assert service_of_target("Logs_20140328.PutLogEvents") is None


def test_a_signature_opens_its_own_service_only(world: World) -> None:
    sqs = world.client("sqs")
    changed = {"x-amz-target": "AmazonSSM.DescribeParameters"}

    def swap(request: Any, **_: Any) -> None:
        del request.headers["X-Amz-Target"]
        request.headers["X-Amz-Target"] = changed["x-amz-target"]

    sqs.meta.events.register("before-sign.sqs", swap)
    assert refused(sqs.list_queues) == "AWS.SimpleQueueService.UnsupportedOperation"


def test_state_that_is_loaded_late_is_nobody_elses(moving: World, world: World) -> None:
    name = "late-and-isolated"
    url = moving.client("sqs").create_queue(QueueName=name)["QueueUrl"]
    moving.client("sqs").send_message(QueueUrl=url, MessageBody="mine")
    gone = "AWS.SimpleQueueService.NonExistentQueue"
    assert refused(lambda: world.client("sqs").get_queue_url(QueueName=name)) == gone
    theirs = world.client("sqs").create_queue(QueueName=name)["QueueUrl"]
    assert "Messages" not in world.client("sqs").receive_message(QueueUrl=theirs)
    found = moving.client("sqs").receive_message(QueueUrl=url)["Messages"]
    assert [one["Body"] for one in found] == ["mine"]
    world.client("sqs").delete_queue(QueueUrl=theirs)


def test_a_start_imports_no_service_before_it_is_asked_for() -> None:
    code = (
        "import sys; from valetkey.localaws import LocalAws; LocalAws().start().stop(); "
        "print(sorted({m.split('.')[1] for m in sys.modules if m.startswith('moto.')} & "
        "{'sqs', 'ssm', 'ec2', 'secretsmanager', 'awslambda'}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"
