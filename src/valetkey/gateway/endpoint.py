"""What happens to a request of `/mcp` or `/mcp/{server}`, in this order.

1. One bearer token, good for the gateway, of a run that has this server.
2. A place among the run's requests; then, and only then, the body is read, and read exactly.
3. The revision is found, and with it the client or the session.
4. The request is served; whatever goes wrong on the way, nothing of it has left.
"""

import asyncio
import contextlib
from dataclasses import dataclass
from typing import Any

from valetkey.broker.tool_access import ToolCaller, admit_tool_caller
from valetkey.errors import ValetkeyError
from valetkey.gateway import legacy, modern
from valetkey.gateway.answers import MOMENT_SECONDS, Answer
from valetkey.gateway.bodies import parsed
from valetkey.gateway.faces import Face
from valetkey.gateway.faults import DENIED, INVALID_REQUEST, Fault, NotServed
from valetkey.gateway.headers import (
    Head,
    bearer,
    check_accepts_answers,
    check_accepts_streams,
    check_content,
)
from valetkey.gateway.link import ClientSide
from valetkey.gateway.listening import listen
from valetkey.gateway.mcp_headers import SESSION, VERSION
from valetkey.gateway.request import ClientGone, Form, Message, id_of, read_body
from valetkey.gateway.revisions import HANDSHAKES, Revision
from valetkey.gateway.served import Core, Exchange, not_served
from valetkey.gateway.sessions import Session
from valetkey.gateway.telling import Telling
from valetkey.gateway.turning_away import send_problem, turn_away
from valetkey.gateway.verdicts import fault_of
from valetkey.gateway.watching import ClientLeft
from valetkey.identity import Refusal

_EMPTY = Message(form=Form.NOTIFICATION, params={})


