"""Strict JSON: what an attacker writes is either one unambiguous value or refused.

RFC 8259 leaves duplicate members, NaN and depth to the reader; here they are errors. Numbers with
a fraction or an exponent stay exact (`Decimal`). This module knows nothing of policies.
"""

import json
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Any, NoReturn

from valetkey.errors import ValetkeyError

MAX_BITS = 4_096  # of an integer: far above any, far below where its text costs or raises
MAX_DIGITS = 400  # of a number written with an exponent, once it is written without

Refuse = Callable[[str], ValetkeyError]


def read_json(text: str | bytes, refuse: Refuse, *, limit: int) -> object:
    """Return the one JSON value in `text`, of at most `limit` characters or bytes.

    Raises what `refuse` makes of a one-line reason: too long, not UTF-8, not JSON, nested too
    deep, a member named twice in one object, NaN or Infinity, a number out of range.
    """
    if len(text) > limit:
        raise refuse(f"the document is longer than {limit} characters")

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            counts = Counter(name for name, _ in pairs)
            twice = quoted(counts.most_common(1)[0][0])
            raise refuse(f"the member {twice} appears twice in one object")
        return found

    def constant(word: str) -> NoReturn:
        raise refuse(f"{word} is not JSON")

    try:
        source = text.decode("utf-8") if isinstance(text, bytes) else text
        value: object = json.loads(
            source, object_pairs_hook=members, parse_constant=constant, parse_float=Decimal
        )
    except RecursionError:
        raise refuse("the document is nested too deep") from None
    except (ValueError, ArithmeticError) as error:
        raise refuse(f"not JSON: {_why(error)}") from None
    return value


def _why(error: Exception) -> str:
    if isinstance(error, ValueError) and hasattr(error, "lineno"):
        return " ".join(str(error).split())[:120]
    return "not UTF-8" if isinstance(error, UnicodeDecodeError) else "a number has too many digits"


def scalar_text(value: object) -> str | None:
    """Return IAM's text of a JSON string, boolean or finite number; None of anything else.

    A number keeps its digits (`1.50`) and loses its exponent: 1e3 is `1000`.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value) if value.bit_length() <= MAX_BITS else None
    number = Decimal(repr(value)) if isinstance(value, float) else value
    return _plain(number) if isinstance(number, Decimal) and number.is_finite() else None


def _plain(number: Decimal) -> str:
    """Return the number without an exponent where that has not absurdly many digits."""
    return f"{number:f}" if -MAX_DIGITS <= number.adjusted() <= MAX_DIGITS else str(number)


def quoted(text: str) -> str:
    """Return `text` in backticks, on one line, printable, cut to 80 characters."""
    shown = text if len(text) <= 80 else text[:79] + "…"
    return "`" + shown.encode("unicode_escape").decode("ascii").replace("`", "'") + "`"
