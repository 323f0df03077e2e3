"""What the options of `valetkey run` may say: attributes and times, as they are written."""

from valetkey.sandbox.errors import SandboxError

_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}


def parse_attributes(written: list[str], option: str = "--attribute") -> dict[str, str]:
    """Return the attributes in `NAME=VALUE` words, each name once. Raises `usage`."""
    attributes: dict[str, str] = {}
    for text in written:
        name, equals, value = text.partition("=")
        if not (name and equals and value) or name in attributes:
            raise SandboxError(
                "usage",
                f"`{option} {text}` is not one NAME=VALUE, each name once",
                hint=f"write it as {option} task_id=t1",
            )
        attributes[name] = value
    return attributes


def parse_seconds(text: str) -> int:
    """Return the seconds in `90`, `90s`, `15m`, `1h` or `1d`. Raises `usage`."""
    digits = text.rstrip("smhd")
    unit = _UNITS.get(text[len(digits) :])
    if unit is None or not (digits.isascii() and digits.isdigit()) or len(digits) > 9:
        raise SandboxError(
            "usage", f"`{text}` is not a time", hint="write a number with s, m, h or d, such as 1h"
        )
    return int(digits) * unit
