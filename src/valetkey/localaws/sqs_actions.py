"""The SQS operations that are modelled, and the action that allows each.

A batch is allowed by the action of the single operation (SQS Developer Guide, "Amazon SQS API
permissions"). Message move tasks are refused, and every operation that is not here.
"""

QUEUE_OPERATIONS: dict[str, str] = {
    "AddPermission": "AddPermission",
    "ChangeMessageVisibility": "ChangeMessageVisibility",
    "ChangeMessageVisibilityBatch": "ChangeMessageVisibility",
    "DeleteMessage": "DeleteMessage",
    "DeleteMessageBatch": "DeleteMessage",
    "DeleteQueue": "DeleteQueue",
    "GetQueueAttributes": "GetQueueAttributes",
    "ListDeadLetterSourceQueues": "ListDeadLetterSourceQueues",
    "ListQueueTags": "ListQueueTags",
    "PurgeQueue": "PurgeQueue",
    "ReceiveMessage": "ReceiveMessage",
    "RemovePermission": "RemovePermission",
    "SendMessage": "SendMessage",
    "SendMessageBatch": "SendMessage",
    "SetQueueAttributes": "SetQueueAttributes",
    "TagQueue": "TagQueue",
    "UntagQueue": "UntagQueue",
}
"""By operations that name their queue with a `QueueUrl`."""

OPERATIONS: dict[str, str] = {
    **QUEUE_OPERATIONS,
    "CreateQueue": "CreateQueue",
    "GetQueueUrl": "GetQueueUrl",
    "ListQueues": "ListQueues",
}

NUMBERS: dict[str, tuple[int, int]] = {
    "DelaySeconds": (0, 900),
    "MaximumMessageSize": (1_024, 1_048_576),
    "MessageRetentionPeriod": (60, 1_209_600),
    "ReceiveMessageWaitTimeSeconds": (0, 20),
    "VisibilityTimeout": (0, 43_200),
}
"""Attributes that are numbers, with their bounds ("SetQueueAttributes")."""

CHOICES: dict[str, frozenset[str]] = {
    "ContentBasedDeduplication": frozenset({"true", "false"}),
    "DeduplicationScope": frozenset({"queue", "messageGroup"}),
    "FifoQueue": frozenset({"true"}),
    "FifoThroughputLimit": frozenset({"perQueue", "perMessageGroupId"}),
    "SqsManagedSseEnabled": frozenset({"true", "false"}),
}
"""Attributes that are one of a few words."""

GRANTABLE = frozenset(
    {
        "*",
        "ChangeMessageVisibility",
        "DeleteMessage",
        "GetQueueAttributes",
        "GetQueueUrl",
        "ListDeadLetterSourceQueues",
        "PurgeQueue",
        "ReceiveMessage",
        "SendMessage",
    }
)
"""Actions that AddPermission may give away."""
MAX_GRANTED_ACTIONS = 7
