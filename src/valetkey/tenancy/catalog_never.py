"""The actions that no entry of a map gives, as the Service Authorization Reference names them."""

from valetkey.tenancy.catalog_given import CONTEXT, LEADING

Never = tuple[str, str, str, str | None, bool, str]

NEVER: tuple[Never, ...] = (
    # reach, service, resource types, key, do they write, actions
    ("data", "dynamodb", "table index", None, False, "Scan"),
    ("data", "dynamodb", "table index", LEADING, False, "PartiQLSelect"),
    ("data", "dynamodb", "table", LEADING, True, "PartiQLInsert PartiQLUpdate PartiQLDelete"),
    ("data", "dynamodb", "table index", None, False, "SearchVectors"),
    ("data", "dynamodb", "stream", None, False, "GetRecords"),
    ("other", "dynamodb", "stream", None, False, "GetShardIterator DescribeStream"),
    ("other", "dynamodb", "*", None, False, "ListStreams ListTables ListBackups"),
    (
        "other",
        "dynamodb",
        "table",
        None,
        True,
        "ExportTableToPointInTime ImportTable CreateBackup RestoreTableToPointInTime "
        "RestoreTableFromBackup EnableKinesisStreamingDestination "
        "DisableKinesisStreamingDestination UpdateKinesisStreamingDestination "
        "PutResourcePolicy DeleteResourcePolicy CreateTable UpdateTable DeleteTable "
        "UpdateTimeToLive UpdateContinuousBackups CreateTableReplica DeleteTableReplica "
        "WriteDataForReplication RestoreTableFromAwsBackup StartAwsBackupJob TagResource "
        "UntagResource CreateGlobalTable UpdateGlobalTable",
    ),
    (
        "other",
        "dynamodb",
        "table",
        None,
        False,
        "ReadDataForReplication DescribeTable DescribeTimeToLive DescribeContinuousBackups "
        "GetResourcePolicy ListTagsOfResource ListExports",
    ),
    (
        "data",
        "s3",
        "object",
        None,
        False,
        "GetObjectAttributes GetObjectVersionAttributes GetObjectTorrent GetObjectVersionTorrent "
        "GetObjectVersionForReplication GetObjectAnnotation GetObjectVersionAnnotation",
    ),
    (
        "data",
        "s3",
        "object",
        None,
        True,
        "ReplicateObject ReplicateDelete RestoreObject PutObjectAnnotation DeleteObjectAnnotation",
    ),
    ("data", "s3", "bucket", None, False, "ListBucketMultipartUploads"),
    (
        "other",
        "s3",
        "object",
        None,
        False,
        "GetObjectAcl GetObjectVersionAcl GetObjectTagging GetObjectVersionTagging "
        "GetObjectRetention GetObjectLegalHold",
    ),
    (
        "other",
        "s3",
        "object",
        None,
        True,
        "PutObjectAcl PutObjectVersionAcl PutObjectTagging PutObjectVersionTagging "
        "DeleteObjectTagging DeleteObjectVersionTagging PutObjectRetention PutObjectLegalHold "
        "BypassGovernanceRetention InitiateReplication ObjectOwnerOverrideToBucketOwner "
        "ReplicateTags UpdateObjectEncryption",
    ),
    ("other", "s3", "*", None, True, "CreateJob"),
    ("other", "s3", "*", None, False, "ListAllMyBuckets ListJobs ListAccessPoints"),
    ("data", "sqs", "queue", None, True, "PurgeQueue"),
    (
        "other",
        "sqs",
        "queue",
        None,
        True,
        "AddPermission RemovePermission SetQueueAttributes CreateQueue DeleteQueue "
        "StartMessageMoveTask CancelMessageMoveTask TagQueue UntagQueue",
    ),
    (
        "other",
        "sqs",
        "queue",
        None,
        False,
        "ListQueueTags ListDeadLetterSourceQueues ListMessageMoveTasks",
    ),
    ("other", "sqs", "*", None, False, "ListQueues"),
    ("data", "secretsmanager", "Secret", None, True, "UpdateSecret DeleteSecret"),
    ("data", "secretsmanager", "*", None, False, "BatchGetSecretValue"),
    (
        "other",
        "secretsmanager",
        "Secret",
        None,
        True,
        "CreateSecret RestoreSecret RotateSecret CancelRotateSecret PutResourcePolicy "
        "DeleteResourcePolicy ReplicateSecretToRegions RemoveRegionsFromReplication "
        "StopReplicationToReplica UpdateSecretVersionStage TagResource UntagResource",
    ),
    ("other", "secretsmanager", "Secret", None, False, "GetResourcePolicy ListSecretVersionIds"),
    ("other", "secretsmanager", "*", None, False, "ListSecrets"),
    ("data", "ssm", "parameter", None, False, "GetParameterHistory"),
    (
        "other",
        "ssm",
        "parameter",
        None,
        True,
        "LabelParameterVersion UnlabelParameterVersion PutResourcePolicy DeleteResourcePolicy "
        "AddTagsToResource RemoveTagsFromResource",
    ),
    ("other", "ssm", "parameter", None, False, "GetResourcePolicies ListTagsForResource"),
    ("other", "ssm", "*", None, False, "DescribeParameters"),
    ("data", "lambda", "function", None, True, "InvokeAsync InvokeFunctionUrl"),
    (
        "other",
        "lambda",
        "function",
        None,
        True,
        "AddPermission RemovePermission CreateFunction DeleteFunction UpdateFunctionCode "
        "UpdateFunctionConfiguration PublishVersion CreateAlias UpdateAlias DeleteAlias "
        "CreateFunctionUrlConfig UpdateFunctionUrlConfig PutFunctionEventInvokeConfig "
        "PutResourcePolicy DeleteResourcePolicy TagResource UntagResource",
    ),
    ("other", "lambda", "*", None, True, "CreateEventSourceMapping"),
    ("other", "lambda", "function", None, False, "GetFunction GetFunctionConfiguration GetPolicy"),
    (
        "data",
        "kms",
        "key",
        CONTEXT,
        False,
        "GenerateDataKeyWithoutPlaintext GenerateDataKeyPair "
        "GenerateDataKeyPairWithoutPlaintext ReEncryptFrom ReEncryptTo",
    ),
    ("data", "kms", "key", None, False, "DeriveSharedSecret Sign GenerateMac"),
    ("other", "kms", "key", CONTEXT, True, "CreateGrant RetireGrant"),
    (
        "other",
        "kms",
        "key",
        None,
        True,
        "PutKeyPolicy RevokeGrant ScheduleKeyDeletion CancelKeyDeletion DisableKey "
        "EnableKey ReplicateKey UpdatePrimaryRegion ImportKeyMaterial DeleteImportedKeyMaterial "
        "TagResource UntagResource CreateAlias UpdateAlias DeleteAlias",
    ),
    ("other", "kms", "key", None, False, "DescribeKey GetKeyPolicy GetPublicKey ListGrants"),
    ("other", "kms", "*", None, True, "CreateKey"),
    ("other", "bedrock", "*", None, False, "ListFoundationModels InvokeInlineAgent"),
    ("other", "bedrock", "foundation-model", None, True, "CreateModelInvocationJob"),
    (
        "other",
        "iam",
        "role",
        None,
        True,
        "PassRole AttachRolePolicy DetachRolePolicy PutRolePolicy DeleteRolePolicy TagRole "
        "UntagRole UpdateAssumeRolePolicy UpdateRole CreateRole DeleteRole "
        "PutRolePermissionsBoundary DeleteRolePermissionsBoundary",
    ),
    ("other", "iam", "role", None, False, "GetRole GetRolePolicy ListRolePolicies"),
    ("other", "iam", "*", None, False, "ListRoles"),
    (
        "other",
        "sts",
        "role",
        None,
        True,
        "AssumeRole AssumeRoleWithWebIdentity AssumeRoleWithSAML TagSession SetSourceIdentity",
    ),
    ("other", "sts", "*", None, False, "GetCallerIdentity"),
)

BUCKET_CONTROL = (
    "PutBucketPolicy DeleteBucketPolicy PutBucketAcl PutReplicationConfiguration "
    "PutLifecycleConfiguration PutBucketNotification PutBucketVersioning PutBucketWebsite "
    "PutBucketLogging PutBucketOwnershipControls PutBucketPublicAccessBlock PutBucketCORS "
    "PutEncryptionConfiguration PutInventoryConfiguration PutBucketTagging PutBucketAbac "
    "PutMetricsConfiguration PutAnalyticsConfiguration CreateBucket DeleteBucket "
    "CreateBucketMetadataTableConfiguration GetBucketPolicy GetBucketAcl GetBucketLocation "
    "GetReplicationConfiguration GetInventoryConfiguration GetBucketVersioning"
)
