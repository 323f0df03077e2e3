"""Actions by what they give away: a tenant's data, names of things, nothing of anybody's."""

DATA_ACTIONS = {
    "dynamodb": (
        "scan", "query", "getitem", "batchgetitem", "putitem", "updateitem", "deleteitem",
        "batchwriteitem", "partiqlselect", "partiqlinsert", "partiqlupdate", "partiqldelete",
        "getrecords", "exporttabletopointintime", "searchvectors",
    ),
    "s3": (
        "getobject", "getobjectversion", "putobject", "deleteobject", "deleteobjectversion",
        "getobjecttorrent", "restoreobject", "getobjecttagging", "getobjectattributes",
    ),
}  # fmt: skip

ALL_DATA = tuple(f"{service}:{name}" for service, names in DATA_ACTIONS.items() for name in names)
LOOKS = ("list", "describe", "getaccount")
# They take no resource, or none of a tenant's: what begins like this opens nothing.
OF_NOBODY = (
    "cloudwatch:describe", "dynamodb:listtables", "ec2:describe", "kms:listaliases", "kms:listkeys",
    "lambda:getaccountsettings", "lambda:listfunctions", "logs:describeloggroups", "s3:getaccount",
    "s3:getbucket", "s3:listallmybuckets", "secretsmanager:getrandompassword",
    "secretsmanager:listsecrets", "sns:listtopics", "sqs:listqueues", "ssm:describeparameters",
)  # fmt: skip


def is_a_look(action: str | None) -> bool:
    """Tell whether the action lists or describes, mostly without a resource, so that a condition on
    it says little.
    """
    return action not in ALL_DATA and (action or "").partition(":")[2].startswith(LOOKS)
