"""An ordinary boto3 program: it knows nothing of valetkey and configures no credentials.

It prints one JSON line per thing it tried, works for some seconds, waits for the next task on its
standard input, and tries once more with a new session.
"""

import json
import sys
import time
from collections.abc import Callable
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

LATER = "read my row, some time later"
NEXT_TASK = "next task, new session"


def attempt(name: str, call: Callable[[], Any]) -> None:
    """Do one thing and say what AWS answered."""
    print(json.dumps({"did": name, "answer": answered(call)}), flush=True)


def answered(call: Callable[[], Any]) -> str:
    """Do one thing and return what AWS answered."""
    try:
        call()
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    except BotoCoreError as error:
        return type(error).__name__
    return "ok"


def main(me: str, other: str, table: str, bucket: str, seconds: float) -> None:
    """Read what is mine, try what is not, work, and try again after a while."""
    dynamodb, s3 = boto3.client("dynamodb"), boto3.client("s3")

    def row(of: str) -> Any:
        return dynamodb.get_item(TableName=table, Key={"user_id": {"S": of}})["Item"]

    def read(of: str) -> bytes:
        body: bytes = s3.get_object(Bucket=bucket, Key=f"traces/{of}/1.txt")["Body"].read()
        return body

    attempt("read my row", lambda: row(me))
    attempt("read my object", lambda: read(me))
    attempt("list my folder", lambda: s3.list_objects_v2(Bucket=bucket, Prefix=f"traces/{me}/"))
    attempt(f"read {other}'s row", lambda: row(other))
    attempt(f"read {other}'s object", lambda: read(other))
    attempt(
        f"overwrite {other}'s object",
        lambda: s3.put_object(Bucket=bucket, Key=f"traces/{other}/1.txt", Body=b"mine now"),
    )
    attempt("scan the table", lambda: dynamodb.scan(TableName=table))
    attempt("list the whole bucket", lambda: s3.list_objects_v2(Bucket=bucket))

    until = time.monotonic() + seconds
    while time.monotonic() < until:
        time.sleep(0.5)
        if answered(lambda: row(me)) != "ok":
            break  # the next attempt says why
    attempt(LATER, lambda: row(me))

    sys.stdin.readline()

    def next_task() -> Any:
        later = boto3.Session().client("dynamodb")
        return later.get_item(TableName=table, Key={"user_id": {"S": me}})

    attempt(NEXT_TASK, next_task)


if __name__ == "__main__":
    _, me, other, table, bucket, seconds = sys.argv
    main(me, other, table, bucket, float(seconds))
