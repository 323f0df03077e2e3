"""Holes to plant in the local AWS: presigned URLs, queues, secrets and functions, one place each.

Plants alone; `test_planted_holes.py` says that the fuzz finds them.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from moto.sqs.models import SQSBackend

from tests.fuzz.places import ACCOUNT
from valetkey.localaws import authentication, lambda_grants, s3_context, secrets_service, sigv4
from valetkey.localaws.callers import root_caller
from valetkey.localaws.decisions import Ask
from valetkey.localaws.http import Incoming
from valetkey.localaws.lambda_functions import Functions
from valetkey.localaws.lambda_names import FunctionName
from valetkey.localaws.models import Params
from valetkey.localaws.resource_policies import ResourcePolicies
from valetkey.localaws.secrets_context import SecretDecisions
from valetkey.localaws.sqs_actions import QUEUE_OPERATIONS
from valetkey.localaws.sqs_queues import Queues

Plant = Callable[[pytest.MonkeyPatch], None]

# --- presigned URLs ----------------------------------------------------------------------------


def _timeless(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(authentication, "_check_times", lambda *_, **__: None)


def _headers_unsigned(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(authentication, "unsigned_amz_headers", lambda *_: ())


def _also_signed(patch: pytest.MonkeyPatch, other: Callable[[Incoming], Incoming]) -> None:
    """Believe a signature of what `other` makes of the request, too."""
    original = sigv4.signature_matches
    patch.setattr(
        authentication,
        "signature_matches",
        lambda request, *given, **more: (
            original(request, *given, **more) or original(other(request), *given, **more)
        ),
    )


def _as_head(request: Incoming) -> Incoming:
    return replace(request, method="HEAD")


def _without_version(request: Incoming) -> Incoming:
    query = {name: value for name, value in request.query.items() if name != "versionId"}
    return replace(request, query=query)


def _signed_as(patch: pytest.MonkeyPatch, changed: Callable[[Any], Any]) -> None:
    """Let the keys that say how a request was signed be what `changed` makes of them."""
    original = s3_context.signature_context
    for module in ("s3_context", "s3_service"):
        patch.setattr(
            f"valetkey.localaws.{module}.signature_context",
            lambda *given, **more: changed(original(*given, **more)),
        )


def _ageless(context: Any) -> Any:
    return {key: value for key, value in context.items() if key != "s3:signatureAge"}


def _in_seconds(context: Any) -> Any:
    age = context.get("s3:signatureAge")
    return context if age is None else {**context, "s3:signatureAge": str(int(age) // 1000)}


def _in_header(context: Any) -> Any:
    return {**context, "s3:authType": "REST-HEADER"}


def _nobody_is_root(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(authentication, "anonymous_caller", lambda: root_caller(ACCOUNT))


URL_HOLES: dict[str, Plant] = {
    "a presigned URL that is good for ever": _timeless,
    "a header that nobody signed": _headers_unsigned,
    "a URL to look at that opens": partial(_also_signed, other=_as_head),
    "a version that nobody signed": partial(_also_signed, other=_without_version),
    "a presigned URL without an age": partial(_signed_as, changed=_ageless),
    "an age in seconds": partial(_signed_as, changed=_in_seconds),
    "a request of nobody that is root's": _nobody_is_root,
    "a presigned URL taken for a signed header": partial(_signed_as, changed=_in_header),
}


# --- resource-based policies -------------------------------------------------------------------


def _policy_unasked(patch: pytest.MonkeyPatch, service: str) -> None:
    original = ResourcePolicies.policy
    patch.setattr(
        ResourcePolicies,
        "policy",
        lambda self, arn: None if f":{service}:" in arn else original(self, arn),
    )


def _policy_stays(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ResourcePolicies, "drop", lambda *_: True)


def _for_everybody(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(lambda_grants, "_principal", lambda _: "*")


def _unconditional(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(lambda_grants, "_CONDITIONS", {})


# --- batches, receipt handles, FIFO queues, qualifiers -----------------------------------------


def _first_secret(patch: pytest.MonkeyPatch) -> None:
    original = secrets_service._batch

    def batch(decisions: SecretDecisions, params: Params, now: float) -> Any:
        asked: list[str] = []

        def require(ask: Ask) -> None:
            if ask.action in asked:
                return
            asked.append(ask.action)
            decisions.require(ask)

        require.caller = decisions.require.caller  # type: ignore[attr-defined]
        return original(replace(decisions, require=require), params, now)  # type: ignore[arg-type]

    patch.setattr(secrets_service, "_batch", batch)


def _batch_unasked(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(SecretDecisions, "account", lambda *_: None)


def _any_handle(patch: pytest.MonkeyPatch, method: str) -> None:
    original = getattr(SQSBackend, method)

    def call(self: SQSBackend, queue_name: str, receipt_handle: str, **more: Any) -> None:
        for name, queue in self.queues.items():
            if any(one.had_receipt_handle(receipt_handle) for one in queue._messages):
                queue_name = name
        original(self, queue_name, receipt_handle, **more)

    patch.setattr(SQSBackend, method, call)


def _batch_as_read(patch: pytest.MonkeyPatch) -> None:
    batches = {"DeleteMessageBatch": "ReceiveMessage", "SendMessageBatch": "ReceiveMessage"}
    patch.setattr("valetkey.localaws.sqs_service.QUEUE_OPERATIONS", {**QUEUE_OPERATIONS, **batches})


def _not_fifo(patch: pytest.MonkeyPatch) -> None:
    original = Queues.arn
    patch.setattr(Queues, "arn", lambda self, name: original(self, name.removesuffix(".fifo")))


def _unqualified(patch: pytest.MonkeyPatch) -> None:
    original = Functions.arn

    def arn(self: Functions, name: FunctionName) -> str:
        return original(self, replace(name, qualifier=None))

    patch.setattr(Functions, "arn", arn)


SERVICE_HOLES: dict[str, tuple[Plant, str]] = {
    "a queue's policy that is not asked": (partial(_policy_unasked, service="sqs"), "sqs"),
    "a secret's policy that is not asked": (
        partial(_policy_unasked, service="secretsmanager"), "secretsmanager",
    ),
    "a function's policy that is not asked": (partial(_policy_unasked, service="lambda"), "lambda"),
    "a policy that stays when it is taken away": (_policy_stays, "secretsmanager"),
    "a permission for everybody": (_for_everybody, "lambda"),
    "a permission without its condition": (_unconditional, "lambda"),
    "secrets by the first name": (_first_secret, "secretsmanager"),
    "a batch of secrets that is not asked for": (_batch_unasked, "secretsmanager"),
    "a receipt handle that opens any queue": (partial(_any_handle, method="delete_message"), "sqs"),
    "a receipt handle that hides in any queue": (
        partial(_any_handle, method="change_message_visibility"), "sqs",
    ),
    "a batch allowed by another action": (_batch_as_read, "sqs"),
    "a FIFO queue taken for another": (_not_fifo, "sqs"),
    "a qualifier that is not seen": (_unqualified, "lambda"),
}  # fmt: skip
"""By what is wrong: the plant, and the service of the worlds that it is looked for in."""
