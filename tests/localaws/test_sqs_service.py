"""SQS behind the gate: queues by ARN, by tag and by their own policy, and no other way in."""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.localaws.aws_cli import Cli
from tests.localaws.world import ACCOUNT, REGION, World, allow, code_of, document
from valetkey.localaws.sqs_actions import OPERATIONS

DENIED = "AccessDenied"
GONE = "AWS.SimpleQueueService.NonExistentQueue"
ARN = f"arn:aws:sqs:{REGION}:{ACCOUNT}:"
ALL = [f"sqs:{action}" for action in sorted(set(OPERATIONS.values()))]


def refused(call: Callable[[], Any]) -> str:
    """Return the code with which the call is refused."""
    with pytest.raises(ClientError) as caught:
        call()
    return code_of(caught.value)


@pytest.fixture(scope="module")
def queues(world: World) -> Iterator[Mapping[str, str]]:
    """A queue of Alice's and one of Bob's, tagged, with a message in each; by person."""
    sqs = world.client("sqs")
    found = {}
    for person in ("alice", "bob"):
        made = sqs.create_queue(QueueName=f"work-{person}", tags={"user_id": person})
        found[person] = made["QueueUrl"]
        sqs.send_message(QueueUrl=made["QueueUrl"], MessageBody=f"for {person}")
    yield found


@pytest.fixture(scope="module")
def tenant(world: World) -> str:
    """A role whose sessions may use the queue that their tag names."""
    broker = f"arn:aws:iam::{ACCOUNT}:user/broker"
    return world.role(
        "QueueTenant",
        [{"Effect": "Allow", "Principal": {"AWS": broker},
          "Action": ["sts:AssumeRole", "sts:TagSession"]}],
        allow(ALL, f"{ARN}work-${{aws:PrincipalTag/user_id}}"),
    )  # fmt: skip


@pytest.fixture(scope="module")
def alice(world: World, tenant: str) -> Any:
    """A client of Alice's session."""
    return world.client("sqs", world.assume(tenant, {"user_id": "alice"}))


def calls_on(sqs: Any, url: str) -> dict[str, Callable[[], Any]]:
    """Return each operation on one queue."""
    entry = {"Id": "1", "ReceiptHandle": "none"}
    return {
        "AddPermission": lambda: sqs.add_permission(
            QueueUrl=url, Label="l", AWSAccountIds=[ACCOUNT], Actions=["SendMessage"]
        ),
        "ChangeMessageVisibility": lambda: sqs.change_message_visibility(
            QueueUrl=url, ReceiptHandle="none", VisibilityTimeout=0
        ),
        "ChangeMessageVisibilityBatch": lambda: sqs.change_message_visibility_batch(
            QueueUrl=url, Entries=[{**entry, "VisibilityTimeout": 0}]
        ),
        "CreateQueue": lambda: sqs.create_queue(QueueName=url.rpartition("/")[2]),
        "DeleteMessage": lambda: sqs.delete_message(QueueUrl=url, ReceiptHandle="none"),
        "DeleteMessageBatch": lambda: sqs.delete_message_batch(QueueUrl=url, Entries=[entry]),
        "DeleteQueue": lambda: sqs.delete_queue(QueueUrl=url),
        "GetQueueAttributes": lambda: sqs.get_queue_attributes(
            QueueUrl=url, AttributeNames=["All"]
        ),
        "GetQueueUrl": lambda: sqs.get_queue_url(QueueName=url.rpartition("/")[2]),
        "ListDeadLetterSourceQueues": lambda: sqs.list_dead_letter_source_queues(QueueUrl=url),
        "ListQueueTags": lambda: sqs.list_queue_tags(QueueUrl=url),
        "ListQueues": sqs.list_queues,
        "PurgeQueue": lambda: sqs.purge_queue(QueueUrl=url),
        "ReceiveMessage": lambda: sqs.receive_message(QueueUrl=url),
        "RemovePermission": lambda: sqs.remove_permission(QueueUrl=url, Label="l"),
        "SendMessage": lambda: sqs.send_message(QueueUrl=url, MessageBody="x"),
        "SendMessageBatch": lambda: sqs.send_message_batch(
            QueueUrl=url, Entries=[{"Id": "1", "MessageBody": "x"}]
        ),
        "SetQueueAttributes": lambda: sqs.set_queue_attributes(
            QueueUrl=url, Attributes={"DelaySeconds": "1"}
        ),
        "TagQueue": lambda: sqs.tag_queue(QueueUrl=url, Tags={"user_id": "alice"}),
        "UntagQueue": lambda: sqs.untag_queue(QueueUrl=url, TagKeys=["user_id"]),
    }


