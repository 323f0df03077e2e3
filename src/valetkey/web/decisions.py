"""The route of decisions: may this run call this tool with these arguments? It calls nothing."""

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from valetkey.broker import Broker
from valetkey.broker.agent_call import decide_own_call
from valetkey.broker.tool_call import AllowedCall, DeniedCall
from valetkey.identity import Refusal
from valetkey.tools import Mode, ToolsError, Verdict
from valetkey.tools.exact_json import read_exact
from valetkey.tools.server import SEPARATOR
from valetkey.web.answering import body_of, guarded, json_response, token_of
from valetkey.web.documents import RequestError

MAX_CALL = 1_048_576
"""Bytes of a body: a call may write a whole file."""


class DecisionBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `POST /v1/decisions` takes: `server` and `tool`, or both as one `action`
    (`server___tool`).
    """

    arguments: dict[str, Any]
    server: str | None = None
    tool: str | None = None
    action: str | None = None


class DecisionDocument(msgspec.Struct, frozen=True):
    """A decision: `allow`, `deny`, or `ask`, which denies until a person has approved the call.

    `rules` are the policies that decided.
    """

    decision: str
    code: str
    reason: str
    hint: str | None
    rules: tuple[str, ...]


class DecisionRoutes:
    """The route over one broker."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    def routes(self) -> list[Route]:
        """Return it."""
        return [Route("/v1/decisions", guarded(self._decide), methods=["POST"])]

    async def _decide(self, request: Request) -> Response | Refusal:
        token = token_of(request)
        body = _read(await body_of(request, most=MAX_CALL))
        server, tool = _named(body)
        outcome = await decide_own_call(self._broker, token, server, tool, body.arguments)
        return outcome if isinstance(outcome, Refusal) else json_response(_document(outcome))


def _read(raw: bytes) -> DecisionBody:
    """Read what is decided so that nobody can read it differently."""
    try:
        return msgspec.convert(read_exact(raw, most=MAX_CALL), DecisionBody, strict=True)
    except ToolsError as error:
        raise RequestError("request-malformed", error.message) from None
    except msgspec.ValidationError as error:
        text = str(error).rstrip(".")
        raise RequestError("request-malformed", text[:1].lower() + text[1:200]) from None


def _named(body: DecisionBody) -> tuple[str, str]:
    if body.action is None and body.server is not None and body.tool is not None:
        return body.server, body.tool
    if body.action is not None and body.server is None and body.tool is None:
        server, separator, tool = body.action.partition(SEPARATOR)
        if separator:
            return server, tool
    raise RequestError(
        "request-malformed",
        f"name `server` and `tool`, or both as one `action`: `server{SEPARATOR}tool`",
    )


def _document(outcome: AllowedCall | DeniedCall) -> DecisionDocument:
    decision = outcome.decision
    rules = () if decision is None else decision.errors or decision.rules
    if isinstance(outcome, AllowedCall):
        enforced = outcome.caller.bundle.source.mode is Mode.ENFORCE
        reason = "the policies allow it" if enforced else "no policy denies anything now: log-only"
        return DecisionDocument("allow", outcome.decision.code, reason, None, rules)
    asks = decision is not None and decision.verdict is Verdict.ASK
    verdict = "ask" if asks else "deny"
    return DecisionDocument(verdict, outcome.code, outcome.public, outcome.hint, rules)
