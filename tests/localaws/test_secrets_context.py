"""What policies see of a secret: its own policy, tags, and the request's condition keys."""

from typing import Any

from tests.localaws.refusals import DENIED, refused
from tests.localaws.world import ACCOUNT, REGION, World, allow, document

PREFIX = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:"


def put(world: World, name: str, value: str = "v", **more: Any) -> str:
    """Make a secret as root and return its ARN."""
    root = world.client("secretsmanager")
    return str(root.create_secret(Name=name, SecretString=value, **more)["ARN"])


def test_the_secret_s_own_policy_opens_and_closes(world: World) -> None:
    arn = put(world, "with-policy", "shared")
    reader = world.client("secretsmanager", world.user("policy-reader"))
    root = world.client("secretsmanager")
    who = {"AWS": f"arn:aws:iam::{ACCOUNT}:user/policy-reader"}
    current = {"ForAnyValue:StringEquals": {"secretsmanager:VersionStage": "AWSCURRENT"}}
    opens = {**allow("secretsmanager:GetSecretValue", condition=current), "Principal": who}
    assert refused(lambda: reader.get_secret_value(SecretId=arn)) == DENIED
    root.put_resource_policy(SecretId="with-policy", ResourcePolicy=document(opens))
    assert reader.get_secret_value(SecretId=arn)["SecretString"] == "shared"
    assert reader.get_secret_value(SecretId="with-policy")["SecretString"] == "shared"
    kept = root.get_resource_policy(SecretId=arn)["ResourcePolicy"]
    assert kept == document(opens)
    version = root.put_secret_value(SecretId=arn, SecretString="new")["VersionId"]
    by_id = refused(lambda: reader.get_secret_value(SecretId=arn, VersionId=version))
    assert by_id == DENIED
    denies = {**opens, "Effect": "Deny", "Principal": "*", "Condition": {}}
    root.put_resource_policy(SecretId=arn, ResourcePolicy=document(opens, denies))
    assert refused(lambda: reader.get_secret_value(SecretId=arn)) == DENIED
    root.delete_resource_policy(SecretId=arn)
    assert "ResourcePolicy" not in root.get_resource_policy(SecretId=arn)


def test_a_policy_goes_with_its_secret(world: World) -> None:
    arn = put(world, "short-lived")
    root = world.client("secretsmanager")
    everyone = {**allow("secretsmanager:*"), "Principal": "*"}
    root.put_resource_policy(SecretId=arn, ResourcePolicy=document(everyone))
    nobody = world.client("secretsmanager", world.user("nobody-1"))
    nobody.get_secret_value(SecretId=arn)
    root.delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)
    again = put(world, "short-lived", "again")
    assert again != arn
    assert refused(lambda: nobody.get_secret_value(SecretId="short-lived")) == DENIED
    assert refused(lambda: nobody.get_secret_value(SecretId=arn)) == DENIED


def test_a_malformed_policy_is_refused(world: World) -> None:
    arn = put(world, "bad-policy")
    root = world.client("secretsmanager")
    code = refused(lambda: root.put_resource_policy(SecretId=arn, ResourcePolicy="{}"))
    assert code == "MalformedPolicyDocumentException"


def test_a_secret_with_tags_needs_the_right_to_tag(world: World) -> None:
    made = allow("secretsmanager:CreateSecret", f"{PREFIX}made/*")
    tags = [{"Key": "owner", "Value": "alice"}]
    creator = world.client("secretsmanager", world.user("creator", made))
    creator.create_secret(Name="made/plain")
    assert refused(lambda: creator.create_secret(Name="made/tagged", Tags=tags)) == DENIED
    assert refused(lambda: creator.create_secret(Name="other/plain")) == DENIED
    only_alice = {"StringEquals": {"aws:RequestTag/owner": "alice"}}
    tagger = allow(
        ["secretsmanager:TagResource", "secretsmanager:CreateSecret"], condition=only_alice
    )
    client = world.client("secretsmanager", world.user("tagger", tagger))
    client.create_secret(Name="made/tagged", Tags=tags)
    bobs = [{"Key": "owner", "Value": "bob"}]
    assert refused(lambda: client.create_secret(Name="made/other", Tags=bobs)) == DENIED
    assert refused(lambda: client.create_secret(Name="made/none")) == DENIED
    arn = put(world, "made/bobs", Tags=bobs)
    client.tag_resource(SecretId=arn, Tags=tags)  # AWS has it so: conditions on the request alone
    assert refused(lambda: client.tag_resource(SecretId=arn, Tags=bobs)) == DENIED


def test_conditions_see_name_window_and_versions(world: World) -> None:
    named = {"StringLike": {"secretsmanager:Name": "cond/*"}}
    window = {"NumericGreaterThanEquals": {"secretsmanager:RecoveryWindowInDays": "20"}}
    stage = {"StringEquals": {"secretsmanager:VersionStage": "AWSPREVIOUS"}}
    client = world.client(
        "secretsmanager",
        world.user(
            "conditioned",
            allow("secretsmanager:CreateSecret", condition=named),
            allow("secretsmanager:DeleteSecret", condition=window),
            allow("secretsmanager:GetSecretValue", condition=stage),
        ),
    )
    client.create_secret(Name="cond/a", SecretString="one")
    assert refused(lambda: client.create_secret(Name="uncond/a")) == DENIED
    assert refused(lambda: client.get_secret_value(SecretId="cond/a")) == DENIED
    world.client("secretsmanager").put_secret_value(SecretId="cond/a", SecretString="two")
    old = client.get_secret_value(SecretId="cond/a", VersionStage="AWSPREVIOUS")
    assert old["SecretString"] == "one"
    force = {"SecretId": "cond/a", "ForceDeleteWithoutRecovery": True}
    assert refused(lambda: client.delete_secret(**force)) == DENIED
    assert (
        refused(lambda: client.delete_secret(SecretId="cond/a", RecoveryWindowInDays=7)) == DENIED
    )
    client.delete_secret(SecretId="cond/a", RecoveryWindowInDays=20)
