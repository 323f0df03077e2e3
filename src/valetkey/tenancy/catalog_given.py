"""The actions that entries of a map give, as the Service Authorization Reference names them."""

Given = tuple[str, str, str | None, tuple[tuple[str, tuple[str, ...], bool], ...]]

LEADING = "dynamodb:LeadingKeys"
CONTEXT = "kms:EncryptionContext:"

GIVEN: tuple[Given, ...] = (
    # service, resource types, key, (actions, accesses of which one gives them, do they write)
    (
        "dynamodb",
        "table",
        LEADING,
        (
            ("GetItem BatchGetItem ConditionCheckItem", ("read",), False),
            ("PutItem UpdateItem", ("write",), True),
            ("DeleteItem", ("delete",), True),
            # It carries puts and deletes, and no key tells a policy which.
            ("BatchWriteItem", ("write+delete",), True),
        ),
    ),
    ("dynamodb", "table index", LEADING, (("Query", ("read",), False),)),
    (
        "s3",
        "object",
        None,
        (
            ("GetObject", ("read",), False),
            ("PutObject AbortMultipartUpload", ("write",), True),
            ("ListMultipartUploadParts", ("write",), False),
            ("DeleteObject", ("delete",), True),
            # With a version id, S3 asks for these instead of the plain ones.
            ("GetObjectVersion", ("read+versions",), False),
            ("DeleteObjectVersion", ("delete+versions",), True),
        ),
    ),
    (
        "s3",
        "bucket",
        "s3:prefix",
        (
            ("ListBucket", ("list",), False),
            ("ListBucketVersions", ("list+versions",), False),
        ),
    ),
    (
        "sqs",
        "queue",
        None,
        (
            ("SendMessage", ("send",), True),
            ("ReceiveMessage GetQueueAttributes", ("receive",), False),
            ("DeleteMessage ChangeMessageVisibility", ("receive",), True),
            ("GetQueueUrl", ("send", "receive"), False),
        ),
    ),
    (
        "secretsmanager",
        "Secret",
        None,
        (
            ("GetSecretValue DescribeSecret", ("read",), False),
            ("PutSecretValue", ("write",), True),
        ),
    ),
    (
        "ssm",
        "parameter",
        None,
        (
            ("GetParameter GetParameters GetParametersByPath", ("read",), False),
            ("PutParameter", ("write",), True),
            ("DeleteParameter DeleteParameters", ("delete",), True),
        ),
    ),
    ("lambda", "function", None, (("InvokeFunction", ("invoke",), True),)),
    (
        "kms",
        "key",
        CONTEXT,
        (
            ("Encrypt GenerateDataKey", ("encrypt",), False),
            ("Decrypt", ("decrypt",), False),
        ),
    ),
    (
        "bedrock",
        "foundation-model",
        None,
        (("InvokeModel InvokeModelWithResponseStream", ("invoke",), False),),
    ),
)
