"""Parameter Store behind the gate: names, paths and ARNs reach what was decided on, no more."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.localaws.aws_cli import Cli
from tests.localaws.refusals import DENIED, refused
from tests.localaws.world import ACCOUNT, REGION, World, allow

PREFIX = f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/"

BROKER = f"arn:aws:iam::{ACCOUNT}:user/broker"

Call = Callable[[Any, str], Any]


def put(world: World, name: str, value: str = "v", **more: Any) -> None:
    """Store a parameter as root."""
    more = {"Type": "String", **more}
    world.client("ssm").put_parameter(Name=name, Value=value, **more)


@pytest.fixture(scope="module")
def person(world: World) -> Callable[[str], Any]:
    """Make a client of one person, whose policy names their path and their tag."""
    trust = {
        "Effect": "Allow",
        "Principal": {"AWS": BROKER},
        "Action": ["sts:AssumeRole", "sts:TagSession"],
    }
    who = "${aws:PrincipalTag/user_id}"
    tagged = {"StringEquals": {"ssm:resourceTag/owner": who}}
    role = world.role(
        "ParameterTenants",
        [trust],
        allow("ssm:*", [f"{PREFIX}people/{who}", f"{PREFIX}people/{who}/*"]),
        allow("ssm:GetParameter*", condition=tagged),
    )
    for name in ("alice", "bob", "alice2"):
        put(world, f"/people/{name}/db", f"{name}-by-path")
        put(world, f"/people/{name}/deep/key", f"{name}-deep")
        tags = [{"Key": "owner", "Value": name}]
        put(world, f"tagged-{name}", f"{name}-by-tag", Tags=tags)
    clients = {
        name: world.client("ssm", world.assume(role, {"user_id": name}))
        for name in ("alice", "bob")
    }
    return lambda name: clients[name]


def tags_of(name: str) -> dict[str, str]:
    """Return the parameters that name a parameter whose tags are meant."""
    return {"ResourceType": "Parameter", "ResourceId": name}


PARAMETER_CALLS: dict[str, Call] = {
    "GetParameter": lambda s, n: s.get_parameter(Name=n),
    "GetParameter by ARN": lambda s, n: s.get_parameter(Name=PREFIX + n[1:]),
    "GetParameter by version": lambda s, n: s.get_parameter(Name=f"{n}:1"),
    "GetParameters": lambda s, n: s.get_parameters(Names=[n]),
    "GetParameterHistory": lambda s, n: s.get_parameter_history(Name=n),
    "PutParameter": lambda s, n: s.put_parameter(Name=n, Value="x", Overwrite=True),
    "LabelParameterVersion": lambda s, n: s.label_parameter_version(Name=n, Labels=["good"]),
    "UnlabelParameterVersion": lambda s, n: s.unlabel_parameter_version(
        Name=n, ParameterVersion=1, Labels=["good"]
    ),
    "AddTagsToResource": lambda s, n: s.add_tags_to_resource(
        **tags_of(n), Tags=[{"Key": "k", "Value": "v"}]
    ),
    "ListTagsForResource": lambda s, n: s.list_tags_for_resource(**tags_of(n)),
    "RemoveTagsFromResource": lambda s, n: s.remove_tags_from_resource(**tags_of(n), TagKeys=["k"]),
    "GetParametersByPath": lambda s, n: s.get_parameters_by_path(Path=n.rpartition("/")[0]),
    "DeleteParameters": lambda s, n: s.delete_parameters(Names=[n]),
    "DeleteParameter": lambda s, n: s.delete_parameter(Name=n),
}


@pytest.mark.parametrize("operation", PARAMETER_CALLS)
def test_each_person_reaches_their_own_path_only(
    world: World, person: Callable[[str], Any], operation: str
) -> None:
    call = PARAMETER_CALLS[operation]
    put(world, "/people/alice/call", Overwrite=True)
    put(world, "/people/bob/call", Overwrite=True)
    call(person("alice"), "/people/alice/call")
    assert refused(lambda: call(person("alice"), "/people/bob/call")) == DENIED
    assert refused(lambda: call(person("bob"), "/people/alice/call")) == DENIED


def test_a_tag_opens_its_owner_s_parameter_only(person: Callable[[str], Any]) -> None:
    alice = person("alice")
    assert alice.get_parameter(Name="tagged-alice")["Parameter"]["Value"] == "alice-by-tag"
    assert refused(lambda: alice.get_parameter(Name="tagged-bob")) == DENIED


@pytest.mark.parametrize("prefix", ["aws:ResourceTag", "ssm:resourceTag"])
def test_both_spellings_of_a_resource_tag_are_seen(
    world: World, person: Callable[[str], Any], prefix: str
) -> None:
    tagged = {"StringEquals": {f"{prefix}/owner": "alice"}}
    keys = world.user(f"ssm-by-{prefix[:3]}", allow("ssm:*", condition=tagged))
    client = world.client("ssm", keys)
    client.put_parameter(Name="tagged-alice", Value="alice-by-tag", Overwrite=True)
    assert refused(lambda: client.get_parameter(Name="tagged-bob")) == DENIED
    new = {"Name": "tagged-new", "Value": "v", "Type": "String"}
    assert refused(lambda: client.put_parameter(**new)) == DENIED


def test_one_denied_name_denies_the_whole(world: World, person: Callable[[str], Any]) -> None:
    alice = person("alice")
    names = ["/people/alice/db", "tagged-alice", "/people/alice/nothing:3"]
    found = alice.get_parameters(Names=names)
    assert {row["Value"] for row in found["Parameters"]} == {"alice-by-path", "alice-by-tag"}
    assert found["InvalidParameters"] == ["/people/alice/nothing:3"]
    assert refused(lambda: alice.get_parameters(Names=[*names, "/people/bob/db"])) == DENIED
    put(world, "/people/alice/kept")
    mixed = ["/people/alice/kept", "/people/bob/db"]
    assert refused(lambda: alice.delete_parameters(Names=mixed)) == DENIED
    assert alice.get_parameter(Name="/people/alice/kept")


@pytest.mark.parametrize("path", ["/people/alice", "/people/alice/"])
def test_a_path_is_not_its_namesakes(person: Callable[[str], Any], path: str) -> None:
    found = person("alice").get_parameters_by_path(Path=path, Recursive=True)
    values = {row["Value"] for row in found["Parameters"]}
    assert "alice-deep" in values
    assert not any(value.startswith(("alice2", "bob")) for value in values)


@pytest.mark.parametrize(
    "path", ["/", "/people", "/people/", "/people/bob", "/people/alice2", "/people/alice2/"]
)
def test_a_path_above_or_beside_one_s_own_is_denied(
    person: Callable[[str], Any], path: str
) -> None:
    assert refused(lambda: person("alice").get_parameters_by_path(Path=path)) == DENIED


@pytest.mark.parametrize(
    "path", ["people/alice", "//", "/people//alice", "/people/alice//", "", f"{PREFIX}people",
             "/people/*", "/people/alice\n", "/people/älice", "/people/alice/..%2f"],
)  # fmt: skip
def test_what_is_no_path_reaches_nothing(world: World, path: str) -> None:
    client = world.client("ssm", parameter_validation=False)
    assert refused(lambda: client.get_parameters_by_path(Path=path)) == "ValidationException"


def test_dots_in_a_path_are_only_letters(person: Callable[[str], Any]) -> None:
    alice = person("alice")
    for path in ("/people/alice/..", "/people/alice/../bob", "/people/alice/../../people/bob"):
        assert alice.get_parameters_by_path(Path=path, Recursive=True)["Parameters"] == []
    assert refused(lambda: alice.get_parameters_by_path(Path="/people/../people/bob")) == DENIED
    assert refused(lambda: alice.get_parameter(Name="/people/alice/../bob/db")) == (
        "ParameterNotFound"
    )


def test_by_path_the_path_alone_decides_as_on_aws(world: World) -> None:
    put(world, "/open/a", "one")
    put(world, "/open/closed/b", "two")
    closed = {"Effect": "Deny", "Action": "ssm:*", "Resource": f"{PREFIX}open/closed/*"}
    keys = world.user("by-path", allow("ssm:GetParametersByPath", f"{PREFIX}open"), closed)
    client = world.client("ssm", keys)
    found = client.get_parameters_by_path(Path="/open", Recursive=True)
    assert {row["Value"] for row in found["Parameters"]} == {"one", "two"}
    flat = client.get_parameters_by_path(Path="/open")["Parameters"]
    assert [row["Value"] for row in flat] == ["one"]
    assert refused(lambda: client.get_parameters_by_path(Path="/open/")) == DENIED
    assert refused(lambda: client.get_parameters_by_path(Path="/open/closed")) == DENIED


def test_recursive_overwrite_and_tags_are_seen_by_conditions(world: World) -> None:
    flat = {"StringEquals": {"ssm:Recursive": "false"}}
    once = {"StringEquals": {"ssm:Overwrite": "false"}}
    mine = {"StringEquals": {"aws:RequestTag/owner": "alice"}}
    client = world.client(
        "ssm",
        world.user(
            "ssm-conditioned",
            allow("ssm:GetParametersByPath", condition=flat),
            allow("ssm:PutParameter", condition=once),
            allow("ssm:AddTagsToResource", condition=mine),
        ),
    )
    client.get_parameters_by_path(Path="/cond")
    deep = {"Path": "/cond", "Recursive": True}
    assert refused(lambda: client.get_parameters_by_path(**deep)) == DENIED
    new = {"Name": "/cond/a", "Value": "v", "Type": "String"}
    client.put_parameter(**new, Tags=[{"Key": "owner", "Value": "alice"}])
    assert refused(lambda: client.put_parameter(**new)) == "ParameterAlreadyExists"
    assert refused(lambda: client.put_parameter(**new, Overwrite=True)) == DENIED
    bobs = [{"Key": "owner", "Value": "bob"}]
    assert refused(lambda: client.put_parameter(**{**new, "Name": "/cond/b"}, Tags=bobs)) == DENIED
    assert refused(lambda: world.client("ssm").get_parameter(Name="/cond/b")) == "ParameterNotFound"


def test_describing_needs_all_and_shows_no_value(
    world: World, person: Callable[[str], Any]
) -> None:
    assert refused(lambda: person("alice").describe_parameters()) == DENIED
    put(world, "/described/a", "hidden-value")
    describer = world.client("ssm", world.user("describer", allow("ssm:DescribeParameters")))
    under = [{"Key": "Path", "Values": ["/described"]}]
    found = describer.describe_parameters(ParameterFilters=under)
    assert [row["Name"] for row in found["Parameters"]] == ["/described/a"]
    assert "hidden-value" not in str(found)


def test_the_aws_cli_reads_its_own_and_is_denied_the_rest(world: World) -> None:
    put(world, "/cli/alice/a", "alice-value")
    put(world, "/cli/bob/a", "bob-value")
    mine = world.user("cli-alice", allow("ssm:GetParameter*", f"{PREFIX}cli/alice*"))
    cli = Cli(world, mine)
    own = cli("ssm", "get-parameters-by-path", "--path", "/cli/alice", "--recursive")
    assert [row["Value"] for row in json.loads(own.stdout)["Parameters"]] == ["alice-value"]
    for asked in (
        ("get-parameters-by-path", "--path", "/cli", "--recursive"),
        ("get-parameters", "--names", "/cli/alice/a", "/cli/bob/a"),
    ):
        other = cli("ssm", *asked)
        assert DENIED in other.stderr
        assert "bob-value" not in other.stdout