@pytest.mark.parametrize("operation", sorted(OPERATIONS))
def test_a_tenant_reaches_no_operation_on_anothers_queue(
    alice: Any, queues: Mapping[str, str], operation: str
) -> None:
    assert refused(calls_on(alice, queues["bob"])[operation]) == DENIED
    assert refused(calls_on(alice, f"{queues['bob']}-that-is-not-there")[operation]) == DENIED


def test_a_tenant_uses_the_queue_that_its_tag_names(alice: Any, queues: Mapping[str, str]) -> None:
    url = queues["alice"]
    alice.send_message(QueueUrl=url, MessageBody="more")
    bodies = []
    while messages := alice.receive_message(QueueUrl=url).get("Messages"):
        bodies += [message["Body"] for message in messages]
        alice.delete_message(QueueUrl=url, ReceiptHandle=messages[0]["ReceiptHandle"])
    assert "more" in bodies and "for bob" not in bodies
    assert alice.get_queue_url(QueueName="work-alice")["QueueUrl"] == url


def test_a_session_without_the_tag_has_no_queue(
    world: World, tenant: str, queues: Mapping[str, str]
) -> None:
    untagged = world.client("sqs", world.assume(tenant))
    for person in ("alice", "bob"):
        url = queues[person]
        assert refused(lambda url=url: untagged.receive_message(QueueUrl=url)) == DENIED  # type: ignore[misc]


@pytest.mark.parametrize("batch", ["SendMessageBatch", "DeleteMessageBatch"])
def test_the_single_action_allows_its_batch_and_there_is_no_batch_action(
    world: World, queues: Mapping[str, str], batch: str
) -> None:
    single = world.user(f"single-{batch}", allow(f"sqs:{batch.removesuffix('Batch')}"))
    named = world.user(f"named-{batch}", allow(f"sqs:{batch}"))
    calls_on(world.client("sqs", single), queues["alice"])[batch]()
    assert refused(calls_on(world.client("sqs", named), queues["alice"])[batch]) == DENIED


def test_the_resource_tag_decides(world: World) -> None:
    sqs = world.client("sqs")
    for person in ("alice", "bob"):
        sqs.create_queue(QueueName=f"tagged-{person}", tags={"owner": person})
    sqs.create_queue(QueueName="tagged-nobody")
    rule = {"StringEquals": {"aws:ResourceTag/owner": "alice"}}
    mine = world.client("sqs", world.user("by-tag", allow("sqs:*", condition=rule)))
    base = world.aws.endpoint + f"/{ACCOUNT}/tagged-"
    mine.send_message(QueueUrl=f"{base}alice", MessageBody="x")
    for name in ("bob", "nobody", "absent"):
        assert refused(calls_on(mine, base + name)["SendMessage"]) == DENIED
    assert refused(calls_on(mine, f"{base}bob")["TagQueue"]) == DENIED  # it can't tag itself in
    assert refused(lambda: mine.create_queue(QueueName="tagged-new", tags={"owner": "alice"})) == (
        DENIED
    )
    sqs.untag_queue(QueueUrl=f"{base}alice", TagKeys=["owner"])
    assert refused(calls_on(mine, f"{base}alice")["SendMessage"]) == DENIED


def test_tags_at_creation_need_the_action_that_tags(world: World) -> None:
    only = world.client("sqs", world.user("creates-queues", allow("sqs:CreateQueue")))
    only.create_queue(QueueName="untagged-creation")
    assert refused(lambda: only.create_queue(QueueName="t-creation", tags={"a": "b"})) == DENIED
    rule = {"StringEquals": {"aws:RequestTag/owner": "alice"}}
    both = ["sqs:CreateQueue", "sqs:TagQueue"]
    bound = world.client("sqs", world.user("creates-tagged", allow(both, condition=rule)))
    bound.create_queue(QueueName="t-creation", tags={"owner": "alice"})
    assert refused(lambda: bound.create_queue(QueueName="t-other", tags={"owner": "b"})) == DENIED


