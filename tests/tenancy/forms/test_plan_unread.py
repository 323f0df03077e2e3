"""What of a plan could grant and is not understood is named or refused, never passed by."""

import json
from typing import Any

import pytest

from tests.tenancy.forms import sets
from tests.tenancy.forms.plans import OWN, plan, read, state
from valetkey.tenancy.forms import Wanted

ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"
AGENT: tuple[str, dict[str, Any]] = (
    "aws_iam_role",
    {"name": "AgentTools", "path": "/", "assume_role_policy": json.dumps(sets.TRUST)},
)


def _changed(values: dict[str, Any], unknown: dict[str, Any], **expressions: Any) -> dict[str, Any]:
    """Return a plan of the role with these values, marks and expressions, too."""
    made = state((AGENT[0], {**AGENT[1], **values}), ("aws_iam_policy", {"name": "o", "policy":
        json.dumps(sets.OWN_OBJECTS)}))  # fmt: skip
    made["resource_changes"] = [
        {"address": "aws_iam_role.r0", "change": {"actions": ["update"], "after_unknown": unknown}}
    ]
    configured = {"type": "aws_iam_role", "name": "r0", "expressions": {"name": {}, **expressions}}
    made["configuration"] = {"root_module": {"resources": [configured]}}
    return made


@pytest.mark.parametrize(
    ("blocks", "marks"),
    [
        ([{"name": "x"}], [{"policy": True}]),
        ([{"name": "x"}], []),
        ([{}], [{"name": True, "policy": True}]),
        ([{"name": "x"}], True),
    ],
)
def test_an_inline_policy_that_only_applying_makes_is_named(blocks: Any, marks: Any) -> None:
    found = read(_changed({"inline_policy": blocks}, {"inline_policy": marks}))
    assert "inline_policy[0].policy" in found.unread[0]


def test_an_empty_block_is_no_inline_policy() -> None:
    found = read(_changed({"inline_policy": [{}]}, {"inline_policy": [{}]}))
    assert (found.unread, found.roles[0].permissions) == ((), ())


def test_blocks_that_a_plan_would_not_show_are_told_as_taken() -> None:
    found = read(_changed({}, {"inline_policy": True}))
    assert (found.unread, len(found.taken)) == ((), 1)


def test_a_role_whose_configuration_is_not_there_may_be_given_anything() -> None:
    made = _changed({}, {"managed_policy_arns": True})
    made["configuration"] = {}
    assert "managed_policy_arns" in read(made).unread[0]


@pytest.mark.parametrize(
    ("references", "permissions"),
    [
        (["aws_iam_policy.r1.arn", "aws_iam_policy.r1"], 1),
        (["aws_iam_policy.r1.arn", "aws_iam_policy.r1", "var.x"], 0),
        (['aws_iam_policy.r1.tags["arn"]', "aws_iam_policy.r1.tags", "aws_iam_policy.r1"], 0),
        ([], 0),
    ],
)
def test_a_managed_policy_that_is_made_first_is_followed_or_named(
    references: list[str], permissions: int
) -> None:
    referred = {"references": references}
    made = _changed(
        {"managed_policy_arns": [None]},
        {"managed_policy_arns": [True]},
        managed_policy_arns=referred,
    )
    found = read(made)
    assert len(found.roles[0].permissions) == permissions
    assert len(found.unread) == 1 - permissions


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("aws_iam_role_policy_attachments_exclusive",
         {"role_name": "agenttools", "policy_arns": [ADMIN]}),
        ("aws_iam_role_policy", {"name": "x", "policy": "{}"}),
        ("awscc_iam_role_policy", {}),
        ("awscc_iam_role", {}),
        ("awscc_s3_bucket_policy", {}),
        ("awscc_lambda_permission", {}),
        ("awscc_dynamodb_table", {}),
        ("awscc_kms_key", {}),
        ("aws_cloudcontrolapi_resource", {}),
        ("aws_servicecatalog_provisioned_product", {}),
        ("aws_serverlessapplicationrepository_cloudformation_stack", {}),
        ("aws_s3control_object_lambda_access_point_policy", {}),
        ("aws_lambda_function_url", {"function_name": "elsewhere", "authorization_type": "NONE"}),
        ("aws_s3_bucket", {"bucket": "data", "acl": "public-read"}),
        ("aws_s3_bucket", {"bucket": "data", "grant": [{"type": "Group"}]}),
        ("aws_s3_bucket_object", {"acl": "public-read"}),
        ("aws_s3_bucket_acl", {"access_control_policy": [{"owner": [{"id": "o"}], "grant": [
            {"permission": "READ", "grantee": [{"type": "Group", "uri": "u"}]}]}]}),
        ("aws_s3_bucket_acl", {"access_control_policy": [{"grant": ["?"]}]}),
        ("aws_sqs_queue_policy", {"queue_url": "http://localhost:4566/0/q", "policy": OWN}),
    ],
)  # fmt: skip
def test_what_lets_in_and_is_not_read_is_named(kind: str, values: dict[str, Any]) -> None:
    found = read(state(AGENT, (kind, values)), Wanted(frozenset({sets.TOOLS})))
    assert len(found.unread) == 1


def test_the_acl_that_s3_makes_by_itself_lets_in_the_owner_alone() -> None:
    full = {"id": "o", "type": "CanonicalUser", "permissions": ["FULL_CONTROL"]}
    grants = [{"permission": "FULL_CONTROL", "grantee": [{"id": "o", "type": "CanonicalUser"}]}]
    policy = [{"owner": [{"id": "o"}], "grant": grants}]
    bucket = {"bucket": "data", "grant": [full]}
    acl = {"acl": "private", "access_control_policy": policy}
    assert read(state(AGENT, ("aws_s3_bucket", bucket), ("aws_s3_bucket_acl", acl))).unread == ()


def test_an_open_url_permits_everybody_as_the_provider_does() -> None:
    function = {"function_name": "tool"}
    url = {"function_name": "tool", "authorization_type": "NONE"}
    made = state(AGENT, ("aws_lambda_function", function), ("aws_lambda_function_url", url))
    (document,) = read(made).resource_policies.values()
    assert document is not None
    assert document["Statement"][0]["Principal"] == "*"
    url["authorization_type"] = "AWS_IAM"
    made = state(AGENT, ("aws_lambda_function", function), ("aws_lambda_function_url", url))
    assert list(read(made).resource_policies.values()) == [None]


@pytest.mark.parametrize(("kind", "reasons"), [("aws_iam_role_policy", 1), ("aws_instance", 0)])
def test_what_terraform_only_forgets_stays_in_force(kind: str, reasons: int) -> None:
    made = state(AGENT)
    change: dict[str, Any] = {"actions": ["forget"], "before": {}, "after": None}
    made["resource_changes"] = [{"address": f"{kind}.old", "type": kind, "change": change}]
    assert len(read(made).unread) == reasons


@pytest.mark.parametrize(
    ("written", "is_followed"),
    [("aws_iam_role.agent.id", True), ('aws_iam_role.agent.tags["grantee"]', False)],
)
def test_only_what_names_a_role_stands_for_it(written: str, *, is_followed: bool) -> None:
    role = "${aws_iam_role.agent.id}"
    made = plan(aws_iam_role_policy={"a": {"name": "i", "role": role, "policy": OWN}})
    configured = made["configuration"]["root_module"]["resources"]
    (policy,) = (one for one in configured if one["type"] == "aws_iam_role_policy")
    policy["expressions"]["role"] = {"references": [written, "aws_iam_role.agent"]}
    found = read(made)
    assert bool(found.roles[0].permissions) is is_followed
    assert bool(found.unread) is not is_followed
