"""A queue's policy: put as an attribute, or a statement at a time by AddPermission."""

import json
import re
from typing import Any

from valetkey.localaws.faults import AwsError
from valetkey.localaws.models import Params
from valetkey.localaws.resource_policies import ResourcePolicies
from valetkey.localaws.sqs_actions import GRANTABLE, MAX_GRANTED_ACTIONS
from valetkey.localaws.sqs_queues import invalid

_LABEL = re.compile(r"[A-Za-z0-9_-]{1,80}")
_ACCOUNT = re.compile(r"[0-9]{12}")


def put_policy(policies: ResourcePolicies, arn: str, document: str) -> None:
    """Put `document` on the queue; an empty one takes the policy away.

    Raises AwsError InvalidAttributeValue for what is not a policy.
    """
    if document == "":
        policies.drop(arn)
        return
    try:
        policies.put(arn, document)
    except AwsError as error:
        text = f"Invalid value for the parameter Policy. {error.message}"
        raise AwsError("InvalidAttributeValue", text) from error


def add_permission(policies: ResourcePolicies, arn: str, params: Params) -> None:
    """Add the statement that AddPermission means. Raises AwsError for a bad or a taken label."""
    label, actions, accounts = params["Label"], params["Actions"], params["AWSAccountIds"]
    if not _LABEL.fullmatch(label):
        raise invalid("Value for parameter Label is invalid.")
    if not actions or set(actions) - GRANTABLE:
        raise invalid("Only the queue owner is allowed to invoke this action.")
    if len(actions) > MAX_GRANTED_ACTIONS:
        raise AwsError(
            "OverLimit", f"maximum allowed is {MAX_GRANTED_ACTIONS} actions.", status=403
        )
    if not accounts or not all(_ACCOUNT.fullmatch(account) for account in accounts):
        raise invalid("Value for parameter PrincipalId is invalid.")
    document = _document(policies, arn)
    if any(statement.get("Sid") == label for statement in document["Statement"]):
        raise invalid(f"Value {label} for parameter Label is invalid. Reason: Already exists.")
    statement = {
        "Sid": label,
        "Effect": "Allow",
        "Principal": {"AWS": [f"arn:aws:iam::{account}:root" for account in accounts]},
        "Action": [f"SQS:{action}" for action in actions],
        "Resource": arn,
    }
    document["Statement"].append(statement)
    put_policy(policies, arn, json.dumps(document))


def remove_permission(policies: ResourcePolicies, arn: str, label: str) -> None:
    """Take the statement with this label out. Raises AwsError if there is none."""
    document = _document(policies, arn)
    kept = [statement for statement in document["Statement"] if statement.get("Sid") != label]
    if len(kept) == len(document["Statement"]):
        raise invalid("Value for parameter Label is invalid. Reason: can't find it.")
    document["Statement"] = kept
    put_policy(policies, arn, json.dumps(document) if kept else "")


def _document(policies: ResourcePolicies, arn: str) -> dict[str, Any]:
    text = policies.documents.get(arn)
    if text is None:
        name = f"{arn}/SQSDefaultPolicy"
        return {"Version": "2012-10-17", "Id": name, "Statement": []}
    document: dict[str, Any] = json.loads(text)
    if isinstance(document["Statement"], dict):
        document["Statement"] = [document["Statement"]]
    return document
