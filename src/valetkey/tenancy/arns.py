"""ARNs of the map: of which resources, and where in them a tag or a final `*` may stand."""

import re

from valetkey.tenancy.catalog import SERVICE_OF_KIND
from valetkey.tenancy.errors import TenancyError
from valetkey.tenancy.tenancy_map import Kind, OwnedText, Tag

_HEAD = r"arn:aws[a-z-]*:"
_PLACE = r"[a-z]{2}[a-z0-9-]*:[0-9]{12}:"
# What a tag leaves in an ARN when it is checked: it is of every alphabet below.
_STAND_IN = "0"

_ROLE = re.compile(_HEAD + r"iam::[0-9]{12}:role/[\w+=,.@/-]+", re.ASCII)
_PROVIDER = re.compile(_HEAD + r"iam::[0-9]{12}:oidc-provider/[a-z0-9.-]+(/[\w.~/-]+)?", re.ASCII)
_SERVICE = re.compile(r"[a-z0-9.-]+\.amazonaws\.com(\.cn)?", re.ASCII)
_MODEL = re.compile(
    _HEAD + r"bedrock:[a-z0-9-]*:([0-9]{12})?:[a-z-]+/[\w.:/-]+",
    re.ASCII,
)
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", re.ASCII)
_INDEX = re.compile(r"[A-Za-z0-9_.-]{3,255}", re.ASCII)

_OWNED = {
    Kind.TABLE: _HEAD + "dynamodb:" + _PLACE + r"table/[A-Za-z0-9_.-]{3,255}",
    Kind.QUEUE: _HEAD + "sqs:" + _PLACE + r"[A-Za-z0-9_.-]{1,80}",
    Kind.SECRET: _HEAD + "secretsmanager:" + _PLACE + r"secret:[A-Za-z0-9/_+=.@-]+",
    Kind.PARAMETER: _HEAD + "ssm:" + _PLACE + r"parameter/[A-Za-z0-9_./-]+",
    Kind.FUNCTION: _HEAD + "lambda:" + _PLACE + r"function:[A-Za-z0-9_-]{1,64}",
    Kind.KEY: _HEAD + "kms:" + _PLACE + r"key/[A-Za-z0-9-]+",
}
_SHOWN = {
    Kind.TABLE: "arn:aws:dynamodb:REGION:ACCOUNT:table/NAME",
    Kind.QUEUE: "arn:aws:sqs:REGION:ACCOUNT:NAME-{tag}",
    Kind.SECRET: "arn:aws:secretsmanager:REGION:ACCOUNT:secret:{tag}/*",
    Kind.PARAMETER: "arn:aws:ssm:REGION:ACCOUNT:parameter/{tag}/*",
    Kind.FUNCTION: "arn:aws:lambda:REGION:ACCOUNT:function:NAME-{tag}",
    Kind.KEY: "arn:aws:kms:REGION:ACCOUNT:key/ID",
}
_NAMES = {
    Kind.TABLE: "`table/` and a name of 3 to 255 letters, digits, `_`, `.` and `-` follow",
    Kind.QUEUE: "a name of 1 to 80 letters, digits, `_`, `.` and `-` follows",
    Kind.SECRET: "`secret:` and a name follow",
    Kind.PARAMETER: "`parameter/` and a name of letters, digits, `_`, `.`, `-` and `/` follow",
    Kind.FUNCTION: "`function:` and a name of 1 to 64 letters, digits, `_` and `-` follow, "
    "without a version or alias",
    Kind.KEY: "`key/` and the key's id follow, not an alias",
}
_SHARED = re.compile(
    _HEAD
    + r"(s3:::[a-z0-9.-]+(/.*)?|(dynamodb|sqs|secretsmanager|ssm|lambda|kms):"
    + _PLACE
    + ".+)"
)
_SECRET_END = re.compile(r".*(\*|-[A-Za-z0-9]{6})", re.DOTALL)
# Approvals, policies, the audit store: whatever AWS has.
_ANY = re.compile(_HEAD + r"[a-z0-9-]+:[a-z0-9-]*:([0-9]{12})?:.+")


def check_owned_arn(place: str, kind: Kind, parts: OwnedText, *, is_open: bool) -> None:
    """Raise `tenancy-arn` unless the ARN (without a final `*`) is of the kind's resources."""
    plain = "".join(_STAND_IN if isinstance(part, Tag) else part for part in parts)
    shown = "".join(f"{{{part.key}}}" if isinstance(part, Tag) else part for part in parts)
    shown += "*" * is_open
    if not re.fullmatch(_OWNED[kind], plain, re.ASCII) or _tag_in_head(parts):
        raise _wrong(place, shown, _why_not(kind, parts, plain), hint=_SHOWN[kind])
    if kind is Kind.SECRET and not is_open:
        raise _wrong(
            place,
            shown,
            "is no secret's: AWS adds six characters of its own to a name",
            hint="end it in `/*`; `-??????` would match the names of other runs' secrets, too",
        )


