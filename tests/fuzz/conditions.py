"""Condition blocks about the keys that the services bring, right and wrong ones."""

from typing import Any

from tests.fuzz.pick import Pick
from tests.fuzz.statements import HOUR_MS, MINUTE_MS

_USER, _REPO = "${aws:PrincipalTag/user_id}", "${aws:PrincipalTag/repo}"
_STRINGS = (
    "StringEquals", "StringLike", "StringNotEquals", "StringNotLike", "StringEqualsIgnoreCase",
    "StringNotEqualsIgnoreCase", "StringEqualsIfExists", "StringLikeIfExists",
    "StringNotLikeIfExists", "StringNotEqualsIfExists",
)  # fmt: skip
_SETS = ("ForAllValues:", "ForAnyValue:")
_VALUES: dict[str, tuple[str, ...]] = {
    "s3:prefix": (f"traces/{_USER}/*", f"traces/{_USER}/", "traces/*", "", "traces/${*}", "*"),
    "s3:delimiter": ("/", "", "?"),
    "s3:max-keys": ("1", "2", "1000"),
    "s3:x-amz-acl": ("private", "public-read", "bucket-owner-*"),
    "s3:x-amz-copy-source": ("*", f"*/traces/{_USER}/*", "none/*"),
    "s3:x-amz-metadata-directive": ("REPLACE", "COPY"),
    "s3:x-amz-storage-class": ("STANDARD", "STANDARD_IA"),
    "s3:ExistingObjectTag/owner": (_USER, "alice", "*"),
    "s3:RequestObjectTag/owner": (_USER, "a", "*"),
    "s3:authType": ("REST-HEADER", "REST-QUERY-STRING"),
    "s3:signatureversion": ("AWS4-HMAC-SHA256", "AWS"),
    "aws:PrincipalTag/user_id": ("a", "alice", "*", "?", "K", "a*"),
    "aws:PrincipalTag/plan": ("gold", "", "Gold"),
    "aws:PrincipalTag/absent": ("x", "*", ""),
    "aws:PrincipalTag/Team": ("agents", _USER),
    "aws:ResourceTag/team": ("agents", "${aws:PrincipalTag/team}"),
    "aws:ResourceTag/repo": (_REPO, "a", "*", "a/*"),
    "secretsmanager:ResourceTag/repo": (_REPO, _USER),
    "ssm:resourceTag/repo": (_REPO, "a"),
    "secretsmanager:VersionStage": ("AWSCURRENT", "AWSPREVIOUS"),
    "secretsmanager:SecretId": ("w*", "arn:*"),
    "s3:x-amz-content-sha256": ("UNSIGNED-PAYLOAD", "UNSIGNED-*"),
    "lambda:Principal": ("${*}", "111122223333", "arn:*", "*:vk-0"),
    "ssm:Overwrite": ("true", "false"),
    "ssm:Recursive": ("true", "false"),
    "aws:SecureTransport": ("true", "false"),
    "aws:RequestedRegion": ("eu-west-1", "eu-*", "us-east-1"),
    "aws:PrincipalType": ("AssumedRole", "User"),
    "aws:ResourceAccount": ("111122223333", "${aws:PrincipalAccount}"),
    "aws:userid": ("*:vk-*", "${aws:userid}"),
    "aws:PrincipalArn": ("arn:aws:iam::111122223333:role/*", "*:assumed-role/*"),
    "aws:SourceIdentity": ("run-*", "run-0"),
    "dynamodb:Select": ("SPECIFIC_ATTRIBUTES", "ALL_ATTRIBUTES", "COUNT"),
    "dynamodb:ReturnValues": ("NONE", "ALL_OLD", "UPDATED_NEW"),
    "dynamodb:EnclosingOperation": ("TransactWriteItems", "TransactGetItems"),
    "dynamodb:ReturnConsumedCapacity": ("NONE", "TOTAL", "INDEXES"),
}
_SET_VALUES: dict[str, tuple[str, ...]] = {
    "dynamodb:LeadingKeys": (_REPO, _USER, "a", f"{_REPO}*", "*", "${aws:PrincipalTag/absent}"),
    "dynamodb:Attributes": (
        "repo",
        "seq",
        "remove",
        "note",
        "holder",
        "secret",
        "rank",
        "kind",
        "n",
    ),
    "s3:RequestObjectTagKeys": ("owner", "state", "*"),
}
_OTHERS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("Bool", {"aws:SecureTransport": "true"}),
    ("Bool", {"aws:MultiFactorAuthPresent": "false"}),
    ("BoolIfExists", {"aws:ViaAWSService": "true"}),
    ("IpAddress", {"aws:SourceIp": ["127.0.0.0/8"]}),
    ("NotIpAddress", {"aws:SourceIp": ["10.0.0.0/8", "::1/128"]}),
    ("DateGreaterThan", {"aws:CurrentTime": "2020-01-01T00:00:00Z"}),
    ("DateLessThan", {"aws:TokenIssueTime": "2020-01-01T00:00:00Z"}),
    ("NumericLessThanEquals", {"s3:max-keys": "2"}),
    ("NumericGreaterThanIfExists", {"s3:max-keys": "1"}),
    ("NumericGreaterThan", {"s3:signatureAge": MINUTE_MS}),
    ("NumericLessThan", {"s3:signatureAge": HOUR_MS}),
    ("NumericLessThanEqualsIfExists", {"s3:signatureAge": MINUTE_MS}),
    ("Null", {"s3:signatureAge": "true"}),
    ("ArnLike", {"aws:PrincipalArn": "arn:aws:iam::*:role/*"}),
    ("ArnNotLike", {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/other"}),
)


def pick_block(pick: Pick) -> tuple[str, dict[str, Any]]:
    """Return an operator and its keys: mostly fitting, at times absent or of the wrong kind."""
    kind = pick.below(8)
    if kind == 0:
        return pick.one(_OTHERS)
    if kind == 1:
        key = pick.one([*_VALUES, *_SET_VALUES])
        return "Null", {key: pick.one(("false", "true"))}
    if kind <= 4:
        key = pick.one(list(_SET_VALUES))
        operator = "" if pick.chance(6) else pick.one(_SETS)
        return operator + pick.one(_STRINGS), {key: pick.some(_SET_VALUES[key], most=4)}
    key = pick.one(list(_VALUES))
    operator = pick.one(_SETS) if pick.chance(6) else ""
    return operator + pick.one(_STRINGS), {key: pick.some(_VALUES[key], most=2)}
