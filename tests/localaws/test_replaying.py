"""A witness is played with real SDK calls: what is true shows, what is not is denied."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from tests.localaws.world import ACCOUNT, REGION, allow, trust
from valetkey.localaws.replaying import play
from valetkey.localaws.replaying_outcome import Attempt, Document, Outcome, RolePlayed, Scene

AGENT = f"arn:aws:iam::{ACCOUNT}:role/agents/Agent"
BROKER = f"arn:aws:iam::{ACCOUNT}:role/ValetkeyBroker"
STRANGER = f"arn:aws:iam::{ACCOUNT}:role/Stranger"
PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/id.example.com"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/Agent/vk-a"
RUN = {"user_id": "alice", "valetkey_run": "r-a"}
BUCKET = "arn:aws:s3:::traces"
TABLE = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/Notes"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:work-bob"
SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:bob/key"
PARAMETER = f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/bob/key"
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:tool-bob"
LEADING = {"dynamodb:LeadingKeys": ("bob",)}
OPEN_TRUST = [
    trust(
        BROKER,
        "sts:AssumeRole",
        "sts:TagSession",
        StringLike={"aws:RequestTag/user_id": "?*"},
    ),
    trust(BROKER, "sts:SetSourceIdentity", StringLike={"sts:SourceIdentity": "r-*"}),
]


def written(*statements: Mapping[str, Any]) -> Document:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def scene(*statements: Mapping[str, Any], **more: Any) -> Scene:
    """An agent role that may do this, and that the broker may assume with tags."""
    given = {"trust": written(*OPEN_TRUST)} | more
    role = RolePlayed(AGENT, permissions=(("permissions", written(*statements)),), **given)
    return Scene((role,), brokers=(BROKER,))


def unasked(*statements: Mapping[str, Any], **more: Any) -> Scene:
    """A scene in which nobody may assume: the session is made past the trust policy, sooner."""
    return replace(scene(*statements, **more), brokers=())


def attempt(action: str, resource: str, **more: Any) -> Attempt:
    return Attempt(SESSION, AGENT, RUN, action, resource, **more)


# What the holes of the examples play is not played here again: see tests/isolation/test_holes.py.
READS = [
    ("s3:GetObjectVersion", f"{BUCKET}/bob/a", {}, Outcome.ARRIVED),
    ("dynamodb:BatchGetItem", TABLE, LEADING, Outcome.ARRIVED),
    ("dynamodb:ConditionCheckItem", TABLE, LEADING, Outcome.SHOWN),
    ("sqs:ReceiveMessage", QUEUE, {}, Outcome.ARRIVED),
    ("secretsmanager:GetSecretValue", f"{SECRET}-AbCdEf", {}, Outcome.ARRIVED),
    ("ssm:GetParametersByPath", PARAMETER, {}, Outcome.ARRIVED),
    ("lambda:InvokeFunction", FUNCTION, {}, Outcome.ARRIVED),
]
WRITES = [
    ("s3:PutObject", f"{BUCKET}/bob/a", {}),
    ("dynamodb:BatchWriteItem", TABLE, LEADING),
    ("sqs:DeleteMessage", QUEUE, {}),
    ("secretsmanager:PutSecretValue", SECRET, {}),
    ("ssm:PutParameter", PARAMETER, {}),
]


@pytest.mark.parametrize(("action", "resource", "context", "outcome"), READS)
def test_what_is_allowed_is_seen_to_arrive(
    action: str, resource: str, context: Mapping[str, Any], outcome: Outcome
) -> None:
    played = play(unasked(allow(action)), attempt(action, resource, context=context))
    assert played.outcome is outcome, played.said
    assert "past the trust policy" in played.said


@pytest.mark.parametrize(("action", "resource", "context"), WRITES)
def test_what_is_allowed_is_seen_to_land(
    action: str, resource: str, context: Mapping[str, Any]
) -> None:
    played = play(unasked(allow(action)), attempt(action, resource, context=context))
    assert played.outcome is Outcome.LANDED, played.said


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("dynamodb:GetItem", TABLE),
        ("lambda:InvokeFunction", FUNCTION),
    ],
)
def test_a_witness_that_is_not_true_is_denied(action: str, resource: str) -> None:
    own = allow(action, "arn:aws:*:*:*:*${aws:PrincipalTag/user_id}*")
    played = play(unasked(own), attempt(action, resource))
    assert played.outcome is Outcome.DENIED, played.said
    assert not played.allowed


def test_a_resource_policy_has_its_say() -> None:
    deny = {**allow("s3:GetObject", f"{BUCKET}/*"), "Effect": "Deny", "Principal": "*"}
    closed = unasked(allow("s3:GetObject"))
    closed = replace(closed, resource_policies={BUCKET: written(deny)})
    assert play(closed, attempt("s3:GetObject", f"{BUCKET}/bob/a")).outcome is Outcome.DENIED


def test_a_boundary_and_the_roles_own_tags_have_their_say() -> None:
    tagged = allow("sqs:ReceiveMessage", StringEquals={"aws:PrincipalTag/team": "blue"})
    wanted = attempt("sqs:ReceiveMessage", QUEUE)
    by_broker = play(scene(tagged, tags={"team": "blue"}), wanted)
    assert by_broker.outcome is Outcome.ARRIVED
    assert BROKER in by_broker.said  # the trust policy was asked
    bounded = unasked(allow("sqs:*"), boundary=written(allow("s3:*")))
    assert play(bounded, wanted).outcome is Outcome.DENIED


def test_a_denial_of_a_request_without_the_witness_keys_is_no_answer() -> None:
    here = allow("sqs:ReceiveMessage", IpAddress={"aws:SourceIp": "10.0.0.0/8"})
    wanted = attempt("sqs:ReceiveMessage", QUEUE, context={"aws:SourceIp": "10.0.0.1"})
    played = play(unasked(here), wanted)
    assert played.outcome is Outcome.NOT_PLAYED
    assert "aws:SourceIp = '10.0.0.1'" in played.said


def test_a_session_that_no_trust_admits_is_made_past_it_and_that_is_said() -> None:
    untagged = replace(attempt("sqs:ReceiveMessage", QUEUE), tags={})
    played = play(scene(allow("sqs:*")), untagged)
    assert played.outcome is Outcome.ARRIVED
    assert "past the trust policy" in played.said


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("kms:Decrypt", f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1"),
        ("bedrock:InvokeModel", f"arn:aws:bedrock:{REGION}::foundation-model/m"),
        ("s3:CreateJob", "*"),
        ("s3:GetObject", f"{BUCKET}"),
        ("s3:GetObject", "arn:aws:s3:::No_Bucket/y"),
        ("ssm:GetParameter", "*"),
    ],
)
def test_what_the_local_aws_does_not_have_is_said_and_is_no_answer(
    action: str, resource: str
) -> None:
    played = play(unasked(allow("*")), attempt(action, resource))
    assert played.outcome is Outcome.NOT_PLAYED
    assert not played.allowed


def test_a_key_that_no_item_has_is_not_asked_for() -> None:
    empty = attempt("dynamodb:GetItem", TABLE, context={"dynamodb:LeadingKeys": ("",)})
    assert play(unasked(allow("*")), empty).outcome is Outcome.NOT_PLAYED


def test_a_name_too_short_for_aws_is_made_longer_and_that_is_said() -> None:
    wanted = attempt("dynamodb:Query", f"{TABLE}/index/x", context=LEADING)
    played = play(unasked(allow("dynamodb:Query", f"{TABLE}/index/*")), wanted)
    assert played.outcome is Outcome.ARRIVED
    assert "/index/x-of-another" in played.said
    narrow = play(unasked(allow("dynamodb:Query", f"{TABLE}/index/x")), wanted)
    assert narrow.outcome is Outcome.NOT_PLAYED


def assuming(principal: str, role: str | None = None, **context: Any) -> Attempt:
    tags = {key.partition("/")[2]: value for key, value in context.items() if "/" in key}
    return Attempt(principal, role, tags, "sts:AssumeRole", AGENT, context)


def test_a_witness_of_a_trust_policy_is_the_assumption_itself() -> None:
    tagged = {"aws:RequestTag/user_id": "bob", "aws:RequestTag/valetkey_run": "r-b"}
    by_broker = assuming(f"arn:aws:sts::{ACCOUNT}:assumed-role/ValetkeyBroker/s", **tagged)
    assert play(scene(allow("s3:Get*")), by_broker).outcome is Outcome.GIVEN
    untagged = replace(by_broker, context={})
    assert play(scene(allow("s3:Get*")), untagged).outcome is Outcome.DENIED
    stranger = replace(by_broker, principal=f"arn:aws:sts::{ACCOUNT}:assumed-role/Stranger/s")
    wide = scene(allow("s3:Get*"), trust=written(trust(STRANGER, "sts:*")))
    assert play(wide, stranger).outcome is Outcome.GIVEN
    elsewhere = replace(by_broker, principal="arn:aws:sts::999999999999:assumed-role/X/s")
    assert play(scene(allow("s3:Get*")), elsewhere).outcome is Outcome.NOT_PLAYED


def test_a_run_that_chains_into_its_own_role_takes_its_run_with_it() -> None:
    own = trust(AGENT, "sts:AssumeRole", "sts:TagSession")
    asks = Attempt(SESSION, AGENT, RUN, "sts:AssumeRole", AGENT, {"aws:RequestTag/user_id": "bob"})
    assert play(scene(allow("s3:Get*"), trust=written(own)), asks).outcome is Outcome.GIVEN
    guarded = {**own, "Condition": {"StringLike": {"aws:RequestTag/valetkey_run": "r-*"}}}
    assert play(scene(allow("s3:Get*"), trust=written(guarded)), asks).outcome is Outcome.DENIED


def test_a_token_of_the_provider_is_brought_with_the_witness_claims() -> None:
    bound = {
        "Effect": "Allow",
        "Principal": {"Federated": PROVIDER},
        "Action": ["sts:AssumeRoleWithWebIdentity", "sts:TagSession"],
        "Condition": {"StringEquals": {"id.example.com:aud": "sts.amazonaws.com"}},
    }
    asks = Attempt(
        PROVIDER,
        None,
        {},
        "sts:AssumeRoleWithWebIdentity",
        AGENT,
        {
            "id.example.com:aud": "sts.amazonaws.com",
            "id.example.com:sub": "anybody",
            "aws:RequestTag/user_id": "bob",
        },
    )
    given = play(scene(allow("s3:Get*"), trust=written(bound)), asks)
    assert given.outcome is Outcome.GIVEN, given.said
    assert "user_id=bob" in given.said
    narrow = {
        **bound,
        "Condition": {
            "StringEquals": {
                "id.example.com:aud": "sts.amazonaws.com",
                "id.example.com:sub": "grant:notes",
            }
        },
    }
    assert play(scene(allow("s3:Get*"), trust=written(narrow)), asks).outcome is Outcome.DENIED