def _why_not(kind: Kind, parts: OwnedText, plain: str) -> str:
    """Return what of the ARN is not of the kind, as far as it can be told."""
    pieces = plain.split(":", 5)
    if _tag_in_head(parts):
        return "has a tag before its resource: an account or a region is nobody's"
    if len(pieces) < 6 or pieces[2] != SERVICE_OF_KIND[kind]:
        return f"is not of `{kind.value}`"
    if not re.fullmatch(_PLACE, f"{pieces[3]}:{pieces[4]}:", re.ASCII):
        return f"is in no one place: region `{pieces[3]}`, account `{pieces[4]}`"
    return f"is not of `{kind.value}`: {_NAMES[kind]}"


def _tag_in_head(parts: OwnedText) -> bool:
    """Tell whether a tag stands before the resource: an account or a region is nobody's."""
    return not isinstance(parts[0], str) or parts[0].count(":") < 5


def check_bucket(place: str, name: str) -> None:
    """Raise `tenancy-arn` unless S3 has buckets of such names."""
    if not _BUCKET.fullmatch(name):
        raise _wrong(place, name, "is not the name of a bucket")


def check_index(place: str, name: str) -> None:
    """Raise `tenancy-arn` unless DynamoDB has indexes of such names."""
    if not _INDEX.fullmatch(name):
        raise _wrong(place, name, "is not the name of an index")


def check_shared(place: str, arn: str) -> None:
    """Raise `tenancy-arn` unless it is a resource of a mapped service; only its end may be `*`."""
    _check_plain(place, arn)
    if not _SHARED.fullmatch(arn):
        raise _wrong(
            place,
            arn,
            "is no bucket, object, table, queue, secret, parameter, function or key",
            hint="models stand in `models` of `[tenancy]`; with `actions` in place of `access` it "
            "may be of any service",
        )
    if ":secret:" in arn and not _SECRET_END.fullmatch(arn):
        raise _wrong(
            place,
            arn,
            "is no secret's: AWS adds `-` and six characters of its own to a name",
            hint="write the whole ARN as AWS shows it, or end it in `/*` or `-*`",
        )


def check_shared_anywhere(place: str, arn: str) -> None:
    """Raise `tenancy-arn` unless it is an ARN of any service, or `*`; only its end may be `*`."""
    _check_plain(place, arn)
    if arn != "*" and not _ANY.fullmatch(arn):
        raise _wrong(place, arn, "is neither an ARN nor `*`")


def check_protected(place: str, arn: str) -> None:
    """Raise `tenancy-arn` unless it is an ARN; only its end may be `*`."""
    _check_plain(place, arn)
    if not _ANY.fullmatch(arn):
        raise _wrong(place, arn, "is not an ARN")


def _check_plain(place: str, arn: str) -> None:
    if any(letter in arn.removesuffix("*") for letter in "*?{}$"):
        raise _wrong(place, arn, "has a wildcard or brace: only its end may be `*`")


def check_role(place: str, arn: str) -> None:
    """Raise `tenancy-arn` unless it names one role: no session, no account, no wildcard."""
    if not _ROLE.fullmatch(arn):
        raise _wrong(place, arn, "is not the ARN of a role", hint="arn:aws:iam::ACCOUNT:role/NAME")


def check_platform(place: str, name: str) -> None:
    """Raise `tenancy-arn` unless it is a role or one of AWS's services."""
    if not _ROLE.fullmatch(name) and not _SERVICE.fullmatch(name):
        raise _wrong(
            place,
            name,
            "is neither the ARN of a role nor a service",
            hint="arn:aws:iam::ACCOUNT:role/NAME, or such as `logging.s3.amazonaws.com`",
        )


def check_provider(place: str, arn: str) -> None:
    """Raise `tenancy-arn` unless it is an OIDC provider of IAM."""
    if not _PROVIDER.fullmatch(arn):
        raise _wrong(
            place,
            arn,
            "is not the ARN of an OIDC provider",
            hint="arn:aws:iam::ACCOUNT:oidc-provider/HOST",
        )


def check_model(place: str, arn: str) -> None:
    """Raise `tenancy-arn` unless it names one model or inference profile of Bedrock."""
    if not _MODEL.fullmatch(arn):
        raise _wrong(
            place,
            arn,
            "is not one model or inference profile",
            hint="arn:aws:bedrock:REGION::foundation-model/ID, or "
            "arn:aws:bedrock:REGION:ACCOUNT:inference-profile/ID, without a `*`",
        )


def _wrong(place: str, text: str, what: str, *, hint: str | None = None) -> TenancyError:
    return TenancyError("tenancy-arn", f"`{place}`: `{text}` {what}", hint=hint)
