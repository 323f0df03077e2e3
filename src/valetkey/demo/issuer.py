"""An OIDC issuer with a real key, on loopback, for the demo alone: `wiring` can't reach it."""

import json
import threading
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from joserfc import jwt
from joserfc.jwk import ECKey

AUDIENCE = "valetkey-demo"
LIFE = 600


class DemoIssuer:
    """Signs ES256 tokens, and serves discovery and JWKS over HTTP while the block lasts."""

    def __init__(self) -> None:
        self._key = ECKey.generate_key("P-256", {"kid": "demo-1", "use": "sig", "alg": "ES256"})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._responder())
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def sign(self, subject: str, claims: Mapping[str, Any] | None = None) -> str:
        """Return a token for `subject`, good for ten minutes."""
        now = int(time.time())
        registered = {"iss": self.url, "sub": subject, "aud": AUDIENCE, "iat": now}
        header = {"alg": "ES256", "kid": "demo-1", "typ": "JWT"}
        return jwt.encode(header, {**registered, "exp": now + LIFE, **(claims or {})}, self._key)

    def _documents(self) -> dict[str, object]:
        return {
            "/.well-known/openid-configuration": {
                "issuer": self.url,
                "jwks_uri": f"{self.url}/keys",
                "response_types_supported": ["id_token"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["ES256"],
            },
            "/keys": {"keys": [self._key.as_dict(private=False)]},
        }

    def _responder(self) -> type[BaseHTTPRequestHandler]:
        issuer = self

        class Responder(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                document = issuer._documents().get(self.path)
                body = json.dumps(document).encode()
                self.send_response(404 if document is None else 200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing: the demo tells the story."""

        return Responder
