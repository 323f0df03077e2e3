"""Trust policies to start from: the broker's, with its tags."""

from tests.iam.build import Json, document
from tests.iam.lint.cases import BROKER, OWN_OBJECTS, ROLE, Ask, allow
from valetkey.iam import Principal, PrincipalKind

ASSUME, TAG = "sts:AssumeRole", "sts:TagSession"
BOTH = [ASSUME, TAG]
ASKED: Json = {"StringLike": {"aws:RequestTag/user_id": "?*"}}
BOUND: Json = {
    **ASKED,
    "ForAllValues:StringEquals": {"aws:TagKeys": ["user_id"]},
    "Null": {"aws:TagKeys": "false"},
}
PERMISSIONS = document(allow("s3:GetObject", OWN_OBJECTS))
BROKER_MAY = document(allow("sts:*", "*"))
ACCOUNT: Json = {"AWS": "arn:aws:iam::123456789012:root"}
NO_TAG: Json = {"Null": {"aws:RequestTag/user_id": "true"}}


def caller(arn: str) -> Principal:
    return Principal(PrincipalKind.ARN, arn)


UNTAGGED = Ask(ASSUME, ROLE, principal=caller(BROKER))
