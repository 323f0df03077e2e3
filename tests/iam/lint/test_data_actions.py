"""What only lists or describes, and what takes no resource, beside what is tied to the tenant."""

import pytest

from tests.iam.lint.cases import (
    MINE,
    Ask,
    Case,
    allow,
    check,
    codes,
    one,
)

MEMORY = "arn:aws:bedrock-agentcore:eu-west-1:123456789012:memory"


CASES = [
    Case(
        "broad-allow-masks-tenant",
        "a list that takes a resource is a warning",
        one(
            allow("bedrock-agentcore:*", f"{MEMORY}/{MINE}-*"),
            allow("bedrock-agentcore:ListEvents", "*"),
        ),
        one(allow("bedrock-agentcore:*", f"{MEMORY}/{MINE}-*")),
        opens=Ask("bedrock-agentcore:ListEvents", f"{MEMORY}/tenant-b-x"),
        severity="warning",
    ),
    Case(
        "broad-allow-masks-tenant",
        "data behind a list",
        one(
            allow("bedrock-agentcore:*", f"{MEMORY}/{MINE}-*"),
            allow(["bedrock-agentcore:ListEvents", "bedrock-agentcore:RetrieveMemory"], "*"),
        ),
        one(allow("bedrock-agentcore:*", f"{MEMORY}/{MINE}-*")),
        opens=Ask("bedrock-agentcore:RetrieveMemory", f"{MEMORY}/tenant-b-x"),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_trap_is_found_and_the_mend_is_quiet(case: Case) -> None:
    check(case)


@pytest.mark.parametrize(
    ("tied", "looks"),
    [
        ("s3:*", ["s3:ListAllMyBuckets", "s3:GetBucketLocation"]),
        ("ec2:*", "ec2:Describe*"),
        ("secretsmanager:*", ["secretsmanager:ListSecrets", "secretsmanager:GetRandomPassword"]),
        ("sqs:*", "sqs:ListQueues"),
        ("lambda:*", "lambda:GetAccountSettings"),
        ("dynamodb:*", "dynamodb:ListTables"),
    ],
)
def test_what_takes_no_resource_opens_nothing(tied: str, looks: str | list[str]) -> None:
    by_tag = {"StringEquals": {"aws:ResourceTag/user_id": MINE}}

    assert "broad-allow-masks-tenant" not in codes(
        *one(allow(tied, "*", by_tag), allow(looks, "*"))
    )