def test_creating_again_changes_neither_tags_nor_policy(world: World) -> None:
    sqs = world.client("sqs")
    url = sqs.create_queue(QueueName="again", tags={"owner": "alice"})["QueueUrl"]
    assert sqs.create_queue(QueueName="again", tags={"owner": "bob"})["QueueUrl"] == url
    assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"owner": "alice"}
    policy = document({**allow("sqs:*"), "Principal": "*"})
    again = {"QueueName": "again", "Attributes": {"Policy": policy}}
    assert refused(lambda: sqs.create_queue(**again)) == "QueueAlreadyExists"
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert "Policy" not in found


def test_the_queues_policy_lets_in_and_keeps_out(world: World) -> None:
    sqs = world.client("sqs")
    url = sqs.create_queue(QueueName="own-policy")["QueueUrl"]
    keys = world.user("named-by-the-queue")
    root_like = world.user("allowed-all", allow("sqs:*"))
    name = f"arn:aws:iam::{ACCOUNT}:user/named-by-the-queue"
    grant = {**allow("SQS:SendMessage", f"{ARN}own-policy"), "Principal": {"AWS": name}}
    deny = {**allow("sqs:ReceiveMessage", f"{ARN}own-policy"), "Principal": "*", "Effect": "Deny"}
    named = world.client("sqs", keys)
    assert refused(calls_on(named, url)["SendMessage"]) == DENIED
    policy = document(grant, deny)
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    named.send_message(QueueUrl=url, MessageBody="in")
    assert refused(calls_on(named, url)["ReceiveMessage"]) == DENIED
    allowed = world.client("sqs", root_like)
    assert refused(calls_on(allowed, url)["ReceiveMessage"]) == DENIED
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]
    assert found == {"Policy": policy}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": ""})
    assert refused(calls_on(named, url)["SendMessage"]) == DENIED
    assert allowed.receive_message(QueueUrl=url)["Messages"][0]["Body"] == "in"


def test_a_deleted_queues_policy_does_not_outlive_it(world: World) -> None:
    sqs = world.client("sqs")
    policy = document({**allow("sqs:*", f"{ARN}reborn"), "Principal": "*"})
    attributes = {"Policy": policy}
    url = sqs.create_queue(QueueName="reborn", Attributes=attributes)["QueueUrl"]
    other = world.client("sqs", world.user("reborn-user"))
    other.send_message(QueueUrl=url, MessageBody="x")
    sqs.delete_queue(QueueUrl=url)
    sqs.create_queue(QueueName="reborn")
    assert refused(calls_on(other, url)["SendMessage"]) == DENIED


@pytest.mark.parametrize(
    "policy", ["x", "{}", '{"Version":"2012-10-17","Statement":[],"Statement":[]}', "x" * 30_000]
)
def test_what_is_not_a_policy_is_not_put_on_a_queue(
    world: World, queues: Mapping[str, str], policy: str
) -> None:
    put = {"QueueUrl": queues["bob"], "Attributes": {"Policy": policy}}
    code = refused(lambda: world.client("sqs").set_queue_attributes(**put))
    assert code == "InvalidAttributeValue"


def test_add_permission_writes_a_statement_and_remove_permission_takes_it_out(
    world: World,
) -> None:
    sqs = world.client("sqs")
    url = sqs.create_queue(QueueName="permissions")["QueueUrl"]
    sqs.add_permission(QueueUrl=url, Label="a", AWSAccountIds=[ACCOUNT], Actions=["SendMessage"])
    again = {"QueueUrl": url, "Label": "a", "AWSAccountIds": [ACCOUNT], "Actions": ["*"]}
    assert refused(lambda: sqs.add_permission(**again)) == "InvalidParameterValue"
    owners = {**again, "Label": "b", "Actions": ["DeleteQueue"]}
    assert refused(lambda: sqs.add_permission(**owners)) == "InvalidParameterValue"
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]
    statement = json.loads(found["Policy"])["Statement"][0]
    assert statement["Resource"] == f"{ARN}permissions" and statement["Action"] == [
        "SQS:SendMessage"
    ]
    sqs.remove_permission(QueueUrl=url, Label="a")
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert "Policy" not in found
    gone = {"QueueUrl": url, "Label": "a"}
    assert refused(lambda: sqs.remove_permission(**gone)) == "InvalidParameterValue"


