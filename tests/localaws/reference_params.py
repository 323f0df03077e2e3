"""What each modelled operation is sent with: required values by name, and calls with more.

Everything that can bring a condition key is sent once at least.
"""

from typing import Any

from tests.localaws.world import ACCOUNT, BUCKET, REGION, TABLE, TABLE_ARN, allow, document
from valetkey.localaws import iam_actions

ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/Some"
POLICY_ARN = f"arn:aws:iam::{ACCOUNT}:policy/some"
FUNCTION_ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:some"
TAGS = [{"Key": "user_id", "Value": "alice"}]
OWN_TAGS = {"user_id": "alice", "team": "red"}  # of what is there; calls remove one at most
ISSUER = "issuer.example"
KEY_ARN = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/some"
POLICY = document({**allow("s3:*"), "Principal": "*"})
TO_ONE = document({**allow("secretsmanager:*"), "Principal": {"AWS": ACCOUNT}})

NAMED: dict[str, Any] = {
    "AssumeRolePolicyDocument": document(
        {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}
    ),
    "Bucket": BUCKET,
    "CopySource": f"{BUCKET}/traces/alice/a",
    "FunctionName": "some",
    "GroupName": "some",
    "Key": "traces/alice/a",
    "Label": "some",
    "OpenIDConnectProviderArn": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{ISSUER}",
    "Path": "/some",
    "PolicyArn": POLICY_ARN,
    "PolicyDocument": document(allow("s3:*")),
    "PolicyName": "some",
    "QueueName": "some",
    "ResourceArn": TABLE_ARN,
    "ResourceType": "Parameter",
    "RoleArn": ROLE_ARN,
    "RoleName": "Some",
    "RoleSessionName": "some",
    "SecretId": "some",
    "StatementId": "some",
    "TableName": TABLE,
    "ThumbprintList": ["a" * 40],
    "Url": f"https://{ISSUER}",
    "UserName": "some",
}
"""Values of required parameters, by name."""

