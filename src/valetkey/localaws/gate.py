"""The gate: no request reaches the storage that was not verified, understood and allowed.

1. which service is meant        2. whose signature is it   3. which operation, on what
4. may the caller do that        5. only then the storage   6. the answer, dated by our clock
"""

import secrets
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from valetkey.iam import ContextValue
from valetkey.localaws.assume_with_web_identity import OPERATION as WEB_IDENTITY_OPERATION
from valetkey.localaws.assume_with_web_identity import WebIdentities
from valetkey.localaws.authentication import Authenticated, Keyring, authenticate
from valetkey.localaws.callers import Caller
from valetkey.localaws.decisions import Ask, decide, denial_message, inquiry
from valetkey.localaws.failures import Failures, dressed
from valetkey.localaws.faults import AwsError, Service, Trouble, fault
from valetkey.localaws.http import Answer, Incoming
from valetkey.localaws.iam_actions import OPERATIONS as IAM_OPERATIONS
from valetkey.localaws.iam_service import IdentityService
from valetkey.localaws.json_dialects import DIALECTS, service_of_target
from valetkey.localaws.json_protocol import JsonService, json_operation
from valetkey.localaws.lambda_request import lambda_operation
from valetkey.localaws.lambda_service import FunctionService
from valetkey.localaws.models import Params, fail_operation
from valetkey.localaws.query_protocol import query_answer, read_form, read_params
from valetkey.localaws.s3_service import ObjectService, s3_operation
from valetkey.localaws.sigv4 import SignatureError, Signed, read_signature
from valetkey.localaws.storage import Storage
from valetkey.localaws.sts import OPERATIONS as STS_OPERATIONS
from valetkey.localaws.sts import UNSIGNED, SecurityTokens
from valetkey.localaws.surroundings import surroundings


