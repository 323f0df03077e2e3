"""Lambda behind the gate: functions by ARN and qualifier, by tag and by their own policy."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.localaws.aws_cli import Cli
from tests.localaws.world import ACCOUNT, REGION, World, allow, code_of
from valetkey.localaws import Invocation, LocalAws, LocalAwsError
from valetkey.localaws.faults import AwsError
from valetkey.localaws.http import Incoming
from valetkey.localaws.lambda_request import ACTIONS, lambda_operation

DENIED = "AccessDeniedException"
MISSING = "ResourceNotFoundException"
INVALID = "InvalidParameterValueException"
ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:"


def refused(call: Callable[[], Any]) -> str:
    """Return the code with which the call is refused."""
    with pytest.raises(ClientError) as caught:
        call()
    return code_of(caught.value)


def told(answer: Any) -> Any:
    """Return what an invocation answered."""
    return json.loads(answer["Payload"].read())


@pytest.fixture(scope="module")
def ran(world: World) -> Iterator[list[Invocation]]:
    """Alice's and Bob's functions, tagged, which write down each invocation that ran."""
    found: list[Invocation] = []

    def answer(event: Any, invocation: Invocation) -> Any:
        found.append(invocation)
        return {"event": event, "arn": invocation.function_arn}

    for person in ("alice", "bob"):
        world.aws.add_function(
            f"agent-{person}", answer, tags={"user_id": person}, qualifiers=["live", "1"]
        )
    yield found


@pytest.fixture(scope="module")
def tenant(world: World) -> str:
    """A role whose sessions may do all to the function that their tag names."""
    broker = f"arn:aws:iam::{ACCOUNT}:user/broker"
    return world.role(
        "FunctionTenant",
        [{"Effect": "Allow", "Principal": {"AWS": broker},
          "Action": ["sts:AssumeRole", "sts:TagSession"]}],
        allow("lambda:*", f"{ARN}agent-${{aws:PrincipalTag/user_id}}"),
    )  # fmt: skip


@pytest.fixture(scope="module")
def alice(world: World, tenant: str) -> Any:
    """A client of Alice's session."""
    return world.client("lambda", world.assume(tenant, {"user_id": "alice"}))


def calls_on(client: Any, name: str) -> dict[str, Callable[[], Any]]:
    """Return each operation on one function."""
    arn = f"{ARN}{name}"
    return {
        "Invoke": lambda: client.invoke(FunctionName=name),
        "GetFunction": lambda: client.get_function(FunctionName=name),
        "GetFunctionConfiguration": lambda: client.get_function_configuration(FunctionName=name),
        "GetPolicy": lambda: client.get_policy(FunctionName=name),
        "AddPermission": lambda: client.add_permission(
            FunctionName=name, StatementId="s", Action="lambda:InvokeFunction", Principal="*"
        ),
        "RemovePermission": lambda: client.remove_permission(FunctionName=name, StatementId="s"),
        "ListTags": lambda: client.list_tags(Resource=arn),
        "TagResource": lambda: client.tag_resource(Resource=arn, Tags={"user_id": "alice"}),
        "UntagResource": lambda: client.untag_resource(Resource=arn, TagKeys=["user_id"]),
        "ListFunctions": client.list_functions,
    }


@pytest.mark.parametrize("operation", sorted(ACTIONS))
def test_a_tenant_reaches_no_operation_on_anothers_function(
    alice: Any, ran: list[Invocation], operation: str
) -> None:
    before = len(ran)
    for name in ("agent-bob", "agent-absent"):
        assert refused(calls_on(alice, name)[operation]) == DENIED
    assert len(ran) == before


def test_a_tenant_invokes_the_function_that_its_tag_names(
    alice: Any, ran: list[Invocation]
) -> None:
    found = told(alice.invoke(FunctionName="agent-alice", Payload=b'{"a": 1}'))
    assert found == {"event": {"a": 1}, "arn": f"{ARN}agent-alice"}
    assert ran[-1].caller_arn.startswith(f"arn:aws:sts::{ACCOUNT}:assumed-role/FunctionTenant/")
    assert ran[-1].request_type == "RequestResponse"


