"""Where a world keeps its data: the names and ARNs of its bucket, table, queues and secrets."""

from dataclasses import dataclass

ACCOUNT = "111122223333"
REGION = "eu-west-1"
ROLE_TAGS = {"Team": "agents", "user_id": "nobody"}  # a session tag wins over the role's own
TABLE_TAGS = {"team": "agents"}
ACTIONS = (
    "s3:GetObject", "s3:PutObject", "s3:ListBucket", "s3:GetObjectVersion", "s3:DeleteObject",
    "S3:GETOBJECT", "s3:Get*", "s3:?etObject", "s3:*Object", "s3:*Tagging", "s3:List*", "s3:*",
    "s3:ListBucketVersions", "s3:DeleteObjectVersion", "s3:PutObjectTagging", "s3:Delete*",
    "s3:GetObject*", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts", "s3:PutObjectAcl",
    "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem",
    "dynamodb:Query", "dynamodb:Scan", "dynamodb:BatchGetItem", "dynamodb:BatchWriteItem",
    "dynamodb:*Item", "dynamodb:Batch*", "DynamoDB:ConditionCheckItem", "dynamodb:*", "*",
    "dynamodb:DescribeTable", "dynamodb:?etItem", "sqs:*", "sqs:SendMessage", "sqs:ReceiveMessage",
    "sqs:Get*", "secretsmanager:GetSecretValue", "secretsmanager:*", "ssm:GetParameter",
    "ssm:GetParameters", "ssm:*", "ssm:PutParameter", "lambda:InvokeFunction", "lambda:*",
    "sqs:SetQueueAttributes", "sqs:DeleteMessage", "sqs:Change*", "sqs:*Message*",
    "secretsmanager:BatchGetSecretValue", "secretsmanager:*Policy", "secretsmanager:Get*",
    "lambda:AddPermission", "lambda:GetPolicy", "lambda:Get*", "lambda:Invoke*",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Names:
    """The names of world number `number`; no other world of the local AWS shares them."""

    number: int

    @property
    def bucket(self) -> str:
        """The bucket's name."""
        return f"traces-{self.number}"

    @property
    def bucket_arn(self) -> str:
        """The bucket's ARN."""
        return f"arn:aws:s3:::{self.bucket}"

    @property
    def table(self) -> str:
        """The table's name."""
        return f"Tasks{self.number}"

    @property
    def table_arn(self) -> str:
        """The table's ARN."""
        return f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{self.table}"

    @property
    def role(self) -> str:
        """The role's name."""
        return f"Agent{self.number}"

    @property
    def role_arn(self) -> str:
        """The role's ARN."""
        return f"arn:aws:iam::{ACCOUNT}:role/{self.role}"

    @property
    def boundary_arn(self) -> str:
        """The ARN of the managed policy that bounds the role."""
        return f"arn:aws:iam::{ACCOUNT}:policy/Bound{self.number}"

    def session_arn(self, tenant: int) -> str:
        """Return the ARN of a tenant's role session."""
        return f"arn:aws:sts::{ACCOUNT}:assumed-role/{self.role}/vk-{tenant}"

    @property
    def extra_arns(self) -> list[str]:
        """Patterns of all queues, secrets, parameters and functions of this world."""
        base, name = f"{REGION}:{ACCOUNT}", f"w{self.number}"
        return [
            f"arn:aws:sqs:{base}:{name}-*", f"arn:aws:secretsmanager:{base}:secret:{name}-*",
            f"arn:aws:ssm:{base}:parameter/{name}/*", f"arn:aws:lambda:{base}:function:{name}-*",
        ]  # fmt: skip

    @property
    def fifo_queues(self) -> str:
        """The pattern of this world's FIFO queues."""
        return f"arn:aws:sqs:{REGION}:{ACCOUNT}:w{self.number}-*.fifo"

    @property
    def qualified(self) -> str:
        """The pattern of this world's functions with a version or an alias."""
        return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:w{self.number}-*:*"

    @property
    def plain_names(self) -> list[str]:
        """Patterns that functions without a qualifier and queues that are not FIFO match."""
        base, name = f"{REGION}:{ACCOUNT}", f"w{self.number}-t?"
        return [f"arn:aws:sqs:{base}:{name}", f"arn:aws:lambda:{base}:function:{name}"]

    @property
    def patterns(self) -> tuple[str, ...]:
        """Patterns of resources: exact, with variables, too broad, and beside the point."""
        user, repo = "${aws:PrincipalTag/user_id}", "${aws:PrincipalTag/repo}"
        bucket, table = self.bucket_arn, self.table_arn
        return (
            "*", bucket, f"{bucket}/*", f"{bucket}/traces/{user}/*", f"{bucket}/traces/{user}*",
            f"{bucket}/traces/{repo}/*", f"{bucket}/traces/a*", f"{bucket}/traces/?/*",
            f"{bucket}/traces/${{aws:PrincipalTag/absent, 'a'}}/*", f"{bucket}/*{user}*",
            f"{bucket}/traces/${{aws:PrincipalTag/absent}}/*", f"{bucket}/traces/${{*}}/*",
            f"{bucket}/*/vault*", "arn:aws:s3:::traces-*", "arn:aws:s3:::other/*",
            table, f"{table}/*", f"{table}/index/*", f"{table}/index/by-holder",
            f"{table}/index/by-?ind", "arn:aws:dynamodb:*:*:table/*", f"{table}*",
            self.fifo_queues, self.qualified, *self.plain_names, f"{self.qualified[:-1]}live",
            *self.extra_arns, "arn:aws:*:*:*:*-t1*", "arn:aws:ssm:*:*:parameter/*/t0",
        )  # fmt: skip

    @property
    def principals(self) -> tuple[object, ...]:
        """Principal elements that name the sessions, the role, the account, all, or another."""
        return (
            "*", {"AWS": "*"}, {"AWS": ACCOUNT}, {"AWS": self.role_arn},
            {"AWS": [self.session_arn(0)]}, {"AWS": [self.session_arn(1), self.session_arn(2)]},
            {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, {"AWS": f"arn:aws:iam::{ACCOUNT}:role/other"},
        )  # fmt: skip
