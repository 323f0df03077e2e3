"""Errors that AWS answers, under the names that SDKs map: one name a protocol.

A fault is an answer to a caller. It says nothing about the local AWS's own health.
"""

from enum import Enum


class Service(Enum):
    """The services that are modelled, by their signing names."""

    S3 = "s3"
    STS = "sts"
    IAM = "iam"
    DYNAMODB = "dynamodb"
    SQS = "sqs"
    LAMBDA = "lambda"
    SECRETSMANAGER = "secretsmanager"
    SSM = "ssm"


class Trouble(Enum):
    """Why a request was not let in, before any policy was read."""

    MISSING_TOKEN = "no signature"  # noqa: S105
    INCOMPLETE = "malformed signature"
    UNKNOWN_KEY = "unknown access key"
    BAD_SIGNATURE = "wrong signature"
    BAD_SCOPE = "wrong region or service"
    BAD_TOKEN = "missing or foreign session token"  # noqa: S105
    EXPIRED_TOKEN = "expired session"  # noqa: S105
    SKEWED = "clock skew"
    EXPIRED_REQUEST = "expired presigned request"
    BAD_BODY = "body differs from its signed hash"
    DENIED = "denied by policy"
    UNSUPPORTED = "not modelled"
    INVALID = "invalid parameter"
    TOO_LARGE = "body too large"
    INTERNAL = "failure inside"


_QUERY = {
    Trouble.MISSING_TOKEN: ("MissingAuthenticationToken", 403),
    Trouble.INCOMPLETE: ("IncompleteSignature", 400),
    Trouble.UNKNOWN_KEY: ("InvalidClientTokenId", 403),
    Trouble.BAD_SIGNATURE: ("SignatureDoesNotMatch", 403),
    Trouble.BAD_SCOPE: ("SignatureDoesNotMatch", 403),
    Trouble.BAD_TOKEN: ("InvalidClientTokenId", 403),
    Trouble.EXPIRED_TOKEN: ("ExpiredToken", 403),
    Trouble.SKEWED: ("SignatureDoesNotMatch", 403),
    Trouble.EXPIRED_REQUEST: ("RequestExpired", 400),
    Trouble.BAD_BODY: ("SignatureDoesNotMatch", 403),
    Trouble.DENIED: ("AccessDenied", 403),
    Trouble.UNSUPPORTED: ("InvalidAction", 400),
    Trouble.INVALID: ("ValidationError", 400),
    Trouble.TOO_LARGE: ("RequestEntityTooLarge", 413),
    Trouble.INTERNAL: ("InternalFailure", 500),
}

_S3 = {
    Trouble.MISSING_TOKEN: ("AccessDenied", 403),
    Trouble.INCOMPLETE: ("AuthorizationHeaderMalformed", 400),
    Trouble.UNKNOWN_KEY: ("InvalidAccessKeyId", 403),
    Trouble.BAD_SIGNATURE: ("SignatureDoesNotMatch", 403),
    Trouble.BAD_SCOPE: ("AuthorizationHeaderMalformed", 400),
    Trouble.BAD_TOKEN: ("InvalidToken", 400),
    Trouble.EXPIRED_TOKEN: ("ExpiredToken", 400),
    Trouble.SKEWED: ("RequestTimeTooSkewed", 403),
    Trouble.EXPIRED_REQUEST: ("AccessDenied", 403),
    Trouble.BAD_BODY: ("XAmzContentSHA256Mismatch", 400),
    Trouble.DENIED: ("AccessDenied", 403),
    Trouble.UNSUPPORTED: ("NotImplemented", 501),
    Trouble.INVALID: ("InvalidArgument", 400),
    Trouble.TOO_LARGE: ("EntityTooLarge", 400),
    Trouble.INTERNAL: ("InternalError", 500),
}

_DYNAMODB = {
    Trouble.MISSING_TOKEN: ("MissingAuthenticationTokenException", 400),
    Trouble.INCOMPLETE: ("IncompleteSignatureException", 400),
    Trouble.UNKNOWN_KEY: ("UnrecognizedClientException", 400),
    Trouble.BAD_SIGNATURE: ("InvalidSignatureException", 400),
    Trouble.BAD_SCOPE: ("InvalidSignatureException", 400),
    Trouble.BAD_TOKEN: ("UnrecognizedClientException", 400),
    Trouble.EXPIRED_TOKEN: ("ExpiredTokenException", 400),
    Trouble.SKEWED: ("InvalidSignatureException", 400),
    Trouble.EXPIRED_REQUEST: ("InvalidSignatureException", 400),
    Trouble.BAD_BODY: ("InvalidSignatureException", 400),
    Trouble.DENIED: ("AccessDeniedException", 400),
    Trouble.UNSUPPORTED: ("UnknownOperationException", 400),
    Trouble.INVALID: ("ValidationException", 400),
    Trouble.TOO_LARGE: ("RequestEntityTooLarge", 413),
    Trouble.INTERNAL: ("InternalServerError", 500),
}

_SQS = {
    **_QUERY,
    Trouble.MISSING_TOKEN: ("MissingAuthenticationToken", 403),
    Trouble.UNSUPPORTED: ("UnsupportedOperation", 400),
    Trouble.INVALID: ("InvalidParameterValue", 400),
}

_LAMBDA = {
    **{trouble: (code, 403) for trouble, (code, _) in _DYNAMODB.items()},
    Trouble.INCOMPLETE: ("IncompleteSignatureException", 400),
    Trouble.UNSUPPORTED: ("UnknownOperationException", 404),
    Trouble.INVALID: ("InvalidParameterValueException", 400),
    Trouble.TOO_LARGE: ("RequestTooLargeException", 413),
    Trouble.INTERNAL: ("ServiceException", 500),
}

_NAMES = {
    Service.S3: _S3,
    Service.DYNAMODB: _DYNAMODB,
    Service.SQS: _SQS,
    Service.LAMBDA: _LAMBDA,
    Service.SECRETSMANAGER: _DYNAMODB,
    Service.SSM: _DYNAMODB,
    Service.STS: _QUERY,
    Service.IAM: _QUERY,
}


class AwsError(Exception):
    """One error answer: AWS's `code`, its HTTP `status`, a `message`, more S3 `fields`."""

    def __init__(
        self, code: str, message: str, *, status: int = 400, fields: dict[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.fields = fields or {}


def fault(service: Service, trouble: Trouble, message: str) -> AwsError:
    """Return the error answer that `service` gives for `trouble`, with `message`."""
    code, status = _NAMES[service][trouble]
    return AwsError(code, message, status=status)
