"""The route of the audit log, for who may read it. The records leave as they were written."""

import base64
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from valetkey.broker import Broker
from valetkey.broker.read_audit import AuditPage, ShownLeaf, read_audit
from valetkey.identity import Refusal
from valetkey.runs import is_run_id
from valetkey.web.answering import guarded, json_response, page_limit, principal_of
from valetkey.web.documents import RequestError


class HeadDocument(msgspec.Struct, frozen=True):
    """The log at one moment: how many leaves, and the RFC 6962 root over them, hexadecimal."""

    size: int
    root: str


class LeafDocument(msgspec.Struct, frozen=True):
    """One leaf. `record` is the leaf: in RFC 8785 form it has exactly the bytes that were hashed.

    `hash` is what was stored, hexadecimal. Where the bytes are no record `record` is null and
    `raw` has them (base64): the log is damaged.
    """

    index: int
    hash: str
    record: Any
    raw: str | None = None


class AuditDocument(msgspec.Struct, frozen=True):
    """Leaves below the head's size. `next` is the `after` of the next page, null at the end."""

    head: HeadDocument
    leaves: tuple[LeafDocument, ...]
    next: int | None


class AuditRoutes:
    """The route over one broker."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    def routes(self) -> list[Route]:
        """Return it."""
        return [Route("/v1/audit", guarded(self._read), methods=["GET"])]

    async def _read(self, request: Request) -> Response | Refusal:
        principal = await principal_of(self._broker, request)
        if isinstance(principal, Refusal):
            return principal
        run = request.query_params.get("run")
        if run is not None and not is_run_id(run):
            raise RequestError("request-malformed", "`run` is no run's id")
        page = await read_audit(
            self._broker,
            principal,
            after=_after(request.query_params.get("after", "-1")),
            limit=page_limit(request),
            run=run,
        )
        return page if isinstance(page, Refusal) else json_response(_document(page))


def _after(text: str) -> int:
    digits = text.removeprefix("-")
    if text != "-1" and not (text == digits and len(digits) <= 15 and _is_number(digits)):
        raise RequestError("request-malformed", "`after` is the index of a leaf, or -1")
    return int(text)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _document(page: AuditPage) -> AuditDocument:
    head = HeadDocument(page.head.size, page.head.root.hex())
    return AuditDocument(head, tuple(map(_leaf, page.leaves)), page.next)


def _leaf(shown: ShownLeaf) -> LeafDocument:
    stored = shown.stored
    if shown.leaf is None:
        raw = base64.b64encode(stored.leaf).decode()
        return LeafDocument(stored.index, stored.hash.hex(), None, raw)
    return LeafDocument(stored.index, stored.hash.hex(), msgspec.Raw(stored.leaf))
