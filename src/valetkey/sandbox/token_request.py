"""What `POST /oauth/token` is asked and answers, seen from the run (RFC 8693 sections 2.1, 2.2).

A run token is narrowed to a token of one audience: a tool's API, or STS where the grant lets the
run call STS itself.
"""

from dataclasses import dataclass
from urllib.parse import urlencode

from valetkey.sandbox.document import parse_document, problem_in
from valetkey.sandbox.errors import BrokerUnavailableError
from valetkey.sandbox.text import is_header_value
from valetkey.secret import Secret

TOKEN_PATH = "/oauth/token"  # noqa: S105 - a path
FORM = "application/x-www-form-urlencoded"
GRANT_TYPE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 - a type's name
_LONGEST_SECONDS = 12 * 3600  # nothing that valetkey signs lives as long


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """Which token is wanted. `audience` is a grant's name or the audience itself.

    The other members are RFC 8693's; None is not sent.
    """

    audience: str | None
    resource: str | None = None
    scope: str | None = None
    requested_token_type: str | None = None

    def form(self, run_token: Secret) -> bytes:
        """Return the request's form; it holds the run token in the clear."""
        wanted = {
            "audience": self.audience,
            "resource": self.resource,
            "scope": self.scope,
            "requested_token_type": self.requested_token_type,
        }
        return urlencode(
            {
                "grant_type": GRANT_TYPE,
                "subject_token": run_token.reveal(),
                "subject_token_type": ACCESS_TOKEN,
                **{name: value for name, value in wanted.items() if value is not None},
            }
        ).encode("ascii")


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A token for one audience. Both instants are Unix seconds, by our own clock."""

    token: Secret
    asked_at: float
    expires_at: float


def parse_issued(status: int, body: bytes, *, asked_at: float) -> IssuedToken:
    """Return the token in an answer to a request that was sent at `asked_at`.

    Its life counts from then: it was signed later. Raises what the broker says where the answer
    is no token, and `broker-answer-unreadable`.
    """
    if status != 200:
        raise problem_in(status, body)
    document = parse_document(body)
    token, life = document.get("access_token"), document.get("expires_in")
    if (
        not (isinstance(token, str) and is_header_value(token))
        or type(life) is not int
        or not 0 < life <= _LONGEST_SECONDS
    ):
        raise BrokerUnavailableError(
            "broker-answer-unreadable",
            "the broker's answer holds no token with a life",
            hint="is this address a broker's?",
        )
    return IssuedToken(Secret(token), asked_at, expires_at=asked_at + life)