def test_a_session_without_the_tag_has_no_function(
    world: World, tenant: str, ran: list[Invocation]
) -> None:
    before = len(ran)
    untagged = world.client("lambda", world.assume(tenant))
    for name in ("agent-alice", "agent-bob"):
        assert refused(calls_on(untagged, name)["Invoke"]) == DENIED
    assert len(ran) == before


FORMS = [
    "agent-bob",
    f"{ACCOUNT}:function:agent-bob",
    f"{ARN}agent-bob",
    "agent-bob:live",
    f"{ACCOUNT}:function:agent-bob:1",
    f"{ARN}agent-bob:$LATEST",
    "agent-alice:live",
    f"{ARN}agent-alice:$LATEST",
    f"{ARN}agent-alice:1",
]


@pytest.mark.parametrize("form", FORMS)
def test_no_way_of_naming_opens_what_the_plain_name_does_not(
    alice: Any, ran: list[Invocation], form: str
) -> None:
    before = len(ran)
    assert refused(lambda: alice.invoke(FunctionName=form)) == DENIED
    assert len(ran) == before


def test_the_qualifier_is_part_of_the_resource(world: World, ran: list[Invocation]) -> None:
    live = world.client(
        "lambda", world.user("live-only", allow("lambda:InvokeFunction", f"{ARN}agent-bob:live"))
    )
    assert told(live.invoke(FunctionName="agent-bob:live"))["arn"] == f"{ARN}agent-bob:live"
    live.invoke(FunctionName="agent-bob", Qualifier="live")
    live.invoke(FunctionName=f"{ARN}agent-bob:live", Qualifier="live")
    for more in ({}, {"Qualifier": "1"}, {"Qualifier": "$LATEST"}):
        call = lambda more=more: live.invoke(FunctionName="agent-bob", **more)  # noqa: E731
        assert refused(call) == DENIED
    absent = {"FunctionName": "agent-bob", "Qualifier": "gone"}
    assert refused(lambda: world.client("lambda").invoke(**absent)) == MISSING
    assert ran


