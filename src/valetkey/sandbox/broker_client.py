"""The broker's HTTP interface, as the agent's side uses it: six calls, no state, no retry.

Every call raises a SandboxError: BrokerRefusedError where the broker said no (its code, its
sentence, its hint), BrokerDeniedError on 403, BrokerUnavailableError where no usable answer came.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from valetkey.sandbox.address import Address, parse_address
from valetkey.sandbox.document import parse_document, problem_in
from valetkey.sandbox.exchange import TOTAL_SECONDS, exchange
from valetkey.sandbox.run_grant import OpenedRun, RunView, parse_opened, parse_run
from valetkey.sandbox.token_request import FORM, TOKEN_PATH, TokenRequest
from valetkey.secret import Secret


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What `POST /v1/runs` is asked: no grants means all, no seconds means the broker's default."""

    subject_token: Secret
    attributes: Mapping[str, str]
    grants: Sequence[str]
    expires_in: int | None

    def body(self) -> bytes:
        """Return the request's JSON; it holds the subject token in the clear."""
        members: dict[str, object] = {"subject_token": self.subject_token.reveal()}
        if self.attributes:
            members["attributes"] = dict(self.attributes)
        if self.grants:
            members["grants"] = list(self.grants)
        if self.expires_in is not None:
            members["expires_in"] = self.expires_in
        return json.dumps(members).encode()


class BrokerClient:
    """Calls to one broker. Safe to use from several threads."""

    def __init__(self, url: str) -> None:
        self._address: Address = parse_address(url)

    def open_run(self, request: RunRequest, actor_token: Secret) -> OpenedRun:
        """Open a run for the subject, as the actor."""
        return parse_opened(
            self._call("POST", "/v1/runs", bearer=actor_token, body=request.body(), expected=201)
        )

    def describe_run(self, run_token: Secret) -> RunView:
        """Return what the sandbox may know of its run."""
        return parse_run(self._call("GET", "/v1/runs/self", bearer=run_token))

    def rotate(self, run_token: Secret) -> Secret:
        """Return a new run token; the old one stays good for about a minute."""
        document = self._call("POST", "/v1/runs/self/token", bearer=run_token)
        token = document.get("run_token")
        if not isinstance(token, str) or not token:
            raise problem_in(502, b"")
        return Secret(token)

    def end_run(self, run_token: Secret) -> None:
        """End the run; its token opens nothing any more."""
        self._call("DELETE", "/v1/runs/self", bearer=run_token, expected=204)

    def draw(
        self, grant: str, run_token: Secret, *, total_seconds: float = TOTAL_SECONDS
    ) -> tuple[int, bytes]:
        """Ask for a grant's credentials; return the status and the body as they came."""
        return exchange(
            self._address,
            f"/v1/credentials/{grant}",
            authorization=run_token.reveal(),
            total_seconds=total_seconds,
        )

    def exchange_token(self, request: TokenRequest, run_token: Secret) -> tuple[int, bytes]:
        """Narrow the run token to a token of one audience; return status and body as they came."""
        return exchange(
            self._address,
            TOKEN_PATH,
            authorization=None,
            method="POST",
            body=request.form(run_token),
            media_type=FORM,
        )

    def _call(
        self,
        method: str,
        target: str,
        *,
        bearer: Secret,
        body: bytes | None = None,
        expected: int = 200,
    ) -> dict[str, object]:
        status, answer = exchange(
            self._address,
            target,
            authorization=f"Bearer {bearer.reveal()}",
            method=method,
            body=body if body is not None or method != "POST" else b"",
        )
        if status != expected:
            raise problem_in(status, answer)
        return parse_document(answer) if expected != 204 else {}
