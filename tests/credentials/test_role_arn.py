"""Role ARNs: what AWS makes is read, a wrong one names its wrong part."""

import pytest

from valetkey.credentials import CredentialsError, parse_role_arn
from valetkey.credentials.role_arn import PARTITIONS

GOOD = [
    "arn:aws:iam::111122223333:role/AgentTenantData",
    "arn:aws-cn:iam::111122223333:role/AgentTenantData",
    "arn:aws-us-gov:iam::111122223333:role/AgentTenantData",
    "arn:aws-eusc:iam::111122223333:role/AgentTenantData",
    "arn:aws:iam::111122223333:role/service-role/agents/AgentTenantData",
    "arn:aws:iam::111122223333:role/team:a/AgentTenantData",  # lesson 26: colons in paths
    "arn:aws:iam::111122223333:role/a:b:c/d::e/AgentTenantData",
    "arn:aws:iam::111122223333:role/:/AgentTenantData",
    "arn:aws:iam::111122223333:role/a//b/AgentTenantData",
    "arn:aws:iam::111122223333:role/o'\"\\\\#{[/AgentTenantData",  # to be escaped in quotes
    "arn:aws:iam::111122223333:role/" + "p" * 510 + "/AgentTenantData",
    "arn:aws:iam::000000000000:role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_a_0",
    "arn:aws:iam::012345678901:role/a",
    "arn:aws:iam::111122223333:role/" + "x" * 64,
    "arn:aws:iam::111122223333:role/a+=,.@-_b",
]
BAD = [
    "",
    "AgentTenantData",
    "arn:aws:iam::111122223333:role/",
    "arn:aws:iam::111122223333:role",
    "arn:aws:iam::11112222333:role/a",
    "arn:aws:iam::1111222233334:role/a",
    "arn:aws:iam:::role/a",
    "arn:aws:iam::١١١١٢٢٢٢٣٣٣٣:role/a",
    "arn:aws:sts::111122223333:assumed-role/a/b",
    "arn:aws:iam::111122223333:user/a",
    "arn:aws:iam:eu-west-1:111122223333:role/a",
    "arn:azure:iam::111122223333:role/a",
    "arn:aws:iam::111122223333:role/" + "x" * 65,
    "arn:aws:iam::111122223333:role/a b",
    "arn:aws:iam::111122223333:role/a\n",
    "arn:aws:iam::111122223333:role//a b/c",
    " arn:aws:iam::111122223333:role/a",
    "arn:aws:iam::111122223333:role/*",
    "arn:aws:iam::111122223333:role/a:b",  # a colon is for paths alone
    "arn:aws:iam::111122223333:role/team/",
    "arn:aws:iam::111122223333:role/" + "p" * 511 + "/a",
    "arn:aws:iam::111122223333:role/p\u00e9/a",
    "arn:aws:iam::111122223333:role/p\x7f/a",
    "arn:aws:iam::111122223333:Role/a",
    "arn:aws:iam::111122223333:roles/a",
    "arn:aws:iam::111122223333:role:a",
    "arn:aws:iam:::111122223333:role/a",
    "arn:aws:s3:::role/a",
    "arn:aws:sts::111122223333:role/a",
    "arn:AWS:iam::111122223333:role/a",
    "arn::iam::111122223333:role/a",
    "arn:aws:iam::1111-2222-3333:role/a",
    "arn:aws:iam::aws:role/a",
    "ARN:aws:iam::111122223333:role/a",
]


@pytest.mark.parametrize("text", GOOD)
def test_a_role_arn_is_read_and_written_back_exactly(text: str) -> None:
    assert str(parse_role_arn(text)) == text


@pytest.mark.parametrize("partition", sorted(PARTITIONS))
def test_every_partition_of_aws_has_roles(partition: str) -> None:
    text = f"arn:{partition}:iam::111122223333:role/team:a/b/AgentTenantData"
    role = parse_role_arn(text)

    assert str(role) == text
    assert (role.partition, role.path, role.name) == (partition, "/team:a/b/", "AgentTenantData")


@pytest.mark.parametrize("text", BAD)
def test_a_malformed_role_arn_is_one_clear_error(text: str) -> None:
    with pytest.raises(CredentialsError) as caught:
        parse_role_arn(text)
    assert caught.value.code == "role-arn"
    assert caught.value.hint


@pytest.mark.parametrize("partition", sorted(PARTITIONS))
def test_who_copied_a_sessions_arn_is_told_the_roles(partition: str) -> None:
    with pytest.raises(CredentialsError) as caught:
        parse_role_arn(f"arn:{partition}:sts::111122223333:assumed-role/Agent/vk-r-1")

    assert caught.value.code == "role-arn"
    assert f"`arn:{partition}:iam::111122223333:role/Agent`" in str(caught.value.hint)


def test_a_sessions_arn_has_the_partition_and_no_path() -> None:
    role = parse_role_arn("arn:aws-cn:iam::111122223333:role/team/Agent")
    assert role.session_arn("vk-r-1") == "arn:aws-cn:sts::111122223333:assumed-role/Agent/vk-r-1"
