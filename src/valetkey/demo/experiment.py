"""What a token for STS is worth with its tags claim, and what its twin is worth without.

The one with it shows that roles and policies let the right one in; without that, a denial of the
other would prove nothing.
"""

from collections.abc import Callable, Sequence
from typing import Any

from botocore.exceptions import ClientError

from valetkey.demo.agents import DENIED, OK, Attempt
from valetkey.demo.untagged import Twins
from valetkey.demo.world import BUCKET, PEOPLE, TABLE, Aws

TAGGED, UNTAGGED = "the token with its tags", "a token without tags"
ASSUMES = ("assume the role that asks for tags", "assume a role that asks for none")


def experiment(aws: Aws, twins: Sequence[Twins], *, person: str) -> list[Attempt]:
    """Take each token of `person` to the role that asks for tags, and to the one that asks for
    none; then try everybody's data with what the second gave.
    """
    strict, lax = twins
    return [
        *_tried(aws, TAGGED, [(strict.role, strict.tagged), (lax.role, lax.tagged)], of=person),
        *_tried(aws, UNTAGGED, [(strict.role, strict.untagged), (lax.role, lax.untagged)], of=None),
    ]


def _tried(
    aws: Aws, who: str, shown: Sequence[tuple[str, str]], *, of: str | None
) -> list[Attempt]:
    """Return what came of it; `of` is whose data must be within reach, None for nobody's."""
    sts, given = aws.client("sts", None), {}
    attempts = []
    for did, (role, token) in zip(ASSUMES, shown, strict=True):

        def assume(role: str = role, token: str = token) -> None:
            answer = sts.assume_role_with_web_identity(
                RoleArn=role, RoleSessionName="demo", WebIdentityToken=token
            )
            given.update(answer["Credentials"])

        lets_in = of is not None or did == ASSUMES[-1]
        attempts.append(attempt(who, did, OK if lets_in else DENIED, assume))
    if attempts[-1].answer == OK:
        attempts += _reads(aws, given, who, of=of)
    return attempts


def _reads(aws: Aws, keys: dict[str, Any], who: str, *, of: str | None) -> list[Attempt]:
    dynamodb, s3 = aws.client("dynamodb", keys), aws.client("s3", keys)
    attempts = []
    for person in PEOPLE:
        row, key = {"user_id": {"S": person}}, f"traces/{person}/1.txt"
        expected = OK if person == of else DENIED

        def read_row(row: dict[str, dict[str, str]] = row) -> Any:
            return dynamodb.get_item(TableName=TABLE, Key=row)["Item"]

        def read_object(key: str = key) -> Any:
            return s3.get_object(Bucket=BUCKET, Key=key)

        attempts.append(attempt(who, f"read {person}'s row", expected, read_row))
        attempts.append(attempt(who, f"read {person}'s object", expected, read_object))
    calls: dict[str, Callable[[], Any]] = {
        "scan the table": lambda: dynamodb.scan(TableName=TABLE),
        "list the whole bucket": lambda: s3.list_objects_v2(Bucket=BUCKET),
    }
    return attempts + [attempt(who, did, DENIED, call) for did, call in calls.items()]


def attempt(who: str, did: str, expected: str, call: Callable[[], object]) -> Attempt:
    """Do one thing and return what AWS answered."""
    try:
        call()
    except ClientError as error:
        return Attempt(who, did, expected, error.response["Error"]["Code"])
    return Attempt(who, did, expected, OK)
