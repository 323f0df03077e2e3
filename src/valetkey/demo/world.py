"""What stands in the demo's AWS: a table, a bucket, the agents' role and the broker's identity."""

import json
from dataclasses import dataclass
from typing import Any

import boto3

from valetkey.demo.policies import broker_policy, permission_policy, trust_policy

TABLE = "Notes"
BUCKET = "trace-artifacts"
ROLE = "AgentTenantData"
BROKER = "valetkey-broker"
PEOPLE = ("alice", "bob")


@dataclass(frozen=True, slots=True)
class Aws:
    """Where the local AWS listens, and its root keys, as its first line says."""

    endpoint: str
    region: str
    account: str
    access_key_id: str
    secret_access_key: str


@dataclass(frozen=True, slots=True)
class World:
    """What the story needs to know of the AWS that was set up."""

    role_arn: str
    broker_key_id: str
    broker_secret: str


def build(aws: Aws) -> World:
    """Make everything, as the account's administrator would."""
    session = boto3.Session(
        aws_access_key_id=aws.access_key_id,
        aws_secret_access_key=aws.secret_access_key,
        region_name=aws.region,
    )

    def client(service: str) -> Any:
        return session.client(service, endpoint_url=aws.endpoint)

    _fill_table(client("dynamodb"))
    _fill_bucket(client("s3"), aws.region)
    return _write_policies(client("iam"), aws)


def _fill_table(dynamodb: Any) -> None:
    dynamodb.create_table(
        TableName=TABLE,
        AttributeDefinitions=[{"AttributeName": "user_id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "user_id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    for person in PEOPLE:
        dynamodb.put_item(
            TableName=TABLE,
            Item={"user_id": {"S": person}, "note": {"S": f"{person}'s private note"}},
        )


def _fill_bucket(s3: Any, region: str) -> None:
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": region})
    for person in PEOPLE:
        s3.put_object(
            Bucket=BUCKET, Key=f"traces/{person}/1.txt", Body=f"{person}'s trace".encode()
        )


def _write_policies(iam: Any, aws: Aws) -> World:
    broker_arn = iam.create_user(UserName=BROKER)["User"]["Arn"]
    role_arn = iam.create_role(
        RoleName=ROLE, AssumeRolePolicyDocument=json.dumps(trust_policy(broker_arn))
    )["Role"]["Arn"]
    table_arn = f"arn:aws:dynamodb:{aws.region}:{aws.account}:table/{TABLE}"
    iam.put_role_policy(
        RoleName=ROLE,
        PolicyName="own-data",
        PolicyDocument=json.dumps(permission_policy(table_arn, BUCKET)),
    )
    iam.put_user_policy(
        UserName=BROKER,
        PolicyName="vend",
        PolicyDocument=json.dumps(broker_policy(role_arn)),
    )
    key = iam.create_access_key(UserName=BROKER)["AccessKey"]
    return World(role_arn, key["AccessKeyId"], key["SecretAccessKey"])
