"""Parameters by any name: none leads elsewhere, and each version shows what was asked for."""

from functools import partial
from typing import Any

import pytest

from tests.localaws.refusals import refused
from tests.localaws.world import ACCOUNT, REGION, World, allow

PREFIX = f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/"


def put(world: World, name: str, value: str = "v", **more: Any) -> None:
    """Store a parameter as root."""
    more = {"Type": "String", **more}
    world.client("ssm").put_parameter(Name=name, Value=value, **more)


def test_a_slash_before_a_name_makes_no_second_parameter_of_one_arn(world: World) -> None:
    put(world, "single", "bare", Tags=[{"Key": "owner", "Value": "alice"}])
    put(world, "/slashed", "slashed")
    root = world.client("ssm")
    twin = {"Value": "v", "Type": "String"}
    assert refused(lambda: root.put_parameter(Name="/single", **twin)) == "ValidationException"
    assert refused(lambda: root.put_parameter(Name="slashed", **twin)) == "ValidationException"
    assert refused(lambda: root.get_parameter(Name="/single")) == "ParameterNotFound"
    by_arn = root.get_parameter(Name=f"{PREFIX}single")["Parameter"]
    assert by_arn["Name"] == "single"
    assert root.get_parameter(Name=f"{PREFIX}slashed")["Parameter"]["Name"] == "/slashed"


FOREIGN = {
    "another account": f"arn:aws:ssm:{REGION}:999999999999:parameter/single",
    "another region": f"arn:aws:ssm:us-east-1:{ACCOUNT}:parameter/single",
    "another service": f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:single",
    "another type": f"arn:aws:ssm:{REGION}:{ACCOUNT}:document/single",
    "two slashes in the ARN": f"{PREFIX}/single",
    "an ARN in an ARN": f"{PREFIX}{PREFIX}single",
    "no leading slash": "people/alice/db",
    "a slash at the end": "/people/alice/db/",
    "two slashes": "/people//alice",
    "two selectors": "/people/alice/db:1:2",
    "an empty selector": "/people/alice/db:",
    "a wildcard": "/people/alice/*",
    "another script": "/people/alice/dƄ",
    "a new line": "/people/alice/db\n",
    "a null": "/people/alice/db\0",
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_what_is_no_name_of_this_account_reaches_nothing(world: World, kind: str) -> None:
    root = world.client("ssm")
    given = FOREIGN[kind]
    assert refused(lambda: root.get_parameter(Name=given)) == "ValidationException"
    assert refused(lambda: root.get_parameters(Names=[given])) == "ValidationException"
    assert refused(lambda: root.delete_parameter(Name=given)) == "ValidationException"


@pytest.mark.parametrize(
    "name", ["/aws/reference/secretsmanager/hidden", "/aws/service/global-infrastructure/regions"]
)
def test_no_parameter_leads_into_another_service(world: World, name: str) -> None:
    secret = name.rpartition("/")[2]
    world.client("secretsmanager").create_secret(Name=secret, SecretString="not for SSM")
    reader = world.client("ssm", world.user(f"ref-{len(name)}", allow("ssm:*")))
    for given in (name, f"{name}:1", PREFIX + name[1:]):
        assert refused(partial(reader.get_parameter, Name=given)) == "ParameterNotFound"
        assert reader.get_parameters(Names=[given])["Parameters"] == []
    reserved = {"Name": name, "Value": "v", "Type": "String"}
    assert refused(lambda: reader.put_parameter(**reserved)) == "ValidationException"


def test_versions_and_labels_select_one_value(world: World) -> None:
    root = world.client("ssm")
    put(world, "/versions/a", "one")
    put(world, "/versions/a", "two", Overwrite=True)
    answer = root.label_parameter_version(
        Name="/versions/a", ParameterVersion=1, Labels=["good", "1bad", "aws-x"]
    )
    assert answer["InvalidLabels"] == ["1bad", "aws-x"]

    def value(name: str) -> str:
        return str(root.get_parameter(Name=name)["Parameter"]["Value"])

    assert (value("/versions/a"), value("/versions/a:1"), value("/versions/a:good")) == (
        "two", "one", "one",
    )  # fmt: skip
    assert value(f"{PREFIX}versions/a:good") == "one"
    assert refused(lambda: value("/versions/a:9")) == "ParameterVersionNotFound"
    root.label_parameter_version(Name="/versions/a", Labels=["good"])
    assert value("/versions/a:good") == "two"
    history = root.get_parameter_history(Name="/versions/a")["Parameters"]
    assert [(row["Version"], row["Labels"]) for row in history] == [(1, []), (2, ["good"])]


def test_a_secure_string_shows_only_with_decryption(world: World) -> None:
    root = world.client("ssm")
    put(world, "/secure/a", "hush", Type="SecureString")
    for answer in (
        root.get_parameter(Name="/secure/a"),
        root.get_parameters(Names=["/secure/a"]),
        root.get_parameters_by_path(Path="/secure"),
        root.get_parameter_history(Name="/secure/a"),
        root.describe_parameters(),
    ):
        assert "hush" not in str(answer)
    shown = root.get_parameter(Name="/secure/a", WithDecryption=True)["Parameter"]
    assert shown["Value"] == "hush"


def test_pages_hold_everything_once(world: World) -> None:
    for number in range(12):
        put(world, f"/pages/{number:02}", str(number))
    pages = world.client("ssm").get_paginator("get_parameters_by_path")
    rows = [row["Value"] for one in pages.paginate(Path="/pages") for row in one["Parameters"]]
    assert rows == [str(number) for number in range(12)]
    root = world.client("ssm")
    bad = {"Path": "/pages", "NextToken": "-1"}
    assert refused(lambda: root.get_parameters_by_path(**bad)) == "InvalidNextToken"


def test_what_is_not_modelled_is_refused_by_name(world: World) -> None:
    root = world.client("ssm")
    unknown = "UnknownOperationException"
    new = {"Name": "/refused/a", "Value": "v", "Type": "String"}
    assert refused(lambda: root.put_parameter(**new, AllowedPattern="(a+)+$")) == unknown
    assert refused(lambda: root.put_parameter(**new, Policies="[]")) == unknown
    assert refused(lambda: root.send_command(DocumentName="x")) == unknown
    assert refused(root.list_documents) == unknown
    document = {"ResourceType": "Document", "ResourceId": "tagged-alice"}
    assert refused(lambda: root.list_tags_for_resource(**document)) == unknown
    type_filter = [{"Key": "Type", "Values": ["String"]}]
    by_path = {"Path": "/", "ParameterFilters": type_filter}
    assert refused(lambda: root.get_parameters_by_path(**by_path)) == unknown


def test_two_local_awses_and_a_restarted_one_share_no_parameter(
    moving: World, world: World
) -> None:
    put(world, "/only/here")
    root = moving.client("ssm")
    assert refused(lambda: root.get_parameter(Name="/only/here")) == "ParameterNotFound"
    put(moving, "/before/stop")
    moving.aws.stop()
    moving.aws.start()
    root = moving.client("ssm")
    assert refused(lambda: root.get_parameter(Name="/before/stop")) == "ParameterNotFound"
