"""One reading of AWS's configuration, and the credentials that botocore's chain finds by it.

botocore keeps what it parsed, so a reading does not change: who wants to see an edited file, a
new SSO login or the next answer of a credential_process makes another `Chain`.
"""

import difflib
import os
import ssl
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import botocore.session
from botocore.config import Config
from botocore.credentials import ReadOnlyCredentials
from botocore.exceptions import BotoCoreError, ProfileNotFound

from valetkey.aws.errors import AwsError
from valetkey.aws.lookup import Origin, credentials_error, not_found, unusable
from valetkey.aws.refusals import login
from valetkey.aws.way import proxy_to, trust_in

FALLBACK_REGION = "us-east-1"
"""Where STS is asked when neither configuration nor environment names a region."""
LOGIN_CACHES = ("~/.aws/sso/cache", "~/.aws/login/cache")
"""Where `aws sso login` and `aws login` leave their tokens."""

_PATIENCE = Config(connect_timeout=5, read_timeout=10, retries={"max_attempts": 2})
"""Of botocore's own calls behind a profile, to STS or an SSO portal; its default is minutes."""

Ask = Callable[[str], str]
Stamp = tuple[tuple[str, int, int, int], ...]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a service is, the region that requests to it are signed for, and the way there.

    `tls` is True for the system's CAs.
    """

    url: str
    region: str
    proxy: str | None
    tls: ssl.SSLContext | bool


class Chain:
    """What the files and the environment said when it was made. Looks up in one thread at a time.

    `ask` is called with a prompt where a profile needs an MFA code. `like` lends the service
    models that it has loaded.

    Raises `aws-profile-unknown`, or `aws-configuration` for files that can't be read.
    """

    def __init__(self, profile: str | None, *, ask: Ask, like: "Chain | None" = None) -> None:
        self._ask = ask
        self._found: Any = None
        self.has_drawn = False
        try:
            self.session = botocore.session.Session(profile=profile)
            if like is not None:
                self.session.register_component(
                    "data_loader", like.session.get_component("data_loader")
                )
            self.session.set_config_variable("sts_regional_endpoints", "regional")
            self.session.set_default_client_config(_PATIENCE)
            self._stamp = self._stamp_now()
            self.scoped: Mapping[str, Any] = self.session.get_scoped_config()  # reads the files
            self.profile: str | None = self.session.profile
        except ProfileNotFound:
            raise _profile_unknown(self.session) from None
        except BotoCoreError as error:
            raise unusable(error, profile) from None

    @property
    def method(self) -> str | None:
        """Return botocore's name of the provider that found credentials, None before that."""
        return None if self._found is None else str(self._found.method)

    @property
    def owner(self) -> str | None:
        """Return the profile whose credentials these are; None for the environment's keys."""
        return None if self.method == "env" else self.profile

    @property
    def is_settled(self) -> bool:
        """Whether credentials are at hand that need no refresh: `credentials` does not block."""
        return self.has_drawn and not getattr(self._found, "refresh_needed", lambda: False)()

    def credentials(self) -> ReadOnlyCredentials:
        """Return the credentials, found and refreshed if need be; blocks meanwhile.

        Raises an `AwsError` that says what a person must do.
        """
        try:
            if self._found is None:
                self._find()
            if self._found is not None:
                frozen: ReadOnlyCredentials = self._found.get_frozen_credentials()
                self.has_drawn = True
                return frozen
        except Exception as error:  # noqa: BLE001  # providers raise ClientError, OSError, ValueError
            raise credentials_error(error, self.origin()) from None
        raise not_found(self.origin())

    def _find(self) -> None:
        resolver = self.session.get_component("credential_provider")
        resolver.get_provider("assume-role")._prompter = self._ask
        self._found = self.session.get_credentials()

    def was_edited(self) -> bool:
        """Say whether a file that was read, or a login, has changed since."""
        return self._stamp_now() != self._stamp

    def endpoint(
        self, region: str | None, endpoint_url: str | None, service: str = "sts"
    ) -> Endpoint:
        """Return where a service is for a region, as botocore resolves it."""
        chosen = region or FALLBACK_REGION
        try:
            client = self.session.create_client(
                service,
                region_name=chosen,
                endpoint_url=endpoint_url,
                aws_access_key_id="resolving",
                aws_secret_access_key="resolving",  # noqa: S106  # no credential: resolves a URL
            )
        except (BotoCoreError, ValueError) as error:
            raise AwsError(
                "aws-configuration", f"{service.upper()} has no endpoint: {error}"
            ) from None
        url: str = client.meta.endpoint_url
        return Endpoint(
            url if url.endswith("/") else url + "/",
            chosen,
            proxy=proxy_to(url),
            tls=trust_in(self.session.get_config_variable("ca_bundle")),
        )

    def origin(self) -> Origin:
        """Return what the configuration says of the credentials. Asks nobody."""
        profiles = self.session.full_config.get("profiles", {})
        logins = [
            name
            for name in _sources(profiles, self.profile or "default")
            if {"sso_session", "sso_account_id", "login_session"} & set(profiles[name])
        ]
        found = logins[0] if logins else self.profile
        named, renewal = None if found == "default" else found, None
        if logins and self.method != "env":
            is_newer = "login_session" in profiles[logins[0]]
            renewal = login(named, command="aws login" if is_newer else "aws sso login")
        return Origin(
            self.owner,
            login=named,
            renewal=renewal,
            has_process="credential_process" in self.scoped,
            role=self.scoped.get("role_arn"),
        )

    def _stamp_now(self) -> Stamp:
        variables = ("config_file", "credentials_file")
        paths = [Path(str(self.session.get_config_variable(name))) for name in variables]
        for folder in LOGIN_CACHES:
            paths += sorted(_expanded(Path(folder)).glob("*.json"))
        return tuple(_stamps(paths))


def _sources(profiles: Mapping[str, Mapping[str, Any]], name: str) -> Iterator[str]:
    """Yield a profile and, one after the other, those whose credentials it is made of."""
    seen: set[str] = set()
    while name in profiles and name not in seen:
        seen.add(name)
        yield name
        name = profiles[name].get("source_profile", "")


def _stamps(paths: list[Path]) -> Iterator[tuple[str, int, int, int]]:
    for path in paths:
        try:
            found = _expanded(path).stat()
        except OSError:
            continue
        yield str(path), found.st_mtime_ns, found.st_size, found.st_ino


def _expanded(path: Path) -> Path:
    """Return a path with the home in the place of `~`, or as it is where there is no home."""
    return Path(os.path.expanduser(path))  # noqa: PTH111  # Path's own raises there


def _profile_unknown(session: Any) -> AwsError:
    name = str(session.get_config_variable("profile"))
    names = session.available_profiles
    near = [f"`{each}`" for each in difflib.get_close_matches(name, names, 3, 0.4)]
    hint = "`aws configure list-profiles` shows those that exist"
    return AwsError(
        "aws-profile-unknown",
        f"there is no AWS profile `{name}`",
        hint=f"did you mean {' or '.join(near)}? {hint}" if near else hint,
        detail=f"profiles: {', '.join(names) or 'none'}",
    )
