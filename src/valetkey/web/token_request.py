"""The parameters of a token exchange (RFC 8693 §2.1), read out of a form."""

from typing import Final

from valetkey.broker.exchange import ExchangeRequest, TokenType
from valetkey.broker.targets import Target
from valetkey.secret import Secret
from valetkey.web.documents import RequestError

_CLIENT_PROOFS = frozenset({"client_secret", "client_assertion", "client_assertion_type"})
"""How a client proves itself in a form (RFC 6749 §2.3.1, RFC 7521 §4.2)."""
_OF_RUN_TOKENS: Final = TokenType.ACCESS_TOKEN.value
GRANT_TYPE: Final = "urn:ietf:params:oauth:grant-type:token-exchange"


def read_request(form: dict[str, list[str]]) -> ExchangeRequest:
    """Return what a form asks for; unknown parameters are ignored (RFC 6749 §3.2).

    An empty parameter counts as left out, one that is there twice is refused. Raises
    `RequestError` with a code for each kind of fault; no value of the form is in its text.
    """
    given = _one_of_each(form)
    if not _CLIENT_PROOFS.isdisjoint(given):
        raise RequestError(
            "client-authentication",
            "no client is known here, so none can prove itself",
            hint="leave the client's secret or assertion out: the `subject_token` is the proof",
        )
    if given.get("grant_type") != GRANT_TYPE:
        raise RequestError("grant-type-unsupported", f"`grant_type` is not `{GRANT_TYPE}`")
    if "actor_token" in given or "actor_token_type" in given:
        raise RequestError(
            "actor-token-unsupported",
            "an actor token is not taken: who acts was settled when the run was opened",
        )
    if given.get("subject_token_type") != _OF_RUN_TOKENS:
        raise RequestError("request-malformed", f"`subject_token_type` is not `{_OF_RUN_TOKENS}`")
    if "subject_token" not in given:
        raise RequestError("request-malformed", "`subject_token` is missing: it is the run token")
    if "audience" not in given and "resource" not in given:
        raise RequestError(
            "request-malformed", "`audience` or `resource` says where the token shall be good"
        )
    return ExchangeRequest(
        run_token=Secret(given["subject_token"]),
        target=Target(given.get("audience"), given.get("resource")),
        scopes=_scopes(given.get("scope")),
        token_type=_token_type(given.get("requested_token_type")),
    )


def _one_of_each(form: dict[str, list[str]]) -> dict[str, str]:
    for name, values in form.items():
        if len(values) > 1:
            if name in {"audience", "resource"}:  # several are legal, and one token has one
                raise RequestError("token-target-several", "a token is for one target")
            raise RequestError("request-malformed", "a parameter is there twice")
    return {name: values[0] for name, values in form.items() if values[0]}


def _scopes(text: str | None) -> tuple[str, ...] | None:
    if text is None:
        return None
    scopes = tuple(text.split(" "))
    if "" in scopes:
        raise RequestError("token-scope-malformed", "`scope` is not words with one space between")
    return scopes


def _token_type(text: str | None) -> TokenType | None:
    try:
        return None if text is None else TokenType(text)
    except ValueError:
        raise RequestError(
            "token-type-unsupported",
            "`requested_token_type` is not one that is issued here",
            hint=f"it is {' or '.join(f'`{each.value}`' for each in TokenType)}",
        ) from None
