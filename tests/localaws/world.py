"""A local AWS with Alice's and Bob's data, and real boto3 clients of anybody in it."""

import json
import time
from collections.abc import Mapping
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from valetkey.localaws import LocalAws

ACCOUNT = "111122223333"
REGION = "eu-west-1"
BUCKET = "trace-artifacts"
TABLE = "TaskEvents"
TABLE_ARN = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{TABLE}"
TENANT_ROLE = f"arn:aws:iam::{ACCOUNT}:role/AgentTenantData"
Statement = dict[str, Any]

TENANT_STATEMENTS: list[Statement] = [
    {
        "Effect": "Allow",
        "Action": ["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject", "s3:DeleteObject"],
        "Resource": f"arn:aws:s3:::{BUCKET}/traces/${{aws:PrincipalTag/user_id}}/*",
    },
    {
        "Effect": "Allow",
        "Action": "s3:ListBucket",
        "Resource": f"arn:aws:s3:::{BUCKET}",
        "Condition": {"StringLike": {"s3:prefix": "traces/${aws:PrincipalTag/user_id}/*"}},
    },
    {
        "Effect": "Allow",
        "Action": [
            "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem",
            "dynamodb:Query", "dynamodb:BatchGetItem", "dynamodb:BatchWriteItem",
            "dynamodb:ConditionCheckItem", "dynamodb:Scan",
        ],
        "Resource": [TABLE_ARN, f"{TABLE_ARN}/index/*"],
        "Condition": {
            "ForAllValues:StringEquals": {"dynamodb:LeadingKeys": "${aws:PrincipalTag/user_id}"},
            "Null": {"dynamodb:LeadingKeys": "false"},
        },
    },
]  # fmt: skip


class Clock:
    """Real time plus an offset that a test moves."""

    def __init__(self) -> None:
        self.offset = 0.0

    def __call__(self) -> float:
        return time.time() + self.offset


def document(*statements: Statement) -> str:
    """Return a policy document."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(
    action: str | list[str],
    resource: str | list[str] = "*",
    *,
    condition: Mapping[str, Any] | None = None,
    **conditions: Any,
) -> Statement:
    """Return an Allow statement."""
    found: Statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    wanted = {**(condition or {}), **conditions}
    return {**found, "Condition": wanted} if wanted else found


def trust(principal: str, *actions: str, **condition: Any) -> Statement:
    """Return a trust statement."""
    found: Statement = {
        "Effect": "Allow",
        "Principal": {"AWS": principal},
        "Action": list(actions or ("sts:AssumeRole",)),
    }
    return {**found, "Condition": condition} if condition else found


def code_of(error: ClientError) -> str:
    """Return the AWS error code of what boto3 raised."""
    return str(error.response["Error"]["Code"])


class World:
    """The local AWS, its principals, and every client that was made, to be closed."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.aws = LocalAws(account=ACCOUNT, region=REGION, clock=self.clock).start()
        self._clients: list[Any] = []
        self._session: Any = boto3.session.Session(region_name=REGION)
        self.root = {
            "AccessKeyId": self.aws.root_access_key_id,
            "SecretAccessKey": self.aws.root_secret_access_key,
        }
        self._fill()

    def close(self) -> None:
        """End the clients and the local AWS."""
        for client in self._clients:
            client.close()
        self.aws.stop()

    def client(self, service: str, keys: Mapping[str, Any] | None = None, **config: Any) -> Any:
        """Return a boto3 client that signs with `keys`, root's if none are given."""
        keys = self.root if keys is None else keys
        client = self._session.client(
            service,
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys.get("SessionToken"),
            endpoint_url=self.aws.endpoint,
            config=Config(retries={"total_max_attempts": 1}, **config),
        )
        self._clients.append(client)
        return client

    def user(self, name: str, *statements: Statement) -> Mapping[str, str]:
        """Create a user with this policy and return its keys."""
        iam = self.client("iam")
        iam.create_user(UserName=name)
        if statements:
            text = document(*statements)
            iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=text)
        keys: Mapping[str, str] = iam.create_access_key(UserName=name)["AccessKey"]
        return keys

    def role(self, name: str, trusts: list[Statement], *statements: Statement, **more: Any) -> str:
        """Create a role and return its ARN."""
        iam = self.client("iam")
        made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(*trusts), **more)
        if statements:
            iam.put_role_policy(
                RoleName=name, PolicyName="own", PolicyDocument=document(*statements)
            )
        return str(made["Role"]["Arn"])

    def assume(
        self,
        role: str,
        tags: Mapping[str, str] | None = None,
        *,
        keys: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> Mapping[str, Any]:
        """Return the credentials of a new session, made by the broker unless `keys` are given."""
        keys = self.broker if keys is None else keys
        sts = self.client("sts", keys, parameter_validation=False)
        if tags is not None:
            more["Tags"] = [{"Key": key, "Value": value} for key, value in tags.items()]
        more = {"RoleSessionName": "vk-run", **more}
        found: Mapping[str, Any] = sts.assume_role(RoleArn=role, **more)["Credentials"]
        return found

    def tenant(self, user_id: str) -> Mapping[str, Any]:
        """Return a session of the tenant role for one person."""
        return self.assume(TENANT_ROLE, {"user_id": user_id})

    def _fill(self) -> None:
        self.broker = self.user(
            "broker", allow(["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"])
        )
        broker = f"arn:aws:iam::{ACCOUNT}:user/broker"
        tagged = {"StringLike": {"aws:RequestTag/user_id": "?*"}}
        self.role(
            "AgentTenantData",
            [trust(broker, "sts:AssumeRole", "sts:TagSession", **tagged)],
            *TENANT_STATEMENTS,
        )
        s3 = self.client("s3")
        s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        ddb = self.client("dynamodb")
        ddb.create_table(
            TableName=TABLE,
            KeySchema=[
                {"AttributeName": "owner", "KeyType": "HASH"},
                {"AttributeName": "at", "KeyType": "RANGE"},
            ],
            AttributeDefinitions=[
                {"AttributeName": "owner", "AttributeType": "S"},
                {"AttributeName": "at", "AttributeType": "N"},
                {"AttributeName": "kind", "AttributeType": "S"},
            ],
            GlobalSecondaryIndexes=[
                {
                    "IndexName": "by-kind",
                    "KeySchema": [{"AttributeName": "kind", "KeyType": "HASH"}],
                    "Projection": {"ProjectionType": "ALL"},
                }
            ],
            BillingMode="PAY_PER_REQUEST",
        )
        for person in ("alice", "bob"):
            s3.put_object(Bucket=BUCKET, Key=f"traces/{person}/a", Body=person.encode())
            item = {"owner": {"S": person}, "at": {"N": "1"}, "kind": {"S": "note"}}
            ddb.put_item(TableName=TABLE, Item=item)
