"""`POST /oauth/token` of the sidecar: the child's request, with the run token put in.

The child shows the sidecar's token as the subject token; all else that it may say is which token
it wants. What the broker answers goes back as it came: nothing is kept.
"""

import json
from collections.abc import Callable
from io import BufferedIOBase
from urllib.parse import parse_qsl

from valetkey.errors import ValetkeyError
from valetkey.sandbox.token_request import ACCESS_TOKEN, GRANT_TYPE, TokenRequest
from valetkey.secret import Secret

MAX_FORM_BYTES = 16_384
_MOST_FIELDS = 16
_WANTED = frozenset({"audience", "resource", "scope", "requested_token_type"})
_SHOWN = frozenset({"grant_type", "subject_token", "subject_token_type"})

Exchange = Callable[[TokenRequest], tuple[int, bytes]]


def relayed(form: bytes, exchange: Exchange, *, token: Secret) -> tuple[int, bytes]:
    """Return the status and the JSON body of the answer to a form. Raises nothing."""
    fields = _fields(form)
    if fields is None or not fields.keys() <= _WANTED | _SHOWN:
        return _refused(400, "invalid_request", "request-malformed", "this form is not understood")
    if fields.get("grant_type") != GRANT_TYPE:
        return _refused(
            400, "unsupported_grant_type", "grant-type-unsupported", "only token exchange is"
        )
    shown = Secret(fields.get("subject_token", ""))
    if shown != token or fields.get("subject_token_type") != ACCESS_TOKEN:
        return _refused(
            400,
            "invalid_request",
            "sidecar-token-invalid",
            "the subject token is not the content of VALETKEY_RUN_TOKEN_FILE",
        )
    wanted = {name: fields.get(name) for name in _WANTED}
    try:
        return exchange(TokenRequest(**wanted))
    except ValetkeyError as error:
        told = error.message if error.hint is None else f"{error.message}; {error.hint}"
        return _refused(503, "temporarily_unavailable", error.code, told)
    except Exception:  # noqa: BLE001 - whatever it is, who asks gets a no
        return _refused(500, "server_error", "internal-error", "the sidecar failed")


def read_form(lengths: list[str], body: BufferedIOBase) -> bytes | None:
    """Return the form of a request with these `Content-Length` fields; None where it has none."""
    length = lengths[0] if len(lengths) == 1 else ""
    is_number = length.isascii() and length.isdigit() and len(length) <= 8
    if not is_number or int(length) > MAX_FORM_BYTES:
        return None
    try:
        form = body.read(int(length))
    except OSError:  # too slow, or gone
        return None
    return form if len(form) == int(length) else None


def _fields(form: bytes) -> dict[str, str] | None:
    """Return the form's fields, each there once; None where it is no such form."""
    try:
        pairs = parse_qsl(
            form.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=_MOST_FIELDS,
        )
    except ValueError:
        return None
    fields = dict(pairs)
    return fields if len(fields) == len(pairs) else None


def _refused(status: int, error: str, code: str, told: str) -> tuple[int, bytes]:
    """Return an error as RFC 6749 section 5.2 has it, with our code beside it."""
    return status, json.dumps({"error": error, "error_description": told, "code": code}).encode()
