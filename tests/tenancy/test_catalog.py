"""The catalog says of each action what AWS's service authorization reference says."""

from tests.localaws.reference import REFERENCE, details, documented_keys
from valetkey.tenancy import (
    CATALOG,
    ITEM_ACTIONS,
    MODEL_ACTIONS,
    Kind,
    Reach,
    Shape,
    known_action,
)
from valetkey.tenancy.catalog import given_actions

DATA_KEYS = ("dynamodb:LeadingKeys", "s3:prefix", "kms:EncryptionContext:")
# The reference calls every use of a key a write; none of these changes anything.
NO_WRITES_OF_KMS = {
    "Encrypt", "Decrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext",
    "GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext", "ReEncryptFrom", "ReEncryptTo",
    "DeriveSharedSecret", "Sign", "GenerateMac",
}  # fmt: skip


def test_every_action_is_in_the_reference_with_its_resource_types() -> None:
    wrong = set()
    for action in CATALOG:
        types = {one["name"] for one in details(action.name)["resourceTypes"]}
        shapes = {shape.value for shape in action.shapes}
        if not (shapes <= types if types else shapes == {Shape.ANY.value}):
            wrong.add(action.name)
    assert wrong == set() and len(CATALOG) > 250


def test_an_action_carries_the_key_of_the_data_iff_the_reference_says_so() -> None:
    wrong = set()
    for action in CATALOG:
        keys = documented_keys(action.name)
        documented = {known for known in DATA_KEYS for key in keys if key.startswith(known)}
        if documented != ({action.key} if action.key else set()):
            wrong.add(action.name)
    assert wrong == set()


def test_an_action_writes_iff_the_reference_says_so() -> None:
    wrong = {
        action.name
        for action in CATALOG
        if action.writes != (details(action.name)["accessLevel"] not in {"Read", "List"})
    }
    assert wrong == {f"kms:{name}" for name in NO_WRITES_OF_KMS}


def test_every_action_on_an_object_or_an_item_is_in_the_catalog() -> None:
    known = {action.name for action in CATALOG}
    unknown = {
        f"{service}:{name}"
        for service, types in (("s3", {"object"}), ("dynamodb", {"index"}), ("sqs", {"queue"}))
        for name in REFERENCE.actions.get_actions_for_service(service)
        if types & {one["name"] for one in details(f"{service}:{name}")["resourceTypes"]}
    }
    later = {one for one in unknown if "Annotation" in one or "ContributorInsights" in one}
    assert unknown - later <= known


def test_an_action_is_found_in_any_case() -> None:
    found = known_action("S3:getobject")
    assert found is not None and found.name == "s3:GetObject"
    assert known_action("s3:NoSuch") is None


def test_no_entry_gives_what_tells_no_keys_or_changes_who_may() -> None:
    given = {action.name for action in CATALOG if action.given_by}
    never = {
        "dynamodb:Scan", "dynamodb:PartiQLSelect", "dynamodb:ExportTableToPointInTime",
        "s3:ListBucketMultipartUploads", "s3:GetObjectAcl", "s3:CreateJob", "kms:CreateGrant",
        "secretsmanager:BatchGetSecretValue", "sts:AssumeRole", "iam:PassRole",
    }  # fmt: skip
    assert never <= {action.name for action in CATALOG} and not never & given
    assert all(action.reach is Reach.DATA for action in CATALOG if action.given_by)


def test_the_item_actions_are_those_that_carry_leading_keys() -> None:
    assert {name.partition(":")[2] for name in ITEM_ACTIONS} == {
        "GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem", "DeleteItem",
        "BatchWriteItem", "ConditionCheckItem",
    }  # fmt: skip


def test_every_kind_has_actions_and_models_have_two() -> None:
    assert all(given_actions(kind) for kind in Kind)
    assert MODEL_ACTIONS == ("bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream")
