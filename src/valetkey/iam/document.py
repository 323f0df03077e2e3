"""Strict JSON: what an attacker writes is either one unambiguous value or refused.

RFC 8259 leaves duplicate members, NaN and depth to the reader; here they are errors. Numbers with
a fraction or an exponent stay exact (`Decimal`). This module knows nothing of policies.
"""

import json
import math
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Any, NoReturn

from valetkey.errors import ValetkeyError

MAX_BITS = 4_096  # of an integer: far above any, far below where its text costs or raises

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
        raise refuse(f"not JSON: {' '.join(str(error).split())[:120]}") from None
    return value


def scalar_text(value: object) -> str | None:
    """Return IAM's text of a JSON string, boolean or finite number; None of anything else."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, int) and value.bit_length() > MAX_BITS:
        return None
    if isinstance(value, int | float | Decimal):
        return str(value)
    return None


def quoted(text: str) -> str:
    """Return `text` in backticks, on one line, printable, cut to 80 characters."""
    shown = text if len(text) <= 80 else text[:79] + "…"
    return "`" + shown.encode("unicode_escape").decode("ascii").replace("`", "'") + "`"
