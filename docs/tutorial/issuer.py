"""An OIDC issuer for the tutorial: it signs four tokens and serves its keys on loopback.

    python issuer.py --port 8900 --folder .

It writes alice.jwt, bob.jwt, orchestrator.jwt and operator.jwt, good for an hour, says where it
listens and serves until it is ended. A real platform has a real issuer (Cognito, Entra, Okta,
Keycloak, a cluster's service accounts); this one gives a token to whoever runs it.
"""

import argparse
import json
import os
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey

AUDIENCE = "tutorial"
LIFE = 3600
TOKENS: dict[str, dict[str, str]] = {
    "alice": {"sub": "alice", "kind": "person"},
    "bob": {"sub": "bob", "kind": "person"},
    "orchestrator": {"sub": "service:orchestrator"},
    "operator": {"sub": "service:operator"},
}


def sign(key: ECKey, url: str, claims: dict[str, str]) -> str:
    """Return a token with these claims, valid from now on for an hour."""
    now = int(time.time())
    registered = {"iss": url, "aud": AUDIENCE, "iat": now, "exp": now + LIFE}
    return jwt.encode({"alg": "ES256", "kid": "tutorial-1", "typ": "JWT"}, registered | claims, key)


def write(path: Path, token: str) -> None:
    """Write a token to a file that only its owner may read."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(token)


def main() -> None:
    """Write the tokens, then serve discovery and keys."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--port", type=int, default=8900)
    parser.add_argument("--folder", type=Path, default=Path())
    options = parser.parse_args()
    key = ECKey.generate_key("P-256", {"kid": "tutorial-1", "use": "sig", "alg": "ES256"})
    url = f"http://127.0.0.1:{options.port}"
    documents = {
        "/.well-known/openid-configuration": {"issuer": url, "jwks_uri": f"{url}/keys"},
        "/keys": {"keys": [key.as_dict(private=False)]},
    }

    class Responder(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            document = documents.get(self.path)
            self.send_response(404 if document is None else 200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(document).encode())

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing for each request."""

    server = ThreadingHTTPServer(("127.0.0.1", options.port), Responder)
    for name, claims in TOKENS.items():
        write(options.folder / f"{name}.jwt", sign(key, url, claims))
    print(f"issuer at {url}; wrote {', '.join(f'{name}.jwt' for name in TOKENS)}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