@pytest.mark.parametrize(
    ("name", "qualifier", "code"),
    [
        ("agent-bob:live", "1", INVALID),
        (f"{ARN}agent-bob:live", "$LATEST", INVALID),
        ("function:agent-bob", None, INVALID),
        ("111122223333:agent-bob", None, INVALID),
        ("eu-west-1:agent-bob", None, INVALID),
        ("agent-bob:live:1", None, INVALID),
        ("agent-bob:", None, INVALID),
        ("agent bob", None, INVALID),
        ("agent-bob\n", None, INVALID),
        ("x" * 65, None, INVALID),
        ("999999999999:function:agent-bob", None, DENIED),
        (f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:agent-bob", None, DENIED),
        (f"arn:aws:sqs:{REGION}:{ACCOUNT}:function:agent-bob", None, INVALID),
        (f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:agent-bob", None, INVALID),
        ("agent-bob", "a b", INVALID),
        ("agent-bob", "$latest", INVALID),
    ],
)
def test_a_name_with_two_readings_or_of_elsewhere_is_refused(
    world: World, ran: list[Invocation], name: str, qualifier: str | None, code: str
) -> None:
    before = len(ran)
    more = {} if qualifier is None else {"Qualifier": qualifier}
    client = world.client("lambda", parameter_validation=False)
    assert refused(lambda: client.invoke(FunctionName=name, **more)) == code
    assert len(ran) == before


def test_the_resource_tag_decides_for_all_qualifiers(world: World, ran: list[Invocation]) -> None:
    rule = {"StringEquals": {"aws:ResourceTag/user_id": "alice"}}
    mine = world.client("lambda", world.user("fn-by-tag", allow("lambda:*", condition=rule)))
    mine.invoke(FunctionName="agent-alice")
    mine.invoke(FunctionName="agent-alice:live")
    for name in ("agent-bob", "agent-bob:live", "agent-absent"):
        assert refused(calls_on(mine, name)["Invoke"]) == DENIED
    assert refused(calls_on(mine, "agent-bob")["TagResource"]) == DENIED  # nor tag itself in
    assert ran


def test_the_functions_policy_opens_its_own_arn_only(world: World, ran: list[Invocation]) -> None:
    world.aws.add_function("shared", {"ok": True}, qualifiers=["live"])
    keys = world.user("fn-guest")
    guest, root = world.client("lambda", keys), world.client("lambda")
    assert refused(calls_on(guest, "shared")["Invoke"]) == DENIED
    grant = {
        "StatementId": "guest",
        "Action": "lambda:InvokeFunction",
        "Principal": f"arn:aws:iam::{ACCOUNT}:user/fn-guest",
    }
    root.add_permission(FunctionName="shared", Qualifier="live", **grant)
    assert told(guest.invoke(FunctionName="shared:live")) == {"ok": True}
    assert refused(calls_on(guest, "shared")["Invoke"]) == DENIED
    assert refused(calls_on(root, "shared")["GetPolicy"]) == MISSING
    again = {"FunctionName": "shared", "Qualifier": "live", **grant}
    assert refused(lambda: root.add_permission(**again)) == "ResourceConflictException"
    text = root.get_policy(FunctionName="shared", Qualifier="live")["Policy"]
    assert json.loads(text)["Statement"][0]["Resource"] == f"{ARN}shared:live"
    root.remove_permission(FunctionName="shared", Qualifier="live", StatementId="guest")
    assert refused(lambda: guest.invoke(FunctionName="shared:live")) == DENIED


def test_a_services_permission_does_not_open_the_function_to_others(world: World) -> None:
    world.aws.add_function("for-s3", 1)
    root = world.client("lambda")
    source = {"SourceArn": "arn:aws:s3:::b", "SourceAccount": ACCOUNT}
    root.add_permission(
        FunctionName="for-s3", StatementId="s3", Action="lambda:InvokeFunction",
        Principal="s3.amazonaws.com", **source,
    )  # fmt: skip
    guest = world.client("lambda", world.user("fn-other"))
    assert refused(calls_on(guest, "for-s3")["Invoke"]) == DENIED
    statement = json.loads(root.get_policy(FunctionName="for-s3")["Policy"])["Statement"][0]
    assert statement["Principal"] == {"Service": "s3.amazonaws.com"}
    assert statement["Condition"]["StringEquals"] == {"AWS:SourceAccount": ACCOUNT}


def test_whom_a_permission_is_for_can_be_bound(world: World) -> None:
    world.aws.add_function("bound", 1)
    rule = {"StringEquals": {"lambda:Principal": "s3.amazonaws.com"}}
    actions = ["lambda:AddPermission", "lambda:RemovePermission"]
    grants = world.client("lambda", world.user("fn-granter", allow(actions, condition=rule)))
    add = {"FunctionName": "bound", "Action": "lambda:InvokeFunction"}
    grants.add_permission(StatementId="a", Principal="s3.amazonaws.com", **add)
    world.client("lambda").add_permission(StatementId="b", Principal=ACCOUNT, **add)
    more = {"StatementId": "c", "Principal": "*", **add}
    assert refused(lambda: grants.add_permission(**more)) == DENIED
    other = {"FunctionName": "bound", "StatementId": "b"}
    assert refused(lambda: grants.remove_permission(**other)) == DENIED
    grants.remove_permission(FunctionName="bound", StatementId="a")


def test_a_dry_run_and_an_event_tell_nothing_back(world: World, ran: list[Invocation]) -> None:
    client, before = world.client("lambda"), len(ran)
    dry = client.invoke(FunctionName="agent-alice", InvocationType="DryRun")
    assert dry["StatusCode"] == 204 and len(ran) == before
    event = client.invoke(FunctionName="agent-alice", InvocationType="Event")
    assert event["StatusCode"] == 202 and event["Payload"].read() == b""
    assert ran[-1].request_type == "Event"
    denied = world.client("lambda", world.user("fn-nobody"))
    for kind in ("DryRun", "Event"):
        call = lambda kind=kind: denied.invoke(FunctionName="agent-alice", InvocationType=kind)  # noqa: E731
        assert refused(call) == DENIED
    odd = {"FunctionName": "agent-alice", "InvocationType": "dryrun"}
    assert refused(lambda: client.invoke(**odd)) == INVALID


def test_a_function_may_call_the_local_aws_while_it_runs(world: World) -> None:
    keys = world.user("fn-role", allow("dynamodb:ListTables"))

    def answer(event: Any, invocation: Invocation) -> Any:
        return world.client("dynamodb", keys).list_tables()["TableNames"]

    world.aws.add_function("calls-back", answer)
    assert "TaskEvents" in told(world.client("lambda").invoke(FunctionName="calls-back"))


def test_an_answer_above_the_quota_is_a_failure_that_says_so(world: World) -> None:
    world.aws.add_function("large", lambda event, context: "x" * event)
    client = world.client("lambda")
    limit = 6 * 1024 * 1024
    fits = client.invoke(FunctionName="large", Payload=str(limit - 2).encode())
    assert "FunctionError" not in fits and len(fits["Payload"].read()) == limit
    found = client.invoke(FunctionName="large", Payload=str(limit - 1).encode())
    assert found["FunctionError"] == "Unhandled"
    assert json.loads(found["Payload"].read())["errorType"] == "Function.ResponseSizeTooLarge"


@pytest.mark.parametrize("payload", [b"{", b'{"a":1,"a":2}', b"NaN", b"\xff"])
def test_an_event_with_two_readings_is_refused(
    world: World, ran: list[Invocation], payload: bytes
) -> None:
    before = len(ran)
    call = {"FunctionName": "agent-alice", "Payload": payload}
    code = refused(lambda: world.client("lambda").invoke(**call))
    assert code == "InvalidRequestContentException" and len(ran) == before


def test_code_is_not_deployed_and_the_error_says_what_to_do(world: World) -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role/x"
    with pytest.raises(ClientError, match="add_function") as caught:
        world.client("lambda").create_function(
            FunctionName="new", Role=role, Code={"ZipFile": b"x"}
        )
    assert code_of(caught.value) == "UnknownOperationException"


@pytest.mark.parametrize(
    ("method", "path", "query", "headers", "body"),
    [
        ("GET", "/2015-03-31/functions/f/invocations", {}, {}, b""),
        ("PUT", "/2015-03-31/functions/f/code", {}, {}, b""),
        ("POST", "/2015-03-31/functions/f/g/invocations", {}, {}, b""),
        ("POST", "//2015-03-31/functions/f/invocations", {}, {}, b""),
        ("POST", "/2015-03-31/functions/f/invocations/", {}, {}, b""),
        ("POST", "/2021-11-15/functions/f/response-streaming-invocations", {}, {}, b""),
        ("POST", "/2014-11-13/functions/f/invoke-async", {}, {}, b"{}"),
        ("POST", "/2015-03-31/functions/f/invocations", {"FunctionName": "g"}, {}, b""),
        ("POST", "/2015-03-31/functions/f/invocations", {"qualifier": "g"}, {}, b""),
        ("POST", "/2015-03-31/functions/f/invocations", {}, {"x-amz-tenant-id": "b"}, b""),
        ("POST", "/2015-03-31/functions/f/invocations", {}, {"content-encoding": "gzip"}, b""),
        ("POST", "/2015-03-31/functions/f/policy", {}, {}, b'{"FunctionName":"g"}'),
        ("POST", "/2015-03-31/functions/f/policy", {}, {}, b'{"Qualifier":"g"}'),
        ("POST", "/2015-03-31/functions/f/policy", {}, {},
         b'{"StatementId":"a","Action":"a","Principal":"*","Principal":"b"}'),
        ("POST", "/2017-03-31/tags/r", {}, {}, b'{"Tags":{"a":1}}'),
        ("GET", "/2015-03-31/functions/f", {}, {}, b'{"Qualifier":"x"}'),
    ],
)  # fmt: skip
def test_a_request_that_is_no_operation_is_refused(
    method: str, path: str, query: dict[str, str], headers: dict[str, str], body: bytes
) -> None:
    with pytest.raises(AwsError) as caught:
        lambda_operation(Incoming(method, path, query, headers, body, "127.0.0.1"))
    expected = {"UnknownOperationException", INVALID, "SerializationException"}
    assert caught.value.code in expected


def test_a_functions_tags_are_told_to_those_alone_who_may_list_them(
    world: World, ran: list[Invocation]
) -> None:
    named = {"FunctionName": "agent-alice"}
    blind = world.client("lambda", world.user("fn-tagless", allow("lambda:GetFunction")))
    found = blind.get_function(**named)
    assert found["Configuration"]["FunctionName"] == "agent-alice" and "Tags" not in found
    assert world.client("lambda").get_function(**named)["Tags"]


def test_tags_stand_on_the_function_alone(world: World, ran: list[Invocation]) -> None:
    client = world.client("lambda", parameter_validation=False)
    assert ran is not None
    for resource in ("agent-alice", f"{ARN}agent-alice:live", f"{ACCOUNT}:function:agent-alice"):
        assert refused(lambda resource=resource: client.list_tags(Resource=resource)) == INVALID  # type: ignore[misc]
    world.aws.add_function("tagged", 1, tags={"a": "1"})
    client.tag_resource(Resource=f"{ARN}tagged", Tags={"b": "2"})
    for tags in ({"A": "2"}, {"aws:x": "1"}, {"x": "1" * 257}):
        put = {"Resource": f"{ARN}tagged", "Tags": tags}
        assert refused(lambda put=put: client.tag_resource(**put)) == INVALID  # type: ignore[misc]
    client.untag_resource(Resource=f"{ARN}tagged", TagKeys=["a"])
    assert client.get_function(FunctionName="tagged")["Tags"] == {"b": "2"}


def test_functions_are_listed_in_pages(world: World, ran: list[Invocation]) -> None:
    assert ran is not None
    client = world.client("lambda")
    names = [one["FunctionName"] for one in client.list_functions()["Functions"]]
    found: list[str] = []
    for page in client.get_paginator("list_functions").paginate(PaginationConfig={"PageSize": 2}):
        found += [one["FunctionName"] for one in page["Functions"]]
    assert found == names == sorted(names) and "agent-alice" in names


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("a b", {}), ("", {}), ("x" * 65, {}), ("taken", {}),
        ("ok", {"qualifiers": ["$LATEST"]}), ("ok", {"qualifiers": ["a:b"]}),
        ("ok", {"tags": {"a": "1", "A": "2"}}), ("ok", {"tags": {"aws:a": "1"}}),
    ],
)  # fmt: skip
def test_a_function_is_registered_as_aws_would_take_it(name: str, more: dict[str, Any]) -> None:
    aws = LocalAws()
    aws.add_function("taken", 1)
    with pytest.raises(LocalAwsError) as caught:
        aws.add_function(name, 1, **more)
    assert caught.value.code == "bad-function"