@pytest.mark.parametrize(
    "name",
    [
        "DelaySeconds ", "delayseconds", "Name", "name", "QueueArn", "Tags", "Permissions",
        "_messages", "DeadLetterQueue", "RedriveAllowPolicy", "KmsMasterKeyId", "FifoQueue",
        "_policy_json", "",
    ],
)  # fmt: skip
def test_an_attribute_that_a_queue_does_not_have_is_refused(
    world: World, queues: Mapping[str, str], name: str
) -> None:
    put = {"QueueUrl": queues["bob"], "Attributes": {name: "true"}}
    code = refused(lambda: world.client("sqs").set_queue_attributes(**put))
    assert code == "InvalidAttributeName"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DelaySeconds", "901"), ("DelaySeconds", "-1"), ("DelaySeconds", "\u0661"),
        ("VisibilityTimeout", "43201"), ("MessageRetentionPeriod", "1e9"),
        ("SqsManagedSseEnabled", "True"), ("RedrivePolicy", "5"), ("RedrivePolicy", "{}"),
        ("RedrivePolicy", '{"deadLetterTargetArn":"arn:aws:sqs:eu-west-1:999999999999:x",'
                          '"maxReceiveCount":1}'),
        ("RedrivePolicy", f'{{"deadLetterTargetArn":"{ARN}work-bob","maxReceiveCount":true}}'),
        ("RedrivePolicy", f'{{"deadLetterTargetArn":"{ARN}work-bob","maxReceiveCount":0}}'),
    ],
)  # fmt: skip
def test_an_attribute_out_of_its_bounds_is_refused(
    world: World, queues: Mapping[str, str], name: str, value: str
) -> None:
    put = {"QueueUrl": queues["alice"], "Attributes": {name: value}}
    code = refused(lambda: world.client("sqs").set_queue_attributes(**put))
    assert code == "InvalidAttributeValue"


def test_attributes_with_a_bad_policy_change_nothing(
    world: World, queues: Mapping[str, str]
) -> None:
    sqs, url = world.client("sqs"), queues["alice"]
    before = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    both = {"VisibilityTimeout": "77", "Policy": "{bad"}
    assert refused(lambda: sqs.set_queue_attributes(QueueUrl=url, Attributes=both)) == (
        "InvalidAttributeValue"
    )
    assert sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"] == before


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/{account}/work-bob",
        "{endpoint}/999999999999/work-bob",
        "{endpoint}/{account}/work-bob/",
        "{endpoint}/{account}/work%2Dbob",
        "{endpoint}/{account}/work-alice/../work-bob",
        "{endpoint}/{account}//work-bob",
        "{endpoint}/{account}/work-alice/work-bob",
        "{endpoint}/{account}/work-bob?x=work-alice",
        "{endpoint}/{account}/work-bob#work-alice",
        "{endpoint}/{account}/work-bob\n",
        "{endpoint}/{account}/ work-bob",
        "{endpoint}/work-bob",
        "work-bob",
        "/{account}/work-bob",
        "https://sqs.us-east-1.amazonaws.com/{account}/work-bob",
        "https://sqs.eu-west-1.amazonaws.com.example/{account}/work-bob",
        "HTTPS://sqs.eu-west-1.amazonaws.com/{account}/work-bob",
        "https://eu-west-1.queue.amazonaws.com/{account}/work-bob",
        "arn:aws:sqs:eu-west-1:{account}:work-bob",
    ],
)
def test_an_address_that_was_not_handed_out_reaches_no_queue(
    world: World, queues: Mapping[str, str], url: str
) -> None:
    assert queues["bob"]
    address = url.format(endpoint=world.aws.endpoint, account=ACCOUNT)
    sqs = world.client("sqs")
    assert refused(calls_on(sqs, address)["SendMessage"]) == "InvalidAddress"


