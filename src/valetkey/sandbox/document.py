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
)
from valetkey.sandbox.text import is_code, plain

CREDENTIAL_FIELDS = ("AccessKeyId", "SecretAccessKey", "Token", "Expiration")
_OPTIONAL_FIELDS = ("RoleArn", "AccountId")
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
        raise BrokerUnavailableError(
            "broker-answer-unreadable",
            "the answer holds no complete credentials",
            hint="is this address a broker's `/v1/credentials/…`?",
        )
    return members


def problem_in(status: int, body: bytes) -> SandboxError:
    """Return the error that an answer other than 2xx stands for (RFC 9457).

    Its code is the problem's own, or `broker-refused` where that has not the form of a code. Only
    the problem's members are shown, cleaned; any other body is not shown at all: it may be a
    proxy's page, or hold what nobody meant to tell.
    """
    try:
        problem = parse_document(body)
    except SandboxError:
        problem = {}
    code = problem.get("code")
    told = [problem.get("detail"), problem.get("title")]
    sentence = next((words for words in told if isinstance(words, str) and words), None)
    hint = problem.get("hint")
    error: type[SandboxError] = BrokerRefusedError
    if status == 403:
        error = BrokerDeniedError
    elif not 400 <= status < 500:
        error = BrokerUnavailableError
    return error(
        str(code) if is_code(code) else "broker-refused",
        plain(sentence) if sentence else f"the broker answered {status}",
        hint=plain(hint) if isinstance(hint, str) and hint else None,
    )