def test_two_of_one_account_share_no_function_and_a_stop_forgets_them(
    ran: list[Invocation],
) -> None:
    other = World()
    try:
        assert ran is not None
        assert refused(calls_on(other.client("lambda"), "agent-alice")["Invoke"]) == MISSING
        other.aws.add_function("gone", 1)
        other.client("lambda").add_permission(
            FunctionName="gone", StatementId="s", Action="lambda:InvokeFunction", Principal="*"
        )
        other.aws.stop()
        other.aws.start()
        assert refused(calls_on(other.client("lambda"), "gone")["Invoke"]) == MISSING
        assert other.aws.add_function("gone", 1) == f"{ARN}gone"
        assert refused(calls_on(other.client("lambda"), "gone")["GetPolicy"]) == MISSING
    finally:
        other.close()


def test_the_aws_cli_invokes_and_is_denied(
    world: World, tenant: str, ran: list[Invocation], tmp_path: Path
) -> None:
    cli = Cli(world, world.assume(tenant, {"user_id": "alice"}))
    out = tmp_path / "out"
    own = cli("lambda", "invoke", "--function-name", "agent-alice", str(out))
    assert json.loads(out.read_text())["arn"] == f"{ARN}agent-alice", own.stderr
    before = len(ran)
    other = cli("lambda", "invoke", "--function-name", f"{ARN}agent-bob", str(out))
    assert other.returncode != 0 and "(AccessDeniedException)" in other.stderr
    assert len(ran) == before


def test_calls_are_counted_by_operation(world: World, ran: list[Invocation]) -> None:
    before = world.aws.calls("lambda:Invoke")
    world.client("lambda").invoke(FunctionName="agent-alice")
    assert world.aws.calls("lambda:Invoke") == before + 1 and ran
