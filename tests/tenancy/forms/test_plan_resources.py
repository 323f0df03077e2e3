"""The resource policies of a plan or state, and what is known to have none."""

import json
from typing import Any

import pytest

from tests.tenancy.forms import sets
from tests.tenancy.forms.plans import OWN, code, plan, read, state


def test_buckets_and_tables_are_known_to_have_no_policy() -> None:
    made = plan(
        aws_s3_bucket={"a": {"bucket": "data"}, "b": {"bucket_prefix": "made-up-"}},
        aws_dynamodb_table={"a": {"name": "Tasks"}},
    )
    assert read(made).resource_policies == {"arn:aws:s3:::data": None, sets.TABLE: None}


def test_resource_policies_are_followed_by_reference() -> None:
    made = plan(
        aws_s3_bucket={"a": {"bucket": "data"}},
        aws_s3_bucket_policy={"a": {"bucket": "${aws_s3_bucket.a.id}", "policy": OWN}},
        aws_dynamodb_table={"a": {"name": "Tasks"}},
        aws_dynamodb_resource_policy={
            "a": {"resource_arn": "${aws_dynamodb_table.a.arn}", "policy": OWN}
        },
        aws_sqs_queue={"a": {"name": "work"}},
        aws_sqs_queue_policy={"a": {"queue_url": "${aws_sqs_queue.a.url}", "policy": OWN}},
    )
    found = read(made)
    assert dict(found.resource_policies) == dict.fromkeys(
        ("arn:aws:s3:::data", sets.TABLE, sets.QUEUE), sets.OWN_OBJECTS
    )


def test_a_bucket_policy_that_is_known_after_apply_only_leaves_it_unknown() -> None:
    made = plan(
        aws_s3_bucket={"a": {"bucket": "data"}},
        aws_s3_bucket_policy={"a": {"bucket": "data", "policy": "${aws_s3_bucket.a.arn}"}},
    )
    found = read(made)
    assert (dict(found.resource_policies), len(found.unread)) == ({}, 1)


def test_policies_that_a_state_has_in_the_resource_are_read() -> None:
    own = json.dumps(sets.OWN_OBJECTS)
    found = read(
        state(
            ("aws_s3_bucket", {"bucket": "data", "arn": "arn:aws:s3:::data", "policy": own}),
            ("aws_sqs_queue", {"name": "work", "arn": sets.QUEUE, "policy": ""}),
            ("aws_kms_key", {"key_id": "1", "arn": sets.KEY, "policy": own}),
        )
    )
    assert found.resource_policies == {
        "arn:aws:s3:::data": sets.OWN_OBJECTS,
        sets.QUEUE: None,
        sets.KEY: sets.OWN_OBJECTS,
    }


def test_a_permission_of_a_function_is_a_statement_for_its_qualifier() -> None:
    permission = {
        "function_name": "tool",
        "qualifier": "live",
        "action": "lambda:InvokeFunction",
        "principal": "111122223333",
        "statement_id": "s",
    }
    function = ("aws_lambda_function", {"function_name": "tool", "arn": sets.FUNCTION})
    found = read(state(("aws_lambda_permission", permission), function))
    document = found.resource_policies[sets.FUNCTION]
    assert document is not None
    assert found.unread == ()
    (statement,) = document["Statement"]
    assert statement["Resource"] == f"{sets.FUNCTION}:live"
    assert statement["Principal"] == {"AWS": "111122223333"}
    alone = read(state(("aws_lambda_permission", permission)))
    assert (dict(alone.resource_policies), len(alone.unread)) == ({}, 1)
    odd = {**permission, "invoked_by": "x"}
    assert code(state(("aws_lambda_permission", odd))) == "policy-source-malformed"


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("aws_kms_grant", {"key_id": "1"}),
        ("aws_s3_access_point", {"bucket": "data"}),
        ("aws_s3_bucket_acl", {"bucket": "data", "acl": "public-read"}),
        ("aws_cloudformation_stack", {"name": "x"}),
    ],
)
def test_what_could_let_somebody_in_and_is_not_read_is_named(
    kind: str, values: dict[str, Any]
) -> None:
    assert kind in read(state((kind, values))).unread[0]
