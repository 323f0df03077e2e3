"""Names of policies by AgentCore's rules: unique, stable, and told apart by what they say.

A name can't be changed there: another name is another policy, made before the old one goes. So a
`forbid` has its content in its name, and an edited one never becomes weaker in place; a `permit`
keeps its name and is edited in place, so that the old one does not linger beside the new.
"""

import hashlib
import re
from typing import Final

from valetkey.tools.errors import ToolsError

MAX_NAME: Final = 48
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,47}", re.ASCII)
_ODD = re.compile(r"[^A-Za-z0-9]+")
_DIGITS: Final = 10  # hexadecimal ones of a SHA-256: two of 1,000 policies are alike in 1 of 10^6


def check_name(name: str, *, of: str) -> None:
    """Raise ToolsError `agentcore-name` for what AgentCore takes as no name."""
    if not _NAME.fullmatch(name):
        raise ToolsError(
            "agentcore-name",
            f"{of}: `{name}` is no name there: a letter, then up to 47 letters, digits and `_`",
        )


def policy_name(rule: str, *, forbids: str | None) -> str:
    """Return the name of the policy with id `rule`; `forbids` is all that a forbid says, or None.

    What a person calls it comes first, cut where it is too long; the digest makes it unique.
    """
    said = hashlib.sha256(f"{rule}\0{'' if forbids is None else forbids}".encode()).hexdigest()
    file, _, name = rule.partition("#")
    stem = file.removesuffix(".cedar")
    words = _ODD.sub("_", f"{stem}_{name}").strip("_")
    if not words[:1].isalpha():
        words = f"p_{words}"
    return f"{words[: MAX_NAME - _DIGITS - 1].rstrip('_')}_{said[:_DIGITS]}"


def logical_id(name: str) -> str:
    """Return the logical id of a template for a name: letters and digits alone."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))
