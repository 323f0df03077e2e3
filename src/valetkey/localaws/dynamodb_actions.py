"""The DynamoDB operations that are modelled, by what their resource is.

The action has the operation's name, but for the parts of a transaction and for PartiQL. Legacy
parameters (`KeyConditions`, `Expected`, …), streams, backups and exports are refused.
"""

ITEM_OPERATIONS = frozenset({"GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "Scan"})
BATCH_OPERATIONS = frozenset({"BatchGetItem", "BatchWriteItem"})
TRANSACTION_OPERATIONS = frozenset({"TransactGetItems", "TransactWriteItems"})
STATEMENT_OPERATIONS = frozenset(
    {"ExecuteStatement", "BatchExecuteStatement", "ExecuteTransaction"}
)
TABLE_OPERATIONS = frozenset(
    {
        "CreateTable",
        "DeleteTable",
        "DescribeTable",
        "UpdateTable",
        "DescribeTimeToLive",
        "UpdateTimeToLive",
        "DescribeContinuousBackups",
        "UpdateContinuousBackups",
    }
)
ARN_OPERATIONS = frozenset(
    {
        "TagResource",
        "UntagResource",
        "ListTagsOfResource",
        "PutResourcePolicy",
        "GetResourcePolicy",
        "DeleteResourcePolicy",
    }
)
ACCOUNT_OPERATIONS = frozenset({"ListTables", "DescribeLimits", "DescribeEndpoints"})

OPERATIONS = (
    ITEM_OPERATIONS
    | BATCH_OPERATIONS
    | TRANSACTION_OPERATIONS
    | STATEMENT_OPERATIONS
    | TABLE_OPERATIONS
    | ARN_OPERATIONS
    | ACCOUNT_OPERATIONS
)

TRANSACTION_ACTIONS = {
    "Get": "GetItem",
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
}

LEGACY = frozenset(
    {
        "AttributesToGet",
        "AttributeUpdates",
        "ConditionalOperator",
        "Expected",
        "KeyConditions",
        "QueryFilter",
        "ScanFilter",
    }
)
"""Parameters from before expressions: the storage honours some and ignores others."""

UNMODELLED = frozenset({"ResourcePolicy", "GlobalTableWitnesses", "ReplicaUpdates"})
"""Parameters that would need a decision of their own."""
