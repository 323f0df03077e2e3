"""The rules of session tags: exact or refused, unique ignoring case, inherited or passed.

Standard: "Pass session tags in AWS STS" (IAM user guide) and `AssumeRole` (STS API reference).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from valetkey.localaws.faults import AwsError
from valetkey.localaws.tags import MAX_TAGS, tag_trouble


@dataclass(frozen=True, slots=True)
class SessionTags:
    """A new session's tags: `passed` in this request, `inherited` from the calling session."""

    passed: Mapping[str, str]
    inherited: Mapping[str, str]
    transitive: frozenset[str]

    @property
    def all(self) -> dict[str, str]:
        """Every session tag; passed and inherited keys never collide."""
        return {**self.inherited, **self.passed}


def session_tags(
    pairs: Iterable[tuple[str, str]],
    transitive: Iterable[str],
    *,
    inherited: Mapping[str, str],
) -> SessionTags:
    """Return the tags of a new session. Raises AwsError for any that STS would refuse."""
    passed: dict[str, str] = {}
    seen: set[str] = set()
    for key, value in pairs:
        trouble = tag_trouble(key, value)
        if trouble is not None:
            raise _invalid(trouble)
        if key.lower() in seen:
            raise _invalid("Duplicate tag keys found. Please note that keys are case insensitive.")
        seen.add(key.lower())
        passed[key] = value
    if len(passed) + len(inherited) > MAX_TAGS:
        raise _invalid(f"A session can have at most {MAX_TAGS} tags.")
    clash = seen & {key.lower() for key in inherited}
    if clash:
        raise _invalid(
            f"The tag key `{sorted(clash)[0]}` conflicts with a transitive tag key from the "
            "calling session."
        )
    wanted = {key.lower() for key in transitive}
    if not wanted <= seen:
        raise _invalid("The specified transitive tag key must be included in the requested tags.")
    kept = frozenset(key for key in passed if key.lower() in wanted) | frozenset(inherited)
    return SessionTags(passed=passed, inherited=dict(inherited), transitive=kept)


def _invalid(message: str) -> AwsError:
    return AwsError("ValidationError", message, status=400)
