"""What has a policy of its own, and what would hide what its ARN names if it had one."""

import json

import pytest

from tests.tenancy.forms import sets
from valetkey.errors import ValetkeyError
from valetkey.tenancy.forms import read_role_files
from valetkey.tenancy.forms.holders import is_holder

HERE = f"{sets.REGION}:{sets.ACCOUNT}"


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:s3:::data",
        f"arn:aws:dynamodb:{HERE}:table/Tasks",
        f"arn:aws:dynamodb:{HERE}:table/Tasks/stream/2024-01-01T00:00:00.000",
        f"arn:aws:sqs:{HERE}:work",
        f"arn:aws:sns:{HERE}:told",
        f"arn:aws:secretsmanager:{HERE}:secret:a/b-AbCdEf",
        f"arn:aws:ssm:{HERE}:parameter/a/b",
        f"arn:aws:lambda:{HERE}:function:tool",
        f"arn:aws:lambda:{HERE}:function:tool:live",
        f"arn:aws-cn:kms:{HERE}:key/1",
    ],
)
def test_a_resource_with_a_policy_is_one(arn: str) -> None:
    assert is_holder(arn)


@pytest.mark.parametrize(
    "arn",
    [
        "traces",
        "",
        "arn:aws:s3:::",
        "arn:aws:s3:::data/secret",
        "arn:aws:s3:::data*",
        "arn:aws:s3:::arn:aws:s3:::data",
        f"arn:aws:s3:{HERE}:accesspoint/a",
        f"arn:aws:dynamodb:{HERE}:table/Tasks/index/by_user",
        f"arn:aws:dynamodb:{HERE}:table/*",
        f"arn:aws:kms:{HERE}:alias/a",
        f"arn:aws:lambda:{HERE}:function:tool:live:2",
        f"arn:aws:athena:{HERE}:workgroup/a",
        f"arn:aws:iam::{sets.ACCOUNT}:role/a",
    ],
)
def test_what_has_no_policy_of_its_own_is_refused_as_a_key(arn: str) -> None:
    with pytest.raises(ValetkeyError) as caught:
        read_role_files({"r.json": json.dumps({"resource_policies": {arn: None}})})
    assert caught.value.code == "policy-source-malformed"
