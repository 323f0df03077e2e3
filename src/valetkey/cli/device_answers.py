"""What an issuer answers in the device flow, read strictly before any of it is shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from valetkey.cli.fetching import Answer
from valetkey.errors import ValetkeyError
from valetkey.identity import JsonValue, StrictJsonError, parse_object

MAX_WAIT: Final = 1_800.0  # seconds; a code that is good for longer is waited for no longer
MAX_CODE: Final = 100  # characters; people type it
MAX_ADDRESS: Final = 2_000  # characters


@dataclass(frozen=True, slots=True)
class Prompt:
    """What the person is shown. `complete` is the address with the code in it, where there is one.

    All of it is the issuer's text: it is made printable by who prints it.
    """

    address: str
    code: str
    complete: str | None
    seconds: int


def prompt_in(document: Mapping[str, JsonValue], *, of: str, life: float) -> Prompt:
    """Return what to show: a short code, and addresses where a person may well type a password."""
    complete = document.get("verification_uri_complete")
    code = text_in(document, "user_code", of=of)
    if len(code) > MAX_CODE:
        raise unreadable(of)
    return Prompt(
        _page(text_in(document, "verification_uri", of=of), of=of),
        code,
        _page(complete, of=of) if isinstance(complete, str) else None,
        int(life),
    )


def _page(address: str, *, of: str) -> str:
    """Return an address for a browser: https; of an http issuer, on this machine, http, too."""
    try:
        parts = urlsplit(address)
        host = parts.hostname
    except ValueError:
        raise unreadable(of) from None
    schemes = {"https"} if of.startswith("https:") else {"https", "http"}
    if parts.scheme not in schemes or not host or "@" in parts.netloc or len(address) > MAX_ADDRESS:
        raise unreadable(of)
    return address


def document_in(answer: Answer, *, of: str) -> Mapping[str, JsonValue]:
    """Return the JSON object of an answer. Raises `login-answer-unreadable`, as the next two do."""
    try:
        return parse_object(answer.body)
    except StrictJsonError:
        raise unreadable(of) from None


def text_in(document: Mapping[str, JsonValue], name: str, *, of: str) -> str:
    """Return a member that is text and not empty."""
    value = document.get(name)
    if not isinstance(value, str) or not value:
        raise unreadable(of)
    return value


def seconds_in(document: Mapping[str, JsonValue], name: str, default: float | None = None) -> float:
    """Return a member that is a time span in seconds, at most MAX_WAIT."""
    value = document.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise unreadable("the issuer")
    return float(min(value, MAX_WAIT))


def refused(status: int, document: Mapping[str, JsonValue]) -> ValetkeyError:
    """Return what an OAuth error says (RFC 6749 §5.2); who prints it makes it printable."""
    said = [document.get("error"), document.get("error_description")]
    words = ": ".join(word[:200] for word in said if isinstance(word, str) and word)
    if not words:
        return ValetkeyError(
            "login-answer-unreadable",
            f"the issuer answers {status} and does not say why",
            hint="its endpoints are those of its discovery document; no redirect is followed",
        )
    return ValetkeyError(
        "login-refused",
        f"the issuer refused: {words}",
        hint="is the `client_id` of `[login]` a public client with the device flow?",
    )


def unreadable(of: str) -> ValetkeyError:
    """Return the error for what is not as RFC 8628 has it."""
    return ValetkeyError("login-answer-unreadable", f"what `{of}` answers is not understood")
