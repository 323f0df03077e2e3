"""What `valetkey grant aws` was asked for, and what this shell adds to it.

A run may start in another shell, so what was found here and shapes the grant is written into it:
profile, region, endpoint. Credentials never are.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from valetkey.errors import ValetkeyError
from valetkey.settings.local import LocalGrant, local_grant
from valetkey.settings.shape import GrantTable

_PROFILE_VARIABLES = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE")


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """The command line, as it was written. None: not given. `tags` are `KEY=VALUE`."""

    name: str
    role: str
    profile: str | None
    region: str | None
    duration: str
    external_id: str | None
    tags: tuple[str, ...]
    session_policy: Path | None
    endpoint_url: str | None


def understand(
    written: Written, environ: Mapping[str, str], *, folder: Path
) -> tuple[GrantTable, LocalGrant]:
    """Return what will be stored in `folder`, and what it means. AWS is not asked.

    Raises a ValetkeyError that names what is wrong.
    """
    table = GrantTable(
        name=written.name,
        role=written.role,
        duration=written.duration,
        profile=written.profile or _first(environ, _PROFILE_VARIABLES),
        region=written.region,
        endpoint_url=written.endpoint_url,
        external_id=_absolute_reference(written.external_id),
        session_policy=_copied(written.session_policy),
        tags=_tags(written.tags),
    )
    local_grant(table, environ, folder=folder)  # a wrong word is said before any profile is read
    table = _with_surroundings(table, environ)
    return table, local_grant(table, environ, folder=folder)


def depends_on_shell(profile: str | None, environ: Mapping[str, str]) -> bool:
    """Say whether the identity is this shell's variables; a profile that is named wins."""
    return profile is None and "AWS_ACCESS_KEY_ID" in environ


def _with_surroundings(table: GrantTable, environ: Mapping[str, str]) -> GrantTable:
    import time

    import msgspec

    from valetkey.aws import AmbientAws

    found = AmbientAws(clock=time.time, profile=table.profile)
    profile = table.profile
    if profile is None and not depends_on_shell(None, environ) and found.has_default_profile:
        profile = "default"  # or a later shell's AWS_PROFILE would choose who assumes the role
    return msgspec.structs.replace(
        table,
        profile=profile,
        # The environment's region wins over the profile's; botocore reads one of its two names.
        region=table.region or _first(environ, ("AWS_REGION",)) or found.region,
        endpoint_url=table.endpoint_url or found.endpoint_url,
    )


def _first(environ: Mapping[str, str], names: tuple[str, ...]) -> str | None:
    return next((environ[name] for name in names if environ.get(name)), None)


def _absolute_reference(text: str | None) -> str | None:
    """Return a `file:` reference as it will be found later, from wherever a run starts."""
    if text is None or not text.startswith("file:"):
        return text
    # Not Path's own, which raises where there is no such home.
    written = os.path.expanduser(text.removeprefix("file:"))  # noqa: PTH111
    return f"file:{Path(written).absolute()}"


def _copied(path: Path | None) -> str | None:
    """Return the policy's text: it is stored itself, for its file may lie where commands write."""
    if path is None:
        return None
    try:
        text = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ValetkeyError(
            "file-unreadable", f"`{path}` can't be read: {error.strerror}"
        ) from None
    except UnicodeDecodeError:
        raise ValetkeyError("file-unreadable", f"`{path}` is not UTF-8 text") from None
    if not text.startswith("{"):
        raise ValetkeyError("file-unreadable", f"`{path}` does not hold an IAM policy")
    return text


def _tags(written: tuple[str, ...]) -> dict[str, str]:
    tags: dict[str, str] = {}
    for text in written:
        key, equals, value = text.partition("=")
        if not (key and equals) or key in tags:
            raise ValetkeyError(
                "usage",
                f"`--tag {text}` is not one KEY=VALUE, each key once",
                hint="write it as --tag user_id=alice",
            )
        tags[key] = value
    return tags
