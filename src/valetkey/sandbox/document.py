"""JSON from the broker: parsed strictly, turned into a value or into one clear error.

Uses CPython's `_json` scanner directly: `import json` brings `re` and `enum` along and takes as
long as the interpreter's whole start. The scanner is the same code that `json.loads` runs.
"""

from _json import make_scanner

from valetkey.sandbox.errors import (
    BrokerDeniedError,
    BrokerRefusedError,
    BrokerUnavailableError,
    SandboxError,
    TokenRefusedError,
)
from valetkey.sandbox.text import is_account_id, is_code, is_header_value, plain

CREDENTIAL_FIELDS = ("AccessKeyId", "SecretAccessKey", "Token", "Expiration")
_NOT_ITS_OWN = "is this address a broker, or has something before it answered?"
_OPTIONAL_FIELDS = ("RoleArn", "AccountId")
_NOT_NOW = frozenset({408, 425, 429})  # a limiter's or a proxy's: not an answer to what was asked
_MAX_LEVELS = 64  # how deep the interpreter itself goes differs from version to version


def _no_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError
    return members


def _no_constants(_name: str) -> object:
    raise ValueError  # NaN and the infinities are not JSON


class _Strict:
    """What the C scanner asks of a decoder."""

    strict = True
    object_hook = None
    object_pairs_hook = staticmethod(_no_duplicates)
    parse_float = float
    parse_int = int
    parse_constant = staticmethod(_no_constants)


_scan = make_scanner(_Strict())  # type: ignore[arg-type]  # its stub asks for itself


def parse_document(body: bytes) -> dict[str, object]:
    """Return the JSON object in `body`. Raises `broker-answer-unreadable` for anything else.

    Strict: UTF-8, one object, no duplicate members, no NaN, at most 64 levels (RFC 8259, I-JSON
    RFC 7493).
    """
    try:
        text = body.decode("utf-8").strip(" \t\r\n")
        value, end = _scan(text, 0)
    except (ValueError, StopIteration, RecursionError, SystemError):
        # SystemError: CPython 3.11's scanner takes its error from `json`, if that was imported.
        value, end, text = None, 0, ""
    if not isinstance(value, dict) or end != len(text) or _is_deeper(value, _MAX_LEVELS):
        raise BrokerUnavailableError(
            "broker-answer-unreadable",
            "the answer is not one that a broker gives",
            hint="is this address a broker?",
        )
    return value


def _is_deeper(value: object, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    inner = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_is_deeper(each, levels - 1) for each in inner)


def parse_credentials(body: bytes) -> dict[str, str]:
    """Return the container-credentials members of `body`, the four required ones all there.

    Members that the contract does not name are left out; a required one that is missing, empty
    or not a string is `broker-answer-unreadable`.
    """
    document = parse_document(body)
    members = {
        name: value
        for name in (*CREDENTIAL_FIELDS, *_OPTIONAL_FIELDS)
        if isinstance(value := document.get(name), str) and value
    }
    if not all(name in members for name in CREDENTIAL_FIELDS):
        raise _incomplete()
    return members


def parse_usable_credentials(body: bytes) -> dict[str, str]:
    """Return the members of `body` as `parse_credentials` does, each fit for where it will stand.

    What is not visible ASCII can't stand in a header, and SDKs show such a value, which may be a
    secret, in their error: it is `broker-answer-unreadable`. What is no account's id is left out:
    some endpoints have it in their host's name.
    """
    members = parse_credentials(body)
    if not all(is_header_value(members[name]) for name in CREDENTIAL_FIELDS):
        raise _incomplete()
    if not is_account_id(members.get("AccountId", "")):
        members.pop("AccountId", None)
    return members


def _incomplete() -> BrokerUnavailableError:
    return BrokerUnavailableError(
        "broker-answer-unreadable",
        "the answer holds no complete credentials",
        hint="is this address a broker's `/v1/credentials/…`?",
    )


def problem_in(status: int, body: bytes) -> SandboxError:
    """Return the error that an answer other than 2xx stands for (RFC 9457; RFC 6749 §5.2).

    Its code is the problem's own, or `broker-refused` where that has not the form of a code. The
    broker's no has a code always: a 4xx without one is somebody else's, and no word on the run,
    as 408, 425 and 429 are. Only the problem's members are shown, cleaned; any other body is not
    shown at all: it may be a proxy's page, or hold what nobody meant to tell.
    """
    try:
        problem = parse_document(body)
    except SandboxError:
        problem = {}
    code = problem.get("code")
    is_told = is_code(code)
    told = [problem.get(name) for name in ("detail", "title", "error_description")]
    sentence = next((words for words in told if isinstance(words, str) and words), None)
    hint = problem.get("hint")
    if not isinstance(hint, str) or not hint:
        hint = None if is_told else _NOT_ITS_OWN
    return _kind(status, is_told=is_told)(
        str(code) if is_told else "broker-refused",
        plain(sentence) if sentence else f"the broker answered {status}",
        hint=None if hint is None else plain(hint),
    )


def _kind(status: int, *, is_told: bool) -> type[SandboxError]:
    """Return what an answer is: a no, or no answer; with a code it is the broker's own."""
    if not 400 <= status < 500 or status in _NOT_NOW or not is_told:
        return BrokerUnavailableError
    return {401: TokenRefusedError, 403: BrokerDeniedError}.get(status, BrokerRefusedError)
