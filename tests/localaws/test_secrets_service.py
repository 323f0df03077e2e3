"""Secrets Manager behind the gate: one id, one secret, one decision; nothing of Bob's for Alice."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.localaws.aws_cli import Cli
from tests.localaws.refusals import DENIED, refused, said
from tests.localaws.world import ACCOUNT, REGION, World, allow

PREFIX = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:"

BROKER = f"arn:aws:iam::{ACCOUNT}:user/broker"

Call = Callable[[Any, str], Any]


def put(world: World, name: str, value: str = "v", **more: Any) -> str:
    """Make a secret as root and return its ARN."""
    root = world.client("secretsmanager")
    return str(root.create_secret(Name=name, SecretString=value, **more)["ARN"])


@pytest.fixture(scope="module")
def tenants(world: World) -> str:
    """A role that reaches secrets by the person's path, or by the tag of their owner."""
    trust = {
        "Effect": "Allow",
        "Principal": {"AWS": BROKER},
        "Action": ["sts:AssumeRole", "sts:TagSession"],
    }
    person = "${aws:PrincipalTag/user_id}"
    tagged = {"StringEquals": {"aws:ResourceTag/owner": person}}
    return world.role(
        "SecretTenants",
        [trust],
        allow("secretsmanager:*", f"{PREFIX}people/{person}/*"),
        allow(["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"], condition=tagged),
        allow("secretsmanager:BatchGetSecretValue"),
    )


@pytest.fixture(scope="module")
def person(world: World, tenants: str) -> Callable[[str], Any]:
    """Make a client of one person; both persons have a secret by path and one by tag."""
    for name in ("alice", "bob"):
        put(world, f"people/{name}/db", f"{name}-by-path")
        put(world, f"tagged-{name}", f"{name}-by-tag", Tags=[{"Key": "owner", "Value": name}])
    clients = {
        name: world.client("secretsmanager", world.assume(tenants, {"user_id": name}))
        for name in ("alice", "bob")
    }
    return lambda name: clients[name]


SECRET_CALLS: dict[str, Call] = {
    "GetSecretValue": lambda s, i: s.get_secret_value(SecretId=i),
    "DescribeSecret": lambda s, i: s.describe_secret(SecretId=i),
    "PutSecretValue": lambda s, i: s.put_secret_value(SecretId=i, SecretString="new"),
    "UpdateSecret": lambda s, i: s.update_secret(SecretId=i, Description="new"),
    "ListSecretVersionIds": lambda s, i: s.list_secret_version_ids(SecretId=i),
    "TagResource": lambda s, i: s.tag_resource(SecretId=i, Tags=[{"Key": "k", "Value": "v"}]),
    "UntagResource": lambda s, i: s.untag_resource(SecretId=i, TagKeys=["k"]),
    "GetResourcePolicy": lambda s, i: s.get_resource_policy(SecretId=i),
    "DeleteResourcePolicy": lambda s, i: s.delete_resource_policy(SecretId=i),
    "DeleteSecret": lambda s, i: s.delete_secret(SecretId=i),
    "RestoreSecret": lambda s, i: s.restore_secret(SecretId=i),
}


@pytest.mark.parametrize("operation", SECRET_CALLS)
def test_each_person_reaches_their_own_path_only(
    world: World, person: Callable[[str], Any], operation: str
) -> None:
    call = SECRET_CALLS[operation]
    own, other = f"people/alice/{operation}", f"people/bob/{operation}"
    put(world, own)
    put(world, other)
    assert refused(lambda: call(person("alice"), other)) == DENIED
    assert refused(lambda: call(person("bob"), own)) == DENIED
    call(person("alice"), own)


def test_a_resource_tag_opens_its_owner_s_secret_only(person: Callable[[str], Any]) -> None:
    found = person("alice").get_secret_value(SecretId="tagged-alice")
    assert found["SecretString"] == "alice-by-tag"
    assert refused(lambda: person("alice").get_secret_value(SecretId="tagged-bob")) == DENIED