KEY = {"owner": {"S": "alice"}, "at": {"N": "1"}}
GET = {"TableName": TABLE, "Key": KEY}
PUT = {"TableName": TABLE, "Item": KEY}
CAPACITY = {"ReturnConsumedCapacity": "TOTAL"}
QUERY = {
    "KeyConditionExpression": "#o = :o",
    "ExpressionAttributeNames": {"#o": "owner"},
    "ExpressionAttributeValues": {":o": {"S": "alice"}},
}
WHOLE = "owner = 'alice' AND \"at\" = 1"
WRITES = (
    f"INSERT INTO {TABLE} VALUE {{'owner': 'alice', 'at': 50}}",
    f"UPDATE {TABLE} SET kind = 'x' WHERE {WHOLE}",
    f"DELETE FROM {TABLE} WHERE {WHOLE}",
)
STATEMENTS = (
    f"SELECT kind FROM {TABLE} WHERE {WHOLE}",
    f'SELECT * FROM "{TABLE}"."by-kind"',
    WRITES[0],
    f"{WRITES[1]} RETURNING ALL NEW *",
    f"{WRITES[2]} RETURNING ALL OLD *",
)
FURTHER: dict[str, tuple[dict[str, Any], ...]] = {
    "s3:PutObject": ({"Body": b"x", "Tagging": "a=b", "ACL": "private", "StorageClass": "STANDARD",
                      "ServerSideEncryption": "AES256", "WebsiteRedirectLocation": "/a"},
                     {"Body": b"y", "IfNoneMatch": "*"}, {"Body": b"y", "IfMatch": "a"},
                     {"Body": b"y", "ServerSideEncryption": "aws:kms", "SSEKMSKeyId": KEY_ARN}),
    "s3:CopyObject": ({"MetadataDirective": "REPLACE", "TaggingDirective": "REPLACE",
                       "Tagging": "a=b"},),
    "s3:CreateMultipartUpload": ({"Tagging": "a=b"},),
    "s3:CreateBucket": ({"Bucket": "another-bucket", "ACL": "public-read",
                         "ObjectOwnership": "ObjectWriter",
                         "CreateBucketConfiguration": {"LocationConstraint": REGION}},),
    "s3:CompleteMultipartUpload": ({"MultipartUpload": {"Parts": [{"ETag": "x",
                                                                   "PartNumber": 1}]}},),
    "s3:PutBucketEncryption": ({"ServerSideEncryptionConfiguration": {"Rules": [
        {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}},),
    "s3:PutBucketLifecycleConfiguration": ({"LifecycleConfiguration": {"Rules": [
        {"Status": "Enabled", "Filter": {}, "Expiration": {"Days": 1}}]}},),
    "s3:PutBucketVersioning": ({"VersioningConfiguration": {"Status": "Suspended"}},),
    "s3:PutPublicAccessBlock": ({"PublicAccessBlockConfiguration": {"BlockPublicAcls": True}},),
    "s3:ListObjectsV2": ({"Prefix": "traces/", "Delimiter": "/", "MaxKeys": 5},),
    "s3:ListObjectVersions": ({"Prefix": "traces/", "Delimiter": "/", "MaxKeys": 5},),
    "s3:GetObject": ({"VersionId": "null"},),
    "s3:GetObjectTagging": ({"VersionId": "null"},),
    "s3:DeleteObject": ({"VersionId": "null", "Key": "versioned"}, {"IfMatch": "a"}),
    "s3:DeleteObjects": ({"Delete": {"Objects": [{"Key": "a"}, {"Key": "b", "VersionId": "c"}]}},),
    "s3:GetObjectAttributes": ({"ObjectAttributes": ["ETag"]},),
    "s3:PutBucketPolicy": ({"Policy": POLICY.replace('"*"', f'"arn:aws:s3:::{BUCKET}"', 1)},),
    "dynamodb:GetItem": ({"Key": KEY, "ProjectionExpression": "kind", **CAPACITY},),
    "dynamodb:PutItem": ({"Item": KEY, "ReturnValues": "ALL_OLD", **CAPACITY},),
    "dynamodb:UpdateItem": ({"Key": KEY, "UpdateExpression": "SET kind = :k",
                             "ExpressionAttributeValues": {":k": {"S": "x"}},
                             "ReturnValues": "ALL_OLD", **CAPACITY},),
    "dynamodb:DeleteItem": ({"Key": KEY, "ReturnValues": "ALL_OLD", **CAPACITY},),
    "dynamodb:Query": ({**QUERY, **CAPACITY}, {**QUERY, "IndexName": "by-kind",
                               "ExpressionAttributeNames": {"#o": "kind"}}),
    "dynamodb:Scan": ({"IndexName": "by-kind"}, {"Select": "COUNT", **CAPACITY}),
    "dynamodb:BatchGetItem": ({"RequestItems": {TABLE: {"Keys": [KEY]}}, **CAPACITY},),
    "dynamodb:BatchWriteItem": ({"RequestItems": {TABLE: [
        {"PutRequest": {"Item": KEY}}, {"DeleteRequest": {"Key": KEY}}]}, **CAPACITY},),
    "dynamodb:TransactGetItems": ({"TransactItems": [{"Get": GET}]},),
    "dynamodb:TransactWriteItems": ({"TransactItems": [
        {"Put": PUT}, {"Delete": GET},
        {"Update": {**GET, "UpdateExpression": "REMOVE kind"}},
        {"ConditionCheck": {**GET, "ConditionExpression": "attribute_exists(kind)",
                            "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}}], **CAPACITY},),
    "dynamodb:ExecuteStatement": tuple({"Statement": text} for text in STATEMENTS),
    "dynamodb:BatchExecuteStatement": tuple(
        {"Statements": [{"Statement": text}]} for text in STATEMENTS
    ),
    "dynamodb:ExecuteTransaction": (
        {"TransactStatements": [{"Statement": text} for text in WRITES]},
        {"TransactStatements": [{"Statement": STATEMENTS[0]}]},
    ),
    "dynamodb:CreateTable": ({"TableName": "another", "Tags": TAGS,
                              "KeySchema": [{"AttributeName": "k", "KeyType": "HASH"}],
                              "AttributeDefinitions": [{"AttributeName": "k",
                                                        "AttributeType": "S"}],
                              "BillingMode": "PAY_PER_REQUEST"},),
    "dynamodb:TagResource": ({"Tags": TAGS},),
    "iam:CreateRole": ({"Tags": TAGS, "PermissionsBoundary": POLICY_ARN},),
    "iam:CreateUser": ({"Tags": TAGS, "PermissionsBoundary": POLICY_ARN},),
    "iam:CreatePolicy": ({"Tags": TAGS},),
    "iam:CreateOpenIDConnectProvider": ({"Tags": TAGS},),
    "iam:TagOpenIDConnectProvider": ({"Tags": TAGS},),
    **{f"iam:{name}": ({"UserName": "some"},) for name in iam_actions.IMPLICIT_USER},
    "sts:AssumeRole": ({"Tags": TAGS, "TransitiveTagKeys": ["user_id"], "ExternalId": "some",
                        "SourceIdentity": "some"},),
    "sqs:CreateQueue": ({"tags": {"user_id": "alice"}},),
    "sqs:TagQueue": ({"Tags": {"user_id": "alice"}},),
    "lambda:Invoke": ({"Qualifier": "live"},),
    "lambda:AddPermission": ({"Action": "lambda:InvokeFunction", "Principal": ACCOUNT,
                              "FunctionUrlAuthType": "AWS_IAM"},),
    "lambda:ListTags": ({"Resource": FUNCTION_ARN},),
    "lambda:TagResource": ({"Resource": FUNCTION_ARN, "Tags": {"a": "b"}},),
    "lambda:UntagResource": ({"Resource": FUNCTION_ARN, "TagKeys": ["a"]},),
    "secretsmanager:CreateSecret": ({"Name": "some", "SecretString": "x", "Tags": TAGS,
                                     "Description": "d", "KmsKeyId": KEY_ARN},),
    "secretsmanager:GetSecretValue": ({"VersionStage": "AWSCURRENT"}, {"VersionId": "v" * 32}),
    "secretsmanager:BatchGetSecretValue": ({"SecretIdList": ["some"]},),
    "secretsmanager:DeleteSecret": ({"RecoveryWindowInDays": 7},
                                    {"ForceDeleteWithoutRecovery": True}),
    "secretsmanager:PutResourcePolicy": ({"ResourcePolicy": TO_ONE, "BlockPublicPolicy": False},),
    "secretsmanager:PutSecretValue": ({"SecretString": "y"},),
    "secretsmanager:UpdateSecret": ({"SecretString": "z", "Description": "e",
                                     "KmsKeyId": KEY_ARN},),
    "secretsmanager:UpdateSecretVersionStage": ({"VersionStage": "AWSPREVIOUS"},),
    "secretsmanager:TagResource": ({"Tags": TAGS},),
    "ssm:PutParameter": ({"Name": "/some/name", "Value": "x", "Type": "String", "Tags": TAGS},
                         {"Name": "plain", "Value": "x", "Type": "String"},
                         {"Name": "plain", "Value": "y", "Type": "String", "Overwrite": True}),
    "ssm:GetParameter": ({"Name": "/some/name"}, {"Name": "plain"}),
    "ssm:GetParameters": ({"Names": ["/some/name", "plain"]},),
    "ssm:GetParametersByPath": ({"Path": "/some", "Recursive": True}, {"Path": "/"}),
    "ssm:GetParameterHistory": ({"Name": "plain"},),
    "ssm:AddTagsToResource": ({"ResourceId": "plain", "Tags": TAGS},),
    "ssm:RemoveTagsFromResource": ({"ResourceId": "plain", "TagKeys": ["user_id"]},),
    "ssm:ListTagsForResource": ({"ResourceId": "plain"},),
    "ssm:LabelParameterVersion": ({"Name": "plain", "Labels": ["live"]},),
    "ssm:UnlabelParameterVersion": ({"Name": "plain", "ParameterVersion": 1, "Labels": ["live"]},),
    "ssm:DeleteParameter": ({"Name": "plain"},),
    "ssm:DeleteParameters": ({"Names": ["/some/name"]},),
}  # fmt: skip
"""What is sent beside the required parameters, a call each."""