def test_awss_own_address_of_a_queue_is_understood(world: World, queues: Mapping[str, str]) -> None:
    assert queues["alice"]
    address = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/work-alice"
    world.client("sqs").get_queue_attributes(QueueUrl=address)


@pytest.mark.parametrize("name", ["a b", "a/b", "a.b", "a\n", "", "x" * 81, "\u00e4", "a.fifo "])
def test_an_odd_queue_name_is_refused(world: World, name: str) -> None:
    sqs = world.client("sqs", parameter_validation=False)
    assert refused(lambda: sqs.create_queue(QueueName=name)) == "InvalidParameterValue"
    assert refused(lambda: sqs.get_queue_url(QueueName=name)) == "InvalidParameterValue"


def test_another_accounts_queue_is_not_there(world: World, queues: Mapping[str, str]) -> None:
    assert queues["bob"]
    other = {"QueueName": "work-bob", "QueueOwnerAWSAccountId": "999999999999"}
    assert refused(lambda: world.client("sqs").get_queue_url(**other)) == GONE


def test_a_queue_that_is_not_there_has_its_own_error(world: World) -> None:
    sqs = world.client("sqs")
    with pytest.raises(sqs.exceptions.QueueDoesNotExist) as caught:
        sqs.get_queue_url(QueueName="absent")
    assert code_of(caught.value) == GONE
    with pytest.raises(sqs.exceptions.QueueDoesNotExist):
        sqs.receive_message(QueueUrl=f"{world.aws.endpoint}/{ACCOUNT}/absent")


def test_a_long_poll_does_not_hold_up_the_others(world: World) -> None:
    sqs = world.client("sqs")
    attributes = {"ReceiveMessageWaitTimeSeconds": "20"}
    url = sqs.create_queue(QueueName="polled", Attributes=attributes)["QueueUrl"]
    begun = time.monotonic()
    polls = [
        threading.Thread(target=lambda: sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)),
        threading.Thread(target=lambda: sqs.receive_message(QueueUrl=url)),
    ]
    for poll in polls:
        poll.start()
    for poll in polls:
        poll.join()
    assert time.monotonic() - begun < 10


def test_a_message_says_who_sent_it(world: World, queues: Mapping[str, str]) -> None:
    url = world.client("sqs").create_queue(QueueName="senders")["QueueUrl"]
    assert queues["alice"]
    session = world.client(
        "sqs", world.assume(world.role("Sender", [
            {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:user/broker"},
             "Action": "sts:AssumeRole"}], allow("sqs:*")), RoleSessionName="vk-run-1"),
    )  # fmt: skip
    session.send_message(QueueUrl=url, MessageBody="one")
    session.send_message_batch(QueueUrl=url, Entries=[{"Id": "2", "MessageBody": "two"}])
    world.client("sqs").send_message(QueueUrl=url, MessageBody="three")
    found = world.client("sqs").receive_message(
        QueueUrl=url, AttributeNames=["SenderId"], MaxNumberOfMessages=10
    )["Messages"]
    senders = {message["Body"]: message["Attributes"]["SenderId"] for message in found}
    assert senders["one"] == senders["two"] and senders["one"].endswith(":vk-run-1")
    assert senders["three"] == ACCOUNT


def test_a_fifo_queue_keeps_the_order_of_a_group_and_drops_a_repetition(world: World) -> None:
    sqs = world.client("sqs")
    attributes = {"FifoQueue": "true", "ContentBasedDeduplication": "true"}
    url = sqs.create_queue(QueueName="ordered.fifo", Attributes=attributes)["QueueUrl"]
    for body in ("1", "2", "2", "3"):
        sqs.send_message(QueueUrl=url, MessageBody=body, MessageGroupId="g")
    found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    assert [message["Body"] for message in found] == ["1", "2", "3"]
    assert refused(lambda: sqs.create_queue(QueueName="ordered", Attributes=attributes)) == (
        "InvalidParameterValue"
    )
    assert refused(lambda: sqs.create_queue(QueueName="plain.fifo")) == "InvalidParameterValue"


