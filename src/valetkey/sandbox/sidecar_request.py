"""One request to the sidecar of `valetkey run`: who may ask, and what is answered.

Who asks shows the sidecar's token and means this address in `Host`; a web page does not, and has
an `Origin`. The server's state is `loopback_server`'s.
"""

import json
from http.server import BaseHTTPRequestHandler

from valetkey.sandbox.decision_relay import decided
from valetkey.sandbox.errors import BodyRefusedError
from valetkey.sandbox.gateway_door import DECISIONS_PATH
from valetkey.sandbox.hand_outs import Answer
from valetkey.sandbox.loopback_server import LoopbackServer
from valetkey.sandbox.mcp_relay import is_mcp_path
from valetkey.sandbox.mcp_serving import read_body, serve_mcp
from valetkey.sandbox.token_relay import read_form, relayed
from valetkey.sandbox.token_request import TOKEN_PATH
from valetkey.secret import Secret

PREFIX = "/v1/credentials/"
_RUN = "/v1/runs/self"
_WELL_KNOWN = "/.well-known/"
_CLIENT_SECONDS = 5.0  # for one read or write; `Unread` limits a request as a whole
_EXACT = "send the exact content of AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"
_BEARER = "send `Bearer ` and the content of VALETKEY_RUN_TOKEN_FILE; is it this address's token?"
_EXPIRED = "run-expired"
_NEW_RUN = "start `valetkey run` again; --expires-in says how long it may last"
_BEARER_SCHEME = "Bearer "
_MCP_METHODS = "GET, POST, DELETE"
_PROBLEM = "application/problem+json"
_HOST = "this server answers to its loopback address only"
_NOT_ITS_TOKEN = "the authorization is not this sidecar's token"  # noqa: S105 - a sentence


