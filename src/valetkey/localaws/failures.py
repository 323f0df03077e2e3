"""Whatever goes wrong with a request, as the answer that its service gives; and every answer's
last headers.
"""

import logging
from dataclasses import dataclass, replace
from email.utils import formatdate
from functools import partial

from valetkey.errors import ValetkeyError
from valetkey.localaws.faults import AwsError, Service, Trouble, fault
from valetkey.localaws.http import Answer, TargetError
from valetkey.localaws.json_dialects import DIALECTS
from valetkey.localaws.json_protocol import json_fault
from valetkey.localaws.lambda_service import lambda_fault
from valetkey.localaws.query_protocol import query_fault
from valetkey.localaws.s3_service import s3_fault

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Failures:
    """Answers for one request that failed: what S3 tells of it, and its id."""

    method: str
    target: str
    request_id: str

    def answer(self, error: Exception, service: Service) -> Answer:
        """Return the error answer. What is none of AWS's errors is logged, by its type alone."""
        if isinstance(error, AwsError):
            problem = error
        elif isinstance(error, TargetError):
            problem = AwsError("InvalidURI", str(error), status=400)
        elif isinstance(error, ValetkeyError):  # what the evaluator cannot read is refused
            problem = fault(service, Trouble.INVALID, error.message)
        else:
            name = type(error).__name__
            _log.warning("the local AWS failed inside", extra={"error": name})
            problem = fault(service, Trouble.INTERNAL, f"failed inside: {name}")
        if service in DIALECTS:
            return json_fault(service, problem)
        if service is Service.LAMBDA:
            return lambda_fault(problem)
        if service is Service.S3:
            return s3_fault(
                problem, method=self.method, resource=self.target, request_id=self.request_id
            )
        return query_fault(service, problem, request_id=self.request_id)


def dressed(answer: Answer, *, request_id: str, now: float) -> Answer:
    """Add what every AWS answer has: the service's time and the request's id."""
    ours = {"date", "server", "x-amzn-requestid", "x-amz-request-id"}
    work = answer.work
    if work is not None:
        later = partial(dressed, request_id=request_id, now=now)
        return replace(answer, work=lambda: later(work()))
    kept = tuple((name, value) for name, value in answer.headers if name.lower() not in ours)
    extra = (
        ("date", formatdate(now, usegmt=True)),
        ("server", "valetkey-localaws"),
        ("x-amzn-requestid", request_id),
        ("x-amz-request-id", request_id),
    )
    status = answer.status if 200 <= answer.status <= 599 else 500
    return Answer(status, kept + extra, answer.body)