def test_what_is_received_too_often_goes_to_the_dead_letter_queue(world: World) -> None:
    sqs = world.client("sqs")
    dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
    redrive = {"deadLetterTargetArn": f"{ARN}dead", "maxReceiveCount": 1}
    attributes = {"RedrivePolicy": json.dumps(redrive), "VisibilityTimeout": "0"}
    url = sqs.create_queue(QueueName="living", Attributes=attributes)["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="x")
    assert sqs.receive_message(QueueUrl=url)["Messages"]
    time.sleep(0.01)
    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    assert sqs.receive_message(QueueUrl=dead)["Messages"][0]["Body"] == "x"
    assert sqs.list_dead_letter_source_queues(QueueUrl=dead)["queueUrls"] == [url]


def test_queues_are_listed_by_their_literal_prefix_and_in_pages(moving: World) -> None:
    sqs = moving.client("sqs")
    for name in ("a-1", "a-2", "a-3", "b-1"):
        sqs.create_queue(QueueName=name)
    base = f"{moving.aws.endpoint}/{ACCOUNT}/"
    found = sqs.list_queues(QueueNamePrefix="a-")["QueueUrls"]
    assert found == [f"{base}a-1", f"{base}a-2", f"{base}a-3"]
    first = sqs.list_queues(MaxResults=3)
    assert first["QueueUrls"] == found
    rest = sqs.list_queues(MaxResults=3, NextToken=first["NextToken"])
    assert rest["QueueUrls"] == [f"{base}b-1"] and "NextToken" not in rest
    assert sqs.list_queues(QueueNamePrefix="..")["QueueUrls"] == []
    assert refused(lambda: sqs.list_queues(QueueNamePrefix=".*|")) == "InvalidParameterValue"


def test_a_tag_that_differs_by_case_alone_is_refused(world: World) -> None:
    sqs = world.client("sqs")
    url = sqs.create_queue(QueueName="cased", tags={"owner": "alice"})["QueueUrl"]
    for tags in ({"Owner": "bob"}, {"a": "1", "A": "2"}, {"aws:x": "1"}, {"": "1"}):
        put = {"QueueUrl": url, "Tags": tags}
        assert refused(lambda put=put: sqs.tag_queue(**put)) == "InvalidParameterValue"  # type: ignore[misc]
    sqs.tag_queue(QueueUrl=url, Tags={"owner": "carol"})
    assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"owner": "carol"}


def test_operations_that_are_not_modelled_are_refused(
    world: World, queues: Mapping[str, str]
) -> None:
    assert queues["alice"]
    sqs = world.client("sqs")
    code = "AWS.SimpleQueueService.UnsupportedOperation"
    assert refused(lambda: sqs.start_message_move_task(SourceArn=f"{ARN}work-alice")) == code
    assert refused(lambda: sqs.list_message_move_tasks(SourceArn=f"{ARN}work-alice")) == code


def test_the_aws_cli_sends_and_is_denied(
    world: World, tenant: str, queues: Mapping[str, str]
) -> None:
    cli = Cli(world, world.assume(tenant, {"user_id": "alice"}))
    here = ("--endpoint-url", world.aws.endpoint)  # the CLI's version 1 needs it for SQS
    mine = ("--queue-url", queues["alice"], "--message-body", "cli")
    sent = cli("sqs", "send-message", *mine, *here)
    assert sent.returncode == 0, sent.stderr
    assert json.loads(sent.stdout)["MessageId"]
    other = cli("sqs", "receive-message", "--queue-url", queues["bob"], *here)
    assert other.returncode != 0 and "(AccessDenied)" in other.stderr


def test_calls_are_counted_by_operation(world: World, queues: Mapping[str, str]) -> None:
    before = world.aws.calls("sqs:SendMessageBatch")
    calls_on(world.client("sqs"), queues["bob"])["SendMessageBatch"]()
    assert world.aws.calls("sqs:SendMessageBatch") == before + 1
