"""Which context keys an action carries, from AWS's documents.

Service Authorization Reference, "Actions, resources, and condition keys" for DynamoDB, S3 and
KMS; DynamoDB developer guide, "Using IAM policy conditions for fine-grained access control".
What is not said here is free: a request may have it, in any value, or not.
"""

from valetkey.iam import Policies
from valetkey.iam.glob import units
from valetkey.isolation.asked import about_some, asked_of, members_needed
from valetkey.isolation.formula import Text
from valetkey.isolation.keys import Absent, KeyModel, Keys, several, single

ONE_ITEM = frozenset(
    f"dynamodb:{name}"
    for name in ("getitem", "putitem", "updateitem", "deleteitem", "conditioncheckitem", "query")
)
BATCHES = frozenset({"dynamodb:batchgetitem", "dynamodb:batchwriteitem"})
PARTIQL = frozenset(f"dynamodb:partiql{verb}" for verb in ("select", "insert", "update", "delete"))
LISTS = frozenset({"s3:listbucket", "s3:listbucketversions"})
ENCRYPTS = frozenset(
    f"kms:{name}"
    for name in (
        "encrypt",
        "decrypt",
        "generatedatakey",
        "generatedatakeypair",
        "generatedatakeypairwithoutplaintext",
        "generatedatakeywithoutplaintext",
        "reencryptfrom",
        "reencryptto",
        "creategrant",
        "retiregrant",
    )
)
LEADING = ("dynamodb:leadingkeys", "dynamodb:firstpartitionkeyvalues")
OF_INDEXES = tuple(f"dynamodb:{which}partitionkeyvalues" for which in ("second", "third", "fourth"))
PREFIX = "s3:prefix"

CARRIED_BY = {
    **dict.fromkeys(LEADING, ONE_ITEM | BATCHES | PARTIQL),
    **dict.fromkeys(OF_INDEXES, frozenset({"dynamodb:query", "dynamodb:partiqlselect"})),
    "dynamodb:attributes": ONE_ITEM | BATCHES | PARTIQL | {"dynamodb:scan"},
    **dict.fromkeys((PREFIX, "s3:delimiter", "s3:max-keys"), LISTS),
    "kms:encryptioncontextkeys": ENCRYPTS,
}
CARRIED_BY_BEGINNING = {"kms:encryptioncontext:": ENCRYPTS}


def shape_of(
    action: str,
    resource: Text,
    policies: Policies,
    *,
    prefix: str = "",
    own: int = 1,
    refused: bool = False,
) -> Keys:
    """Return models of the keys that `action` is known to carry or to lack; all others are free.

    - `dynamodb:LeadingKeys` has the one partition key of an item action or a Query, those of a
      batch, and is not there for Scan, exports and the control plane. PartiQL may have it or not.
      `dynamodb:FirstPartitionKeyValues` is the same; the Second to Fourth are of indexes with a
      key of several attributes, so of Query alone.
    - `s3:prefix` may be there for ListBucket and ListBucketVersions, for nothing else.
    - The encryption context may be there where KMS takes one.

    A multivalued key gets as many members as tell all that `policies` can: `own` is how many
    statements "some value is not …" the asker's own formula makes about it, and `refused` says
    that the asker looks for a request that is *not* allowed (see `members_needed`).
    """
    asked = action.lower()
    keys: dict[str, KeyModel] = {
        name: Absent() for name, actions in CARRIED_BY.items() if asked not in actions
    }
    for name in asked_of(policies):
        for beginning, actions in CARRIED_BY_BEGINNING.items():
            if name.startswith(beginning) and asked not in actions:
                keys[name] = Absent()
    if asked in LISTS:
        keys[PREFIX] = single(PREFIX, prefix)
    if asked in ONE_ITEM:
        keys |= dict.fromkeys(LEADING, several(LEADING[0], 1, prefix, always=True))
    if asked in BATCHES | PARTIQL:
        count = _members(LEADING, asked, policies, own=own, refused=refused)
        many = several(LEADING[0], count, prefix, always=asked in BATCHES)
        keys |= dict.fromkeys(LEADING, many)
    return keys


def _members(
    names: tuple[str, ...], action: str, policies: Policies, *, own: int, refused: bool
) -> int:
    bearing = policies.bearing_on(units(action), by_arn=True)
    return members_needed(about_some(names, bearing, refused=refused), own)
