"""What stands in the demo's AWS: a table, a bucket, the agents' role and the broker's identity."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from valetkey.demo.clients import client
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

    @property
    def root_keys(self) -> dict[str, str]:
        """The root's keys, named as IAM names them."""
        return {"AccessKeyId": self.access_key_id, "SecretAccessKey": self.secret_access_key}

    def client(self, service: str, keys: Mapping[str, str] | None) -> Any:
        """Return a client with these keys; None signs nothing."""
        return client(service, endpoint=self.endpoint, region=self.region, keys=keys)


@dataclass(frozen=True, slots=True)
class World:
    """What the story needs to know of the AWS that was set up."""

    role_arn: str
    broker_key_id: str
    broker_secret: str


def build(aws: Aws) -> World:
    """Make everything, as the account's administrator would."""
    _fill_table(aws.client("dynamodb", aws.root_keys))
    _fill_bucket(aws.client("s3", aws.root_keys), aws.region)
    return _write_policies(aws.client("iam", aws.root_keys), aws)


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
