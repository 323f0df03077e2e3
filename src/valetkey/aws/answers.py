"""What STS answers, read into what `credentials` judges."""

import logging

from valetkey.aws.errors import AwsError
from valetkey.aws.wire import Shape
from valetkey.credentials import PACKED_SIZE_WARNING, AssumedRole
from valetkey.secret import Secret

log = logging.getLogger("valetkey.aws")


def assumed_role(answer: Shape, answered_at: float, *, role: str) -> AssumedRole:
    """Return the session that STS answered, whole. Raises `aws-failed` for one that is not.

    The operator is warned where tags and session policy nearly fill the packed size.
    """
    try:
        assumed = _read(answer, answered_at)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise AwsError(
            "aws-failed", "STS answered without credentials", detail=repr(error)
        ) from None
    if (assumed.packed_policy_size or 0) >= PACKED_SIZE_WARNING:
        log.warning(
            "tags and session policy nearly fill what STS takes: shorten them",
            extra={"role": role, "percent": assumed.packed_policy_size},
        )
    return assumed


def _read(answer: Shape, answered_at: float) -> AssumedRole:
    credentials = answer["Credentials"]
    packed = answer.get("PackedPolicySize")
    return AssumedRole(
        access_key_id=credentials["AccessKeyId"],
        secret_access_key=Secret(credentials["SecretAccessKey"]),
        session_token=Secret(credentials["SessionToken"]),
        expiration=int(credentials["Expiration"].timestamp()),
        assumed_role_arn=answer["AssumedRoleUser"]["Arn"],
        source_identity=answer.get("SourceIdentity"),
        packed_policy_size=None if packed is None else int(packed),
        request_id=answer.get("ResponseMetadata", {}).get("RequestId", ""),
        answered_at=int(answered_at),
        subject=answer.get("SubjectFromWebIdentityToken"),
        audience=answer.get("Audience"),
        provider=answer.get("Provider"),
    )