@dataclass(slots=True)
class _Request:
    """One HTTP request on its way: what is known of it so far."""

    face: Face
    head: Head
    receive: Any
    send: Any
    answer: Answer
    revision: Revision = Revision.LEGACY
    body: bytes | None = None
    message: Message | None = None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Serves the two ways in. `audience` is whom tokens must be for."""

    core: Core
    public_url: str
    audience: str

    async def __call__(self, method: str, face: Face, head: Head, receive: Any, send: Any) -> None:
        """Serve one request whose host and origin are good."""
        request = _Request(face, head, receive, send, Answer(send))
        try:
            caller = await self._admitted(request)
            if not face.is_of(caller):
                await send_problem(send, 404, "server-unknown", "the run has no such server")
            elif method == "POST":
                with self.core.calls.one(caller.run.id), self.core.under_way.one():
                    await self._post(request, caller)
            elif method == "GET":
                with self.core.streams.one(caller.run.id):
                    await self._get(request, caller)
            else:
                await self._delete(request, caller)
        except (ClientGone, ClientLeft):
            await request.answer.end()
        except NotServed as over:
            await self._turn_away(request, over)
        except Exception as error:  # noqa: BLE001  # the edge: an unknown error denies
            await _refuse(request, error, self.core.telling)

    async def _admitted(self, request: _Request) -> ToolCaller:
        """Return who calls. Raises NotServed for a token that is none, or not good here."""
        token = bearer(request.head)
        if token is None:
            raise NotServed("not-authenticated", "the request needs one bearer token")
        caller = await admit_tool_caller(self.core.broker, token, audience=self.audience)
        if isinstance(caller, Refusal):
            raise not_served(caller)
        return caller

    async def _turn_away(self, request: _Request, over: NotServed) -> None:
        if request.answer.is_stream:
            message_id = None if request.message is None else request.message.id
            fault = Fault(DENIED, over.code, over.public)
            with contextlib.suppress(TimeoutError):  # nobody may read it
                async with asyncio.timeout(MOMENT_SECONDS):
                    await request.answer.refuse(message_id, fault, request.revision)
            await request.answer.end()
            return
        at = (self.public_url, request.face.path)
        await turn_away(request.send, over.code, over.public, at=at)

    async def _post(self, request: _Request, caller: ToolCaller) -> None:
        check_content(request.head)
        check_accepts_answers(request.head)
        message = await self._read(request, caller.run.id)
        if modern.is_modern(request.head, message):
            request.revision = Revision.MODERN
            await self._modern(request, caller, message)
        elif message.form is Form.REQUEST and message.method == legacy.INITIALIZE:
            client = legacy.client_of(message.params)
            ex = self._exchange(request, caller, client, None)
            await legacy.initialize(self.core, caller, ex)
        else:
            await self._legacy(request, caller, message)

    async def _read(self, request: _Request, run_id: str) -> Message:
        async with contextlib.AsyncExitStack() as stack:
            request.body = await read_body(
                request.receive, lambda: stack.enter_async_context(self.core.turns.one(run_id))
            )
            message = request.message = await parsed(request.body)
        request.body = None  # four megabytes less while a server works
        return message

    async def _modern(self, request: _Request, caller: ToolCaller, message: Message) -> None:
        if message.form is not Form.REQUEST:
            modern.check_alone(request.head, message)
            await request.answer.empty(202)
            return
        client = modern.read_client(request.head, message)
        await modern.serve(self._exchange(request, caller, client, None))

    async def _legacy(self, request: _Request, caller: ToolCaller, message: Message) -> None:
        session = self._session(request, caller)
        if message.form is Form.REQUEST:
            await legacy.serve(self._exchange(request, caller, session.client, session))
            return
        await legacy.hear(self.core, caller, session, message)
        await request.answer.empty(202)

    async def _get(self, request: _Request, caller: ToolCaller) -> None:
        if request.face.server is None or not _is_of_session(request.head):
            await _no_method(request.send, "POST, DELETE")
            return
        check_accepts_streams(request.head)
        session = self._session(request, caller)
        await listen(self._exchange(request, caller, session.client, session))

    async def _delete(self, request: _Request, caller: ToolCaller) -> None:
        if not _is_of_session(request.head):
            await _no_method(request.send, "POST")
            return
        session = self._session(request, caller)
        self.core.sessions.close(session)
        await self.core.servers.end_session(session.id)
        await request.answer.empty(204)

    def _session(self, request: _Request, caller: ToolCaller) -> Session:
        """Return the session that a request names. Raises Fault 400 for none, 404 for a wrong."""
        name, version = request.head.one(SESSION), request.head.one(VERSION)
        if not name:
            raise _bad("session-missing", "begin with `initialize`, then send `Mcp-Session-Id`")
        session = self.core.sessions.find(name, run_id=caller.run.id, path=request.face.path)
        if version is not None and version != session.version:
            raise _bad("version-other", f"the session speaks {session.version}")
        return session

    def _exchange(
        self,
        request: _Request,
        caller: ToolCaller,
        client: ClientSide,
        session: Session | None,
    ) -> Exchange:
        return Exchange(
            core=self.core,
            caller=caller,
            face=request.face,
            head=request.head,
            message=request.message or _EMPTY,
            client=client,
            session=session,
            answer=request.answer,
            receive=request.receive,
        )


def _is_of_session(head: Head) -> bool:
    """Say whether a request is of 2025-11-25, in a session: the other revision has none."""
    version = head.one(VERSION)
    return bool(head.one(SESSION)) and (version is None or version in HANDSHAKES)


async def _refuse(request: _Request, error: Exception, telling: Telling) -> None:
    """Answer what went wrong: in JSON-RPC, for a message may be waiting for it."""
    fault = fault_of(error, telling)
    message_id = None
    if request.message is not None:
        message_id = request.message.id if request.message.form is Form.REQUEST else None
    elif request.body is not None and fault.number == INVALID_REQUEST:
        message_id = id_of(request.body)
    if message_id is None and fault.status is None:  # no response is due: HTTP says it
        unforeseen = not isinstance(error, ValetkeyError)
        fault.status = 500 if unforeseen else 400 if isinstance(error, Fault) else 503
    await request.answer.refuse(message_id, fault, request.revision)


async def _no_method(send: Any, allow: str) -> None:
    header = (b"allow", allow.encode("ascii"))
    await send_problem(send, 405, "method-not-allowed", "messages are posted", headers=(header,))


def _bad(code: str, message: str) -> Fault:
    return Fault(INVALID_REQUEST, code, message, status=400)