def test_a_batch_answers_each_secret_by_its_own_decision(person: Callable[[str], Any]) -> None:
    ids = ["people/alice/db", "people/bob/db", "tagged-bob", "tagged-alice", "not-there", "a:b"]
    found = person("alice").batch_get_secret_value(SecretIdList=ids)
    assert {row["Name"] for row in found["SecretValues"]} == {"people/alice/db", "tagged-alice"}
    assert {row["SecretId"]: row["ErrorCode"] for row in found["Errors"]} == {
        "people/bob/db": DENIED,
        "tagged-bob": DENIED,
        "not-there": DENIED,
        "a:b": "ValidationException",
    }
    assert "bob-by" not in str(found)


def test_a_batch_needs_its_own_right(world: World, person: Callable[[str], Any]) -> None:
    one_by_one = world.user("one-by-one", allow("secretsmanager:GetSecretValue"))
    client = world.client("secretsmanager", one_by_one)
    client.get_secret_value(SecretId="tagged-alice")
    refusal = refused(lambda: client.batch_get_secret_value(SecretIdList=["tagged-alice"]))
    assert refusal == DENIED


@pytest.mark.parametrize("prefix", ["aws:ResourceTag", "secretsmanager:ResourceTag"])
def test_both_spellings_of_a_resource_tag_are_seen(
    world: World, person: Callable[[str], Any], prefix: str
) -> None:
    tagged = {"StringEquals": {f"{prefix}/owner": "alice"}}
    keys = world.user(f"by-{prefix[:3]}", allow("secretsmanager:GetSecretValue", condition=tagged))
    client = world.client("secretsmanager", keys)
    assert client.get_secret_value(SecretId="tagged-alice")
    assert refused(lambda: client.get_secret_value(SecretId="tagged-bob")) == DENIED


def test_a_filtered_batch_needs_the_right_to_list(
    world: World, person: Callable[[str], Any]
) -> None:
    by_name = [{"Key": "name", "Values": ["tagged-"]}]
    assert refused(lambda: person("alice").batch_get_secret_value(Filters=by_name)) == DENIED
    right = ["secretsmanager:BatchGetSecretValue", "secretsmanager:ListSecrets"]
    mine = allow("secretsmanager:GetSecretValue", f"{PREFIX}tagged-alice-*")
    lister = world.client("secretsmanager", world.user("batch-lister", allow(right), mine))
    found = lister.batch_get_secret_value(Filters=by_name, MaxResults=20)
    assert [row["SecretString"] for row in found["SecretValues"]] == ["alice-by-tag"]
    assert {row["ErrorCode"] for row in found["Errors"]} == {DENIED}
    assert "bob-by" not in str(found)


def test_a_listing_is_all_or_nothing_and_shows_no_value(
    world: World, person: Callable[[str], Any]
) -> None:
    assert refused(lambda: person("alice").list_secrets()) == DENIED
    lister = world.client("secretsmanager", world.user("l", allow("secretsmanager:ListSecrets")))
    both = ["people/alice/db", "people/bob/db"]
    listed = lister.list_secrets(Filters=[{"Key": "name", "Values": both}])
    assert sorted(row["Name"] for row in listed["SecretList"]) == both
    assert "by-path" not in str(listed)


@pytest.mark.parametrize("form", ["name", "whole ARN", "ARN without suffix"])
def test_every_form_of_an_id_is_decided_on_the_one_arn(world: World, form: str) -> None:
    arn = put(world, f"forms/{form.split(maxsplit=1)[0]}-{len(form)}")
    name = arn.removeprefix(PREFIX)[:-7]
    given = {"name": name, "whole ARN": arn, "ARN without suffix": arn[:-7]}[form]
    exact = world.user(f"exact-{len(form)}", allow("secretsmanager:GetSecretValue", arn))
    client = world.client("secretsmanager", exact)
    assert client.get_secret_value(SecretId=given)["ARN"] == arn
    near = world.user(f"near-{len(form)}", allow("secretsmanager:GetSecretValue", arn[:-7]))
    client = world.client("secretsmanager", near)
    assert refused(lambda: client.get_secret_value(SecretId=given)) == DENIED