@dataclass(frozen=True, slots=True)
class Gate:
    """Answers HTTP requests as AWS would. One at a time: the storage is held for each."""

    storage: Storage
    keyring: Keyring
    security_tokens: SecurityTokens
    web_identities: WebIdentities
    identities: IdentityService
    objects: ObjectService
    functions: FunctionService
    json_services: Mapping[Service, JsonService]
    clock: Callable[[], float]
    secure_transport: bool
    calls: Counter[str] = field(default_factory=Counter)

    def answer(self, read: Callable[[], Incoming], *, method: str, target: str) -> Answer:
        """Return the answer to a request that `read` decodes. Never raises."""
        request_id = secrets.token_hex(16)
        now = self.clock()
        failures = Failures(method, target, request_id)
        service = Service.S3
        try:
            request = read()
            service = _likely_service(request)
            signed = _signature(request, service)
            service = service if signed is None else _named_service(signed)
            with self.storage.active():
                verified = authenticate(
                    request, signed, service=service, keyring=self.keyring, now=now
                )
                answer = self._serve(verified, service, failures=failures, now=now)
        except Exception as error:  # noqa: BLE001 - an edge: whatever it is becomes an answer
            answer = failures.answer(error, service)
        return dressed(answer, request_id=request_id, now=now)

    def _serve(
        self, verified: Authenticated, service: Service, *, failures: Failures, now: float
    ) -> Answer:
        if service is Service.S3:
            return self._serve_s3(verified, now=now)
        if service is Service.LAMBDA:
            return self._serve_lambda(verified, now=now)
        if service in DIALECTS:
            return self._serve_json(verified, service, now=now)
        return self._serve_query(verified, service, failures=failures, now=now)

    def _serve_s3(self, verified: Authenticated, *, now: float) -> Answer:
        call = s3_operation(verified.request)
        self.calls[f"s3:{call.operation.name}"] += 1
        require = self._require(verified, Service.S3, now=now)
        return self.objects.run(call, verified.signed, require=require, now=now)

    def _serve_lambda(self, verified: Authenticated, *, now: float) -> Answer:
        call = lambda_operation(verified.request)
        self.calls[f"lambda:{call.operation}"] += 1
        return self.functions.run(call, require=self._require(verified, Service.LAMBDA, now=now))

    def _serve_json(self, verified: Authenticated, service: Service, *, now: float) -> Answer:
        row = self.json_services.get(service)
        if row is None:
            raise fail_operation(service, verified.request.header("x-amz-target") or "nothing")
        operation, params = json_operation(verified.request, service, known=row.operations())
        self.calls[f"{service.value}:{operation}"] += 1
        return row.run(operation, params, require=self._require(verified, service, now=now))

    def _serve_query(
        self, verified: Authenticated, service: Service, *, failures: Failures, now: float
    ) -> Answer:
        form = read_form(verified.request, service)
        operation = form.get("Action", "")
        known = STS_OPERATIONS if service is Service.STS else IAM_OPERATIONS
        if operation not in known:
            raise fail_operation(service, operation)
        params = read_params(form, service, operation=operation)
        self.calls[f"{service.value}:{operation}"] += 1
        if operation in UNSIGNED:
            return self._serve_web_identity(verified, params, failures=failures, now=now)
        require = self._require(verified, service, now=now)
        if service is Service.IAM:
            return self.identities.run(
                operation, params, caller=verified.caller, require=require,
                request_id=failures.request_id,
            )  # fmt: skip
        result = self.security_tokens.run(
            operation, params, caller=verified.caller, require=require, now=now
        )
        return query_answer(service, operation, result, request_id=failures.request_id)

    def _serve_web_identity(
        self, verified: Authenticated, params: Params, *, failures: Failures, now: float
    ) -> Answer:
        """Return an answer whose work is done outside: its issuer may take seconds, or be asked
        by way of this very server. Whoever signed the request, if anybody, has no say.
        """

        def work() -> Answer:
            try:
                identity = self.web_identities.verified(params, now=now)
                asking = replace(verified, caller=identity.caller)
                with self.storage.active():
                    require = self._require(asking, Service.STS, now=now)
                    result = self.web_identities.session(identity, params, require=require, now=now)
            except Exception as error:  # noqa: BLE001 - as in `answer`
                return failures.answer(error, Service.STS)
            operation = WEB_IDENTITY_OPERATION
            return query_answer(Service.STS, operation, result, request_id=failures.request_id)

        return Answer(200, (), b"", work)

    def _require(self, verified: Authenticated, service: Service, *, now: float) -> "_Requirement":
        return _Requirement(
            caller=verified.caller,
            service=service,
            around=self._surroundings(verified, service),
            account=self.storage.account,
            now=now,
        )

    def _surroundings(
        self, verified: Authenticated, service: Service
    ) -> Mapping[str, ContextValue]:
        signed: Signed | None = verified.signed
        return surroundings(
            verified.request,
            service,
            region=self.storage.region if signed is None else signed.region,
            account=self.storage.account,
            secure_transport=self.secure_transport,
        )


@dataclass(frozen=True, slots=True)
class _Requirement:
    """Asks the evaluator for this caller and raises its denial."""

    caller: Caller
    service: Service
    around: Mapping[str, ContextValue]
    account: str
    now: float

    def __call__(self, ask: Ask) -> None:
        caller = self.caller
        request = inquiry(caller, ask, surroundings=self.around, account=self.account, now=self.now)
        decision = decide(caller, ask, request)
        if not decision.allowed:
            quoted = self.service is Service.S3
            message = denial_message(caller, ask, decision=decision, quoted=quoted)
            raise fault(self.service, Trouble.DENIED, message)


def _signature(request: Incoming, service: Service) -> Signed | None:
    try:
        return read_signature(request)
    except SignatureError as error:
        raise fault(service, Trouble.INCOMPLETE, str(error)) from error


def _named_service(signed: Signed) -> Service:
    """Return the service that the signature is for: the only one that it opens."""
    try:
        return Service(signed.service)
    except ValueError:
        raise AwsError(
            "UnknownService",
            f"valetkey's local AWS does not model the service `{signed.service[:40]}`.",
            status=400,
        ) from None


def _likely_service(request: Incoming) -> Service:
    """Return the service whose errors an unsigned or unreadable request understands."""
    credential = request.header("authorization") or request.query.get("X-Amz-Credential", "")
    for service in Service:
        if f"/{service.value}/aws4_request" in credential:
            return service
    target = request.header("x-amz-target")
    if target is not None:
        return service_of_target(target) or Service.DYNAMODB
    form = (request.header("content-type") or "").startswith("application/x-www-form-urlencoded")
    asks_sts = request.path == "/" and (form or request.query.get("Action") in UNSIGNED)
    return Service.STS if asks_sts else Service.S3
