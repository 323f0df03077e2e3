"""A Python agent that uses `valetkey.aws_session`: a task a line in, an answer a line out.

Tasks: `row NAME`, `threads COUNT`, `whoami`, `ambient`, `later SECONDS`, `environment`.
The answer is JSON: what AWS said, an error by its code.
"""

import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

import valetkey
from valetkey.errors import ValetkeyError

CONFIG = Config(retries={"total_max_attempts": 2})
NOW = time.time


def row(name: str) -> Any:
    session = valetkey.aws_session("tenant-data")
    dynamodb = session.client("dynamodb", config=CONFIG)
    answer = dynamodb.get_item(TableName="Notes", Key={"user_id": {"S": name}})
    return answer["Item"]["note"]["S"]


def threads(count: str) -> Any:
    with ThreadPoolExecutor(int(count)) as pool:
        return sorted(set(pool.map(row, ["alice"] * int(count))))


def whoami() -> Any:
    sts = valetkey.aws_session("tenant-data").client("sts", config=CONFIG)
    return sts.get_caller_identity()["Arn"]


def ambient() -> Any:
    """What boto3 uses beside the run: the platform's own, where there is one."""
    return boto3.client("sts", region_name="eu-west-1").get_caller_identity()["Arn"]


def later(seconds: str) -> Any:
    """Let time pass for what renews credentials; requests are signed by another clock."""
    time.time = lambda: NOW() + float(seconds)


def environment() -> Any:
    return dict(os.environ)


TASKS = {task.__name__: task for task in (row, threads, whoami, ambient, later, environment)}


def main() -> None:
    for line in sys.stdin:
        task, *arguments = line.split()
        try:
            answer = {"said": TASKS[task](*arguments)}
        except ClientError as error:
            answer = {"error": error.response["Error"]["Code"]}
        except ValetkeyError as error:
            answer = {"error": error.code}
        except BotoCoreError as error:
            answer = {"error": type(error).__name__, "why": str(error)}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
