"""The loopback server of `valetkey run`: the container-credentials contract for one child.

It serves `GET /v1/credentials/{grant}` and, as a broker does, `GET /v1/runs/self` and
`POST /oauth/token`, and nothing else, to whoever shows its token in `Authorization` (the token is
in a 0600 file; for the run `Bearer` stands before it; a form has it as its subject token) and means
this address in `Host` (a web page whose name was bound to 127.0.0.1 does not). The run token stays
behind it.
"""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from http.server import BaseHTTPRequestHandler

from valetkey.sandbox.hand_outs import Answer
from valetkey.sandbox.loopback_server import LoopbackServer
from valetkey.sandbox.run_grant import RunView
from valetkey.sandbox.token_relay import Exchange, read_form, relayed
from valetkey.sandbox.token_request import TOKEN_PATH
from valetkey.secret import Secret

_PREFIX = "/v1/credentials/"
_RUN = "/v1/runs/self"
_CLIENT_SECONDS = 5.0  # for one read or write; `Unread` limits a request as a whole
_NOTICE_SECONDS = 0.05  # how late `close` is noticed; a command should not end half a second late
_PATIENT_SECONDS = 2.0
_EXACT = "send the exact content of AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"
_BEARER = "send `Bearer ` and the content of VALETKEY_RUN_TOKEN_FILE; is it this address's token?"
_EXPIRED = "run-expired"
_NEW_RUN = "start `valetkey run` again; --expires-in says how long it may last"


class Sidecar:
    """A server on 127.0.0.1, on a port that the system chose; it answers after `start`."""

    def __init__(
        self,
        hand_out: Callable[[str], Answer],
        run: RunView,
        *,
        token: Secret,
        exchange: Exchange | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if not token:
            raise ValueError("an empty token would open the sidecar to everybody")
        self._server = LoopbackServer(("127.0.0.1", 0), _Request)
        self._server.hand_out = hand_out
        self._server.grants = frozenset(grant.name for grant in run.grants)
        self._server.token = token
        self._server.exchange = exchange
        self._server.run = self._document(run)
        self._server.expires_at = _seconds(run.expires_at)
        self._server.clock = clock
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(_NOTICE_SECONDS,), daemon=True
        )

    @property
    def url(self) -> str:
        """The address that stands for the broker in the child."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def url_of(self, grant: str) -> str:
        """Return the address of the grant's credentials."""
        return f"{self.url}{_PREFIX}{grant}"

    def _document(self, run: RunView) -> dict[str, object]:
        """Return the run as a broker describes it, with this server's addresses."""
        grants = [
            asdict(grant) | {"credentials_url": self.url_of(grant.name)} for grant in run.grants
        ]
        return {
            "id": run.id,
            "grants": grants,
            "tokens": [asdict(tool) for tool in run.tools],
            "token_url": self.url + TOKEN_PATH,
            "expires_at": run.expires_at,
        }

    def start(self) -> None:
        """Serve from now on; what connected since construction is served, too."""
        self._thread.start()

    def close(self) -> None:
        """Stop listening. Raises nothing, started or not."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join(_PATIENT_SECONDS)
        self._server.server_close()


def _seconds(instant: str) -> float:
    """Return the Unix seconds of an instant; 0.0, long past, where it can't be read."""
    try:
        return datetime.fromisoformat(instant).timestamp()
    except ValueError:
        return 0.0


class _Request(BaseHTTPRequestHandler):
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
        if not self._is_meant():
            self._refuse(403, "host-refused", "this server answers to its loopback address only")
        elif not self._is_authorized():
            self._refuse(
                401,
                "sidecar-token-invalid",
                "the authorization is not this sidecar's token",
                hint=_BEARER if self.path == _RUN else _EXACT,
            )
        elif self.path == _RUN:
            self._describe()
        elif (grant := self.path.removeprefix(_PREFIX)) not in self.server.grants:
            self._refuse(
                404,
                "grant-unknown",
                "there is no such grant here",
                hint=f"the run has {', '.join(sorted(self.server.grants))}",
            )
        else:
            self._give(self.server.hand_out(grant))

    def do_POST(self) -> None:
        form = read_form(self.headers.get_all("Content-Length") or [], self.rfile)
        self.server.unread.remove(self.connection)
        exchange = self.server.exchange
        if self.path != TOKEN_PATH or exchange is None:
            self.send_error(501)
        elif not self._is_meant():
            self._refuse(403, "host-refused", "this server answers to its loopback address only")
        elif form is None:
            self._refuse(400, "request-malformed", "a form of a known, small length is expected")
        else:
            status, body = relayed(form, exchange, token=self.server.token)
            self._send_bytes(status, body, "application/json")

    def _is_meant(self) -> bool:
        port = self.server.server_port
        return self.headers.get_all("Host") in ([f"127.0.0.1:{port}"], [f"localhost:{port}"])

    def _is_authorized(self) -> bool:
        shown = self.headers.get_all("Authorization") or []
        scheme = "Bearer " if self.path == _RUN else ""  # as the broker has the two
        expected = Secret(scheme + self.server.token.reveal())
        return len(shown) == 1 and Secret(shown[0]) == expected

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
        self._send(status, problem, "application/problem+json")

    def _send(self, status: int, document: object, media_type: str) -> None:
        self._send_bytes(status, json.dumps(document).encode(), media_type)

    def _send_bytes(self, status: int, body: bytes, media_type: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Connection", "close")
        if status == 405:
            self.send_header("Allow", "GET")
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