class SidecarRequest(BaseHTTPRequestHandler):
    """Answers one request and hangs up."""

    server: LoopbackServer
    server_version = "valetkey"
    sys_version = ""
    timeout = _CLIENT_SECONDS

    def parse_request(self) -> bool:
        """Read the head, as the library does, and stop the clock for it."""
        is_read = super().parse_request()
        if not is_read or self.command != "POST":  # a form is part of its request
            self.server.unread.remove(self.connection)
        return is_read

    def do_GET(self) -> None:
        scheme = _BEARER_SCHEME if self.path == _RUN else ""  # as the broker has the two
        if is_mcp_path(self.path):
            self._pass_on(has_body=False)
        elif not self._is_meant():
            self._refuse_host()
        elif self.path.startswith(_WELL_KNOWN):  # no metadata: nobody signs in here
            self._refuse(404, "not-found", "there is nothing here")
        elif not self._is_authorized(scheme):
            self._refuse(
                401,
                "sidecar-token-invalid",
                _NOT_ITS_TOKEN,
                hint=_BEARER if self.path == _RUN else _EXACT,
            )
        elif self.path == _RUN:
            self._describe()
        elif (grant := self.path.removeprefix(PREFIX)) not in self.server.grants:
            self._refuse(
                404,
                "grant-unknown",
                "there is no such grant here",
                hint=f"the run has {', '.join(sorted(self.server.grants))}",
            )
        else:
            self._give(self.server.hand_out(grant))

    def do_POST(self) -> None:
        if is_mcp_path(self.path) or self.path == DECISIONS_PATH:
            self._pass_on(has_body=True)
        else:
            self._give_token()

    def do_DELETE(self) -> None:
        if is_mcp_path(self.path):
            self._pass_on(has_body=False)
        else:
            self.send_error(501)

    def _pass_on(self, *, has_body: bool) -> None:
        """Answer what the broker answers: a tool's request, or a decision on one."""
        if (refusal := self._caller_refusal()) is not None:
            if has_body:  # a small one is read, so that the answer is
                read_form(self.headers.get_all("Content-Length") or [], self.rfile)
            self._refuse(*refusal[:3], hint=refusal[3])
            return
        self.server.unread.remove(self.connection)  # it is the run's own: it may take its time
        try:
            body = read_body(self) if has_body else None
        except BodyRefusedError as error:
            status = 413 if error.code == "request-too-large" else 400
            self._refuse(status, error.code, error.message)
            return
        if self.path == DECISIONS_PATH:
            status, answer = decided(body or b"", self.server.door)
            is_problem = status != 200
            self._send_bytes(status, answer, _PROBLEM if is_problem else "application/json")
        else:
            serve_mcp(self, self.server.relay, body)

    def _caller_refusal(self) -> tuple[int, str, str, str | None] | None:
        """Return why this caller is not the run's: status, code, sentence, hint."""
        if not self._is_meant():
            return 403, "host-refused", _HOST, None
        if self.headers.get_all("Origin") is not None:
            return 403, "origin-refused", "a web page has no business here", None
        if not self._is_authorized(_BEARER_SCHEME, ""):
            return 401, "sidecar-token-invalid", _NOT_ITS_TOKEN, _BEARER
        return None

    def _give_token(self) -> None:
        form = read_form(self.headers.get_all("Content-Length") or [], self.rfile)
        self.server.unread.remove(self.connection)
        exchange = self.server.exchange
        if self.path != TOKEN_PATH or exchange is None:
            self.send_error(501)
        elif not self._is_meant():
            self._refuse_host()
        elif form is None:
            self._refuse(400, "request-malformed", "a form of a known, small length is expected")
        else:
            status, body = relayed(form, exchange, token=self.server.token)
            self._send_bytes(status, body, "application/json")

    def _is_meant(self) -> bool:
        port = self.server.server_port
        return self.headers.get_all("Host") in ([f"127.0.0.1:{port}"], [f"localhost:{port}"])

    def _refuse_host(self) -> None:
        self._refuse(403, "host-refused", _HOST)

    def _is_authorized(self, *schemes: str) -> bool:
        shown = self.headers.get_all("Authorization") or []
        expected = [Secret(scheme + self.server.token.reveal()) for scheme in schemes]
        return len(shown) == 1 and any(Secret(shown[0]) == each for each in expected)

    def _describe(self) -> None:
        if self.server.clock() >= self.server.expires_at:
            self._refuse(403, _EXPIRED, "the run has expired", hint=_NEW_RUN)
        else:
            self._send(200, self.server.run, "application/json")

    def _give(self, answer: Answer) -> None:
        if answer.error is not None:
            # Of the broker's problem its code, sentence and hint, as `problem_in` cleaned them.
            error = answer.error
            hint = error.hint or (_NEW_RUN if error.code == _EXPIRED else None)
            self._refuse(answer.status, error.code, error.message, hint=hint)
            return
        self._send(200, answer.credentials, "application/json")

    def _refuse(self, status: int, code: str, message: str, *, hint: str | None = None) -> None:
        """Send a problem (RFC 9457) that is a container-credentials error as well.

        `Code` and `Message` are what the SDKs look for; botocore shows the whole body.
        """
        told = message if hint is None else f"{message}; {hint}"
        problem: dict[str, object] = {
            "type": f"urn:valetkey:problem:{code}",
            "title": message,
            "status": status,
            "code": code,
            "Code": code,
            "Message": told,
        }
        if hint is not None:
            problem["hint"] = hint
        self._send(status, problem, _PROBLEM)

    def _send(self, status: int, document: object, media_type: str) -> None:
        self._send_bytes(status, json.dumps(document).encode(), media_type)

    def _send_bytes(self, status: int, body: bytes, media_type: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Connection", "close")
        if status == 405:
            self.send_header("Allow", _MCP_METHODS if is_mcp_path(self.path) else "GET")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        self.close_connection = True

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Say what the server library refused, as a problem and without an echo of the request.

        501 is its word for every method that has no `do_…` here: all but GET.
        """
        self.request_version = "HTTP/1.0"  # a head that it could not read has set none
        self.command = self.command or "GET"
        if code == 501:
            self._refuse(405, "method-not-allowed", "only GET is answered")
        else:
            self._refuse(code, "request-malformed", "this request is not understood")

    def log_message(self, format: str, *args: object) -> None:
        """Stay silent: the terminal is the child's."""