def test_a_name_that_looks_like_another_s_arn_is_itself(world: World) -> None:
    """The name `twin-AbCdEf` is what a policy for the secret `twin` may seem to mean."""
    first = put(world, "twin", "first")
    suffix = first[-6:]
    second = put(world, f"twin-{suffix}", "second")
    keys = world.user("twin-reader", allow("secretsmanager:GetSecretValue", first))
    client = world.client("secretsmanager", keys)
    assert client.get_secret_value(SecretId=first)["SecretString"] == "first"
    assert refused(lambda: client.get_secret_value(SecretId=f"twin-{suffix}")) == DENIED
    assert refused(lambda: client.get_secret_value(SecretId=second)) == DENIED
    root = world.client("secretsmanager")
    assert root.get_secret_value(SecretId=f"twin-{suffix}")["SecretString"] == "second"


def test_a_denial_does_not_tell_whether_the_secret_is_there(
    world: World, person: Callable[[str], Any]
) -> None:
    alice = person("alice")
    there = said(lambda: alice.get_secret_value(SecretId="people/bob/db"))
    absent = said(lambda: alice.get_secret_value(SecretId="people/bob/xx"))
    assert there == absent.replace("people/bob/xx", "people/bob/db")
    root = world.client("secretsmanager")
    unknown = refused(lambda: root.get_secret_value(SecretId="people/bob/xx"))
    assert unknown == "ResourceNotFoundException"


FOREIGN = {
    "another account": f"arn:aws:secretsmanager:{REGION}:999999999999:secret:people/alice/db",
    "another region": f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:people/alice/db",
    "another partition": f"arn:aws-cn:secretsmanager:{REGION}:{ACCOUNT}:secret:people/alice/db",
    "another service": f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/people/alice/db",
    "an ARN in an ARN": f"{PREFIX}{PREFIX}people/alice/db",
    "only the prefix": PREFIX,
    "a wildcard": f"{PREFIX}people/alice/*",
    "a question mark": "people/alice/d?",
    "another script": "people/alice/dƄ",
    "a new line": "people/alice/db\n",
    "a null": "people/alice/db\0",
    "a variable": "people/${aws:PrincipalTag/user_id}/db",
    "percent signs": "people%2Falice%2Fdb",
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_what_is_no_id_of_this_account_reaches_nothing(world: World, kind: str) -> None:
    root = world.client("secretsmanager")
    assert refused(lambda: root.get_secret_value(SecretId=FOREIGN[kind])) == "ValidationException"


@pytest.mark.parametrize("name", ["people/alice/../bob/db", "people//bob/db", "people/bob/db/"])
def test_dots_and_slashes_in_a_name_are_only_letters(
    world: World, person: Callable[[str], Any], name: str
) -> None:
    root = world.client("secretsmanager")
    missing = refused(lambda: root.get_secret_value(SecretId=name))
    assert missing == "ResourceNotFoundException"
    bobs = {"ResourceNotFoundException", DENIED}
    assert refused(lambda: person("alice").get_secret_value(SecretId=name)) in bobs


def test_the_aws_cli_reads_its_own_and_is_denied_the_rest(
    world: World, tenants: str, person: Callable[[str], Any]
) -> None:
    cli = Cli(world, world.assume(tenants, {"user_id": "alice"}))
    own = cli("secretsmanager", "get-secret-value", "--secret-id", "tagged-alice")
    assert json.loads(own.stdout)["SecretString"] == "alice-by-tag"
    other = cli("secretsmanager", "get-secret-value", "--secret-id", "tagged-bob")
    assert other.returncode != 0
    assert DENIED in other.stderr
    assert "bob-by-tag" not in other.stdout
