"""A value that must not be printed, logged, pickled or compared in variable time."""

import hashlib
import hmac
from typing import NoReturn, final


@final
class Secret:
    """Text without a text form: `str`, `repr` and `format` give `***`; only `reveal` tells."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the secret itself. Every call is a place that a review must look at."""
        return self._value

    def digest(self) -> bytes:
        """Return the SHA-256 of the UTF-8 text, 32 bytes: what may be stored instead of it."""
        return hashlib.sha256(self._value.encode()).digest()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._value.encode(), other._value.encode())

    __hash__ = None  # type: ignore[assignment]  # a secret is never a cache key

    def __bool__(self) -> bool:
        return bool(self._value)

    def __repr__(self) -> str:
        return "***"

    __str__ = __repr__

    def __format__(self, format_spec: str) -> str:
        return "***"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not pickled")
