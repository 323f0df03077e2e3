"""`POST /oauth/token`: token exchange (RFC 8693) as raw ASGI. It narrows, and opens nothing.

There are no OAuth clients here: the run token is all the proof there is. A client that tries to
prove itself otherwise is refused, so that nobody believes that it was checked.
"""

import logging
import re
from typing import Any

import msgspec
from starlette.types import Receive, Scope, Send

from valetkey.broker import Broker
from valetkey.broker.exchange import Exchanged, exchange
from valetkey.identity import Refusal
from valetkey.web.answering import problem_response
from valetkey.web.documents import TOKEN_PATH, RequestError
from valetkey.web.form import ClientGone, read_form
from valetkey.web.problem import Problem, problem_of_error
from valetkey.web.token_request import read_request

log = logging.getLogger("valetkey.web")

_ERRORS = {
    "actor-issuer-gone": "invalid_target",
    "client-authentication": "invalid_client",
    "grant-type-unsupported": "unsupported_grant_type",
    "own-issuer-gone": "invalid_target",
    "policy-version-gone": "invalid_target",
    "subject-issuer-gone": "invalid_target",
    "subject-too-long": "invalid_target",
    "token-scope": "invalid_scope",
    "token-scope-malformed": "invalid_scope",
    "token-target-of-sts": "invalid_target",
    "token-target-ambiguous": "invalid_target",
    "token-target-several": "invalid_target",
    "token-target-unknown": "invalid_target",
    "token-too-long": "invalid_target",
}
"""RFC 6749 §5.2 and RFC 8693 §2.2.2, by our own code. All else that a caller can mend is
`invalid_request`: that is what the latter wants of a subject token that is invalid for any reason,
and so of the token of a run that is over."""
_STATUSES = {"body-too-large": 413, "client-authentication": 401}
_HEADERS = [
    (b"content-type", b"application/json"),
    (b"cache-control", b"no-store"),
    (b"pragma", b"no-cache"),
]
_MORE_HEADERS = {
    401: [(b"www-authenticate", b'Basic realm="valetkey"')],
    503: [(b"retry-after", b"2")],
}
_UNPRINTABLE = re.compile(r"[^\x20\x21\x23-\x5b\x5d-\x7e]")
"""What an `error_description` can't hold (RFC 6749 §5.2)."""

_encode = msgspec.json.Encoder().encode


class TokenDocument(msgspec.Struct, frozen=True, omit_defaults=True):
    """A token, RFC 8693 §2.2.1. `expires_in` is in seconds; `N_A` is no bearer token."""

    access_token: str
    issued_token_type: str
    token_type: str
    expires_in: int
    scope: str | None = None


class TokenErrorDocument(msgspec.Struct, frozen=True, omit_defaults=True):
    """RFC 6749 §5.2, with a `code` that never changes its meaning."""

    error: str
    error_description: str
    code: str
    hint: str | None = None


class TokenEndpoint:
    """Answers `POST /oauth/token` and passes everything else on to `rest`."""

    def __init__(self, broker: Broker, rest: Any) -> None:
        self._broker = broker
        self._rest = rest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection's event, per ASGI 3."""
        if scope["type"] != "http" or scope["path"] != TOKEN_PATH:
            await self._rest(scope, receive, send)
            return
        if scope["method"] != "POST":
            problem = Problem(405, "method-not-allowed", "tokens are asked for by POST")
            await problem_response(problem)(scope, receive, send)
            return
        try:
            _check_head(scope)
            request = read_request(await read_form(scope["headers"], receive))
            given = await exchange(self._broker, request)
        except ClientGone:
            return
        except Exception as error:  # noqa: BLE001  # the edge: an unknown error denies
            await _send_error(send, error)
            return
        if isinstance(given, Refusal):
            log.info("denied", extra={"code": given.code, "reasons": "; ".join(given.reasons)})
            await _send(send, 400, _error(given.code, given.public))
            return
        await _send(send, 200, _document(given))


def _check_head(scope: Scope) -> None:
    if scope["query_string"]:  # it would be in the log of every proxy
        raise RequestError("request-malformed", "parameters go into the body, not into the URL")
    if any(name == b"authorization" for name, _ in scope["headers"]):
        raise RequestError(
            "client-authentication",
            "no client is known here, so none can prove itself",
            hint="leave out `Authorization`: the run token is the `subject_token`",
        )


def _document(given: Exchanged) -> TokenDocument:
    return TokenDocument(
        access_token=given.token.reveal(),  # here it leaves
        issued_token_type=given.token_type.value,
        token_type="N_A" if given.is_for_sts else "Bearer",
        expires_in=given.seconds,
        scope=given.scope,
    )


def _error(
    code: str, told: str, *, name: str | None = None, hint: str | None = None
) -> TokenErrorDocument:
    described = _UNPRINTABLE.sub("'", told)
    return TokenErrorDocument(
        name or _ERRORS.get(code, "invalid_request"), described, code=code, hint=hint
    )


async def _send_error(send: Send, error: Exception) -> None:
    """Say what the caller may know of an error; the log gets the rest."""
    status, name = 400, None
    if isinstance(error, RequestError):
        status = _STATUSES.get(error.code, 400)
        document = _error(error.code, error.message, hint=error.hint)
    else:
        problem = problem_of_error(error)
        if problem.status >= 500:
            status = problem.status
            name = "temporarily_unavailable" if status == 503 else "server_error"
        document = _error(problem.code, problem.detail, name=name, hint=problem.hint)
    await _send(send, status, document)


async def _send(send: Send, status: int, document: TokenDocument | TokenErrorDocument) -> None:
    body = _encode(document)
    length = (b"content-length", b"%d" % len(body))
    headers = [*_HEADERS, length, *_MORE_HEADERS.get(status, ())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
