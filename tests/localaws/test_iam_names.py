"""Names and paths make ARNs, and no two spellings make the same one."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.localaws.world import ACCOUNT, World, allow, code_of, document, trust
from valetkey.localaws.faults import AwsError
from valetkey.localaws.iam_names import check_names

BROKER = f"arn:aws:iam::{ACCOUNT}:user/broker"


@pytest.mark.parametrize(
    "params",
    [
        {"RoleName": "m/vault"},
        {"RoleName": "a" * 65},
        {"UserName": "é"},
        {"UserName": "a b"},
        {"GroupName": "a:b"},
        {"InstanceProfileName": "*"},
        {"PolicyName": "a\n"},
        {"RoleName": ""},
        {"Path": "m/"},
        {"Path": "/m"},
        {"Path": ""},
        {"Path": "//"},
        {"Path": "/a//b/"},
        {"Path": "/../"},
        {"Path": "/a/./"},
        {"Path": "/é/"},
        {"Path": "/a b/"},
        {"Path": f"/{'a' * 511}/"},
    ],
)
def test_a_name_or_path_outside_iams_patterns_is_refused(params: dict[str, str]) -> None:
    with pytest.raises(AwsError) as caught:
        check_names(params)
    assert caught.value.code == "ValidationError"


@pytest.mark.parametrize(
    "params",
    [
        {"RoleName": "aZ0_+=,.@-", "Path": "/"},
        {"UserName": "a" * 64, "Path": "/a/b.c/..d/"},
        {"PolicyName": "a" * 128, "Path": "/!#$%&'()*~/"},
    ],
)
def test_what_iam_takes_is_taken(params: dict[str, str]) -> None:
    check_names(params)


def test_a_role_name_cannot_stand_for_a_path(world: World) -> None:
    maker = world.client(
        "iam",
        world.user("path-maker", allow("iam:CreateRole", f"arn:aws:iam::{ACCOUNT}:role/m/*")),
    )
    trusts = document(trust(BROKER))
    with pytest.raises(ClientError) as caught:
        maker.create_role(RoleName="m/vault", AssumeRolePolicyDocument=trusts)
    assert code_of(caught.value) == "ValidationError"
    made: Any = maker.create_role(RoleName="vault", Path="/m/", AssumeRolePolicyDocument=trusts)
    assert made["Role"]["Arn"] == f"arn:aws:iam::{ACCOUNT}:role/m/vault"
