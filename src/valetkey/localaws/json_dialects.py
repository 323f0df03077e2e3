"""How each service of the AWS JSON protocols speaks: targets, version, names of errors."""

from collections.abc import Mapping
from dataclasses import dataclass

from valetkey.localaws.faults import Service


@dataclass(frozen=True, slots=True)
class JsonDialect:
    """How one service speaks: the prefix of its targets, its version, its error names' prefix."""

    target: str
    version: str
    schema: str = ""
    query_codes: Mapping[str, str] | None = None  # of an older protocol, told in a header

    @property
    def content_type(self) -> str:
        """The media type of requests and answers."""
        return f"application/x-amz-json-{self.version}"


_SQS_CODES = {
    "QueueDoesNotExist": "AWS.SimpleQueueService.NonExistentQueue",
    "QueueNameExists": "QueueAlreadyExists",
    "UnsupportedOperation": "AWS.SimpleQueueService.UnsupportedOperation",
}

DIALECTS: Mapping[Service, JsonDialect] = {
    Service.DYNAMODB: JsonDialect("DynamoDB_20120810.", "1.0", "com.amazonaws.dynamodb.v20120810#"),
    Service.SQS: JsonDialect("AmazonSQS.", "1.0", "com.amazonaws.sqs#", _SQS_CODES),
    Service.SECRETSMANAGER: JsonDialect("secretsmanager.", "1.1"),
    Service.SSM: JsonDialect("AmazonSSM.", "1.1"),
}


def service_of_target(target: str) -> Service | None:
    """Return the service that an `X-Amz-Target` is meant for, None if it is none of ours."""
    for service, dialect in DIALECTS.items():
        if target.startswith(dialect.target):
            return service
    return None
