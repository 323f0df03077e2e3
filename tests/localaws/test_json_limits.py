"""The sizes and closed sets of AWS's shapes."""

from typing import Any

import pytest

from valetkey.localaws.faults import AwsError, Service
from valetkey.localaws.json_limits import check_limits

SECRETS, SSM = Service.SECRETSMANAGER, Service.SSM


@pytest.mark.parametrize(
    ("service", "operation", "params"),
    [
        (SECRETS, "CreateSecret", {"Name": "n" * 512}),
        (SECRETS, "BatchGetSecretValue", {"SecretIdList": ["x"] * 20}),
        (SSM, "PutParameter", {"Name": "n", "Value": "v", "Type": "SecureString"}),
        (SSM, "GetParametersByPath", {"Path": "/", "MaxResults": 10}),
    ],
)
def test_what_fits_passes(service: Service, operation: str, params: dict[str, Any]) -> None:
    check_limits(service, operation, params)


@pytest.mark.parametrize(
    ("service", "operation", "params"),
    [
        (SECRETS, "CreateSecret", {"Name": "n" * 513}),
        (SECRETS, "BatchGetSecretValue", {"SecretIdList": ["x"] * 21}),
        (SECRETS, "BatchGetSecretValue", {"SecretIdList": ["x" * 2049]}),
        (SECRETS, "ListSecrets", {"Filters": [{"Key": "nonsense", "Values": ["x"]}]}),
        (SSM, "PutParameter", {"Name": "n", "Value": "v", "Type": "Strong"}),
        (SSM, "GetParametersByPath", {"Path": "/", "MaxResults": 11}),
    ],
)
def test_what_is_too_long_or_outside_a_set_is_refused(
    service: Service, operation: str, params: dict[str, Any]
) -> None:
    with pytest.raises(AwsError) as caught:
        check_limits(service, operation, params)
    assert caught.value.code == "ValidationException"
