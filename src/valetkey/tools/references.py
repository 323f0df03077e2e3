"""What a schema's own references name (RFC 6901 §6, as fragments of URIs). Nothing is fetched."""

import re
from collections.abc import Mapping
from typing import Any, Final

REFERENCES: Final = frozenset({"$ref", "$dynamicRef", "$recursiveRef"})
_ESCAPED: Final = re.compile(r"(?:%[0-9A-Fa-f]{2})+")


def target_of(root: Any, reference: str) -> Any:
    """Return what a local pointer names in `root`, None for any other reference."""
    target = root
    if reference != "#" and not reference.startswith("#/"):
        return None
    for token in _decoded(reference).split("/")[1:]:
        name = token.replace("~1", "/").replace("~0", "~")
        if isinstance(target, list) and name.isdecimal() and int(name) < len(target):
            target = target[int(name)]
        elif isinstance(target, Mapping) and name in target:
            target = target[name]
        else:
            return None
    return target


def _decoded(fragment: str) -> str:
    """Return a fragment without its percent-encoding (RFC 3986 §2.1)."""

    def text(found: re.Match[str]) -> str:
        return bytes.fromhex(found.group().replace("%", "")).decode("utf-8", "replace")

    return _ESCAPED.sub(text, fragment)
