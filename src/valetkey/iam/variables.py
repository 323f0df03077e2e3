"""Find `${variables}` in policy text: IAM User Guide, "Policy elements: Variables and tags"."""

from collections.abc import Mapping
from dataclasses import dataclass

from valetkey.iam.document import quoted
from valetkey.iam.errors import PolicyError

ContextValue = str | tuple[str, ...]
Keys = Mapping[str, ContextValue]


@dataclass(frozen=True, slots=True)
class Variable:
    """`${key, 'default'}`; `key` is in lower case, as all keys are looked up."""

    key: str
    default: str | None
    written: str

    def value(self, keys: Keys) -> str | None:
        """Return the text that takes the variable's place, or None where there is none.

        An absent key has its default; a multivalued key has no value, not even a default.
        """
        found = keys.get(self.key)
        if found is None:
            return self.default
        return found if isinstance(found, str) else None


@dataclass(frozen=True, slots=True)
class Escaped:
    """`${*}`, `${?}` or `${$}`: the character itself, never a wildcard."""

    text: str


def split_variables(text: str, path: str) -> list[str | Variable | Escaped]:
    """Return the plain texts, variables and escapes of which `text` is made, in order.

    Raises PolicyError `malformed-policy`, naming the JSON `path`, for what opens with `${` and
    is no variable: guessing what its author meant could open what it should close.
    """
    found: list[str | Variable | Escaped] = []
    at = 0
    while (start := text.find("${", at)) >= 0:
        if start > at:
            found.append(text[at:start])
        piece, at = _read(text, start, path)
        found.append(piece)
    if at < len(text):
        found.append(text[at:])
    return found


def _read(text: str, start: int, path: str) -> tuple[Variable | Escaped, int]:
    """Return the variable that opens at `start`, and the index after its closing brace."""
    close = text.find("}", start)
    if close - start == 3 and text[start + 2] in "*?$":
        return Escaped(text[start + 2]), close + 1
    quote = text.find("'", start, close if close >= 0 else len(text))
    default = None
    name_end = close
    if quote >= 0:
        end = text.find("'", quote + 1)
        close = text.find("}", end + 1) if end >= 0 else -1
        if close >= 0 and text[end + 1 : close].strip():
            close = -1
        default = text[quote + 1 : end]
        comma = text[start:quote].rstrip()
        name_end = start + len(comma) - 1 if comma.endswith(",") else start
    name = text[start + 2 : name_end].strip() if close >= 0 else ""
    if not name or any(letter in "${},'*?" for letter in name):
        shown = quoted(text[start:])
        raise PolicyError("malformed-policy", f"{path}: {shown} is not a policy variable")
    return Variable(name.lower(), default, text[start : close + 1]), close + 1
