"""An ordinary boto3 program that knows nothing of valetkey: a task a line in, an answer a line out.

Tasks: `row NAME`, `object NAME`, `scan`, `list`, `tag`, `whoami`, `method`, `rows NAME COUNT`,
`environment`, `new-session`. The answer is JSON: what AWS said, an error by its code.
"""

import json
import os
import sys
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

TABLE, BUCKET = "Notes", "trace-artifacts"


class Agent:
    def __init__(self) -> None:
        self.session = boto3.Session()
        config = Config(retries={"total_max_attempts": 2})
        self.dynamodb = self.session.client("dynamodb", config=config)
        self.s3 = self.session.client("s3", config=config)

    def row(self, name: str) -> Any:
        answer = self.dynamodb.get_item(TableName=TABLE, Key={"user_id": {"S": name}})
        return answer["Item"]["note"]["S"]

    def rows(self, name: str, count: str) -> Any:
        return len([self.row(name) for _ in range(int(count))])

    def object(self, name: str) -> Any:
        answer = self.s3.get_object(Bucket=BUCKET, Key=f"traces/{name}/1.txt")
        return answer["Body"].read().decode()

    def scan(self) -> Any:
        return self.dynamodb.scan(TableName=TABLE)["Count"]

    def list(self) -> Any:
        return self.s3.list_objects_v2(Bucket=BUCKET)["KeyCount"]

    def whoami(self) -> Any:
        return self.session.client("sts").get_caller_identity()["Arn"]

    def method(self) -> Any:
        credentials = self.session.get_credentials()
        return None if credentials is None else credentials.method

    def environment(self) -> Any:
        return dict(os.environ)


def main() -> None:
    agent: Agent | None = None
    for line in sys.stdin:
        task, *arguments = line.split()
        try:
            if agent is None or task == "new-session":
                agent = Agent()
            answer = {} if task == "new-session" else {"said": getattr(agent, task)(*arguments)}
        except ClientError as error:
            answer = {"error": error.response["Error"]["Code"]}
        except BotoCoreError as error:
            answer = {"error": type(error).__name__, "why": str(error)}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
