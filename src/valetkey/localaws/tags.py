"""Tag keys, of which a condition cannot tell case: two that differ by it alone are refused.

IAM says so of its own tags ("Tags for IAM resources"). DynamoDB and S3 would take both; here
they are refused there too, since it would be unclear which of them a policy means.
"""

from collections.abc import Iterable, Mapping


def clashing_key(keys: Iterable[str]) -> str | None:
    """Return a key that repeats an earlier one, ignoring case; None if all differ."""
    seen: set[str] = set()
    for key in keys:
        if key.lower() in seen:
            return key
        seen.add(key.lower())
    return None


def stored_tags(tags: Iterable[Mapping[str, object]]) -> dict[str, str]:
    """Return what the storage has; of keys that differ by case, the first, and never an error."""
    found: dict[str, str] = {}
    seen: set[str] = set()
    for tag in tags:
        key = str(tag["Key"])
        if key.lower() not in seen:
            found[key] = str(tag["Value"])
            seen.add(key.lower())
    return found


def stored_spelling(key: str, stored: Iterable[str]) -> str:
    """Return `key` in the case that it is stored in, itself where it is not stored."""
    return next((one for one in stored if one.lower() == key.lower()), key)
