"""Session tags: the rules of STS, and ours on top. A tag is exact or refused.

Limits: STS API reference, `Tag` and `AssumeRole`; IAM guide, "Pass session tags in AWS STS".
"""

import unicodedata
from collections.abc import Mapping

from valetkey.runs.errors import TagError
from valetkey.runs.run import RunId

RUN_TAG = "valetkey_run"
"""Reserved and transitive: every session of a run carries it, and revocation denies by it."""

MAX_TAGS = 50
MAX_KEY_LENGTH = 128
MAX_VALUE_LENGTH = 256
_PUNCTUATION = frozenset("_.:/=+-@")
_CLASSES = frozenset("LZN")


def is_tag_text(text: str) -> bool:
    """Say whether STS takes every character: `[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]`."""
    return all(c in _PUNCTUATION or unicodedata.category(c)[0] in _CLASSES for c in text)


def check_key(key: str) -> None:
    """Raise `TagError("tag-key")` unless STS takes `key` and it is not reserved."""
    if not 1 <= len(key) <= MAX_KEY_LENGTH or not is_tag_text(key):
        raise TagError(
            "tag-key",
            f"tag key `{key[:MAX_KEY_LENGTH]}` is not 1 to 128 letters, digits, spaces or _.:/=+-@",
        )
    if key.lower().startswith("aws:"):
        raise TagError("tag-key", f"tag key `{key}` begins with `aws:`, which AWS keeps for itself")
    if key.lower() == RUN_TAG:
        raise TagError("tag-key", f"tag key `{key}` is valetkey's own, for the run id")


def check_keys(keys: tuple[str, ...]) -> None:
    """Raise `TagError` unless the keys are few enough, legal and unique ignoring case."""
    if len(keys) > MAX_TAGS - 1:
        raise TagError(
            "tag-count", f"{len(keys)} tags: AWS takes {MAX_TAGS} and one is `{RUN_TAG}`"
        )
    seen: dict[str, str] = {}
    for key in keys:
        check_key(key)
        if other := seen.get(key.lower()):
            raise TagError("tag-key", f"tag keys `{other}` and `{key}` are one key to AWS")
        seen[key.lower()] = key


def check_value(key: str, value: str, *, path_segment: bool) -> None:
    """Raise `TagError` unless `value` goes into AWS exactly as it is.

    A path segment has no `/` and is not `.` or `..`: else one principal's prefix holds another's.
    """
    if not value:
        raise TagError("tag-value-empty", f"tag `{key}` would be empty")
    if len(value.encode("utf-16-le", "surrogatepass")) // 2 > MAX_VALUE_LENGTH:
        raise TagError(
            "tag-value-too-long",
            f"the value of tag `{key}` has {len(value)} characters, AWS takes {MAX_VALUE_LENGTH}",
            hint="use a shorter claim: a value is never truncated, or two principals become one",
        )
    if not is_tag_text(value):
        bad = next(c for c in value if not is_tag_text(c))
        raise TagError(
            "tag-value-characters",
            f"the value of tag `{key}` has U+{ord(bad):04X}, which AWS does not take in a tag",
            hint=f"write `:escaped` in the template of `{key}` to opt into the published encoding",
        )
    if value != value.strip():
        raise TagError(
            "tag-value-space",
            f"the value of tag `{key}` begins or ends with a space, which others trim",
            hint=f"write `:escaped` in the template of `{key}` if it is meant",
        )
    if path_segment and ("/" in value or value in {".", ".."}):
        raise TagError(
            "tag-value-path-segment",
            f"the value of tag `{key}` can't be one path segment",
            hint=f"write `:escaped` in the template of `{key}`, or, where no policy uses it as a "
            "path segment, say `path_segment = false` for it",
        )


def session_tags(tags: Mapping[str, str], run_id: RunId) -> dict[str, str]:
    """Return what every session of the run carries: its tags and `valetkey_run`."""
    return {**tags, RUN_TAG: run_id}
