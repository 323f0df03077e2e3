"""A boto3 session that knows one way to credentials, and asks nobody else when that fails.

The one file of the sandbox that imports boto: import it inside a function, it takes 0.6 s.
"""

import os
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

import boto3
import botocore.session
from botocore import UNSIGNED
from botocore.config import Config
from botocore.credentials import (
    CredentialProvider,
    CredentialResolver,
    Credentials,
    ReadOnlyCredentials,
)
from botocore.loaders import Loader, create_loader
from botocore.tokens import TokenProviderChain

from valetkey.sandbox.run_credentials import RunCredentials
from valetkey.sandbox.run_grant import RunGrant

_METHOD = "valetkey"
# What an ambient profile says is not the run's: neither whom it assumes nor where AWS is.
_NO_PROFILE = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}
_OF_THE_RUN_ALONE = Config(ignore_configured_endpoint_urls=True)
_ENDPOINT_POSITION = 5  # of `create_client`: service, region, API version, TLS, verify, endpoint


def new_session(
    credentials: RunCredentials, grant: RunGrant, *, region: str | None
) -> "boto3.Session":
    """Return a session whose clients sign with `credentials` and nothing else.

    Its region is `region`, else the grant's, else that of the environment; its clients go to the
    grant's endpoint, if it has one, and never to an ambient one. What a caller says for one client
    wins, as ever. botocore's session is not safe in threads: make one for each.
    """
    session = _RunSession(session_vars=_NO_PROFILE, endpoint_url=grant.endpoint_url)
    session.set_default_client_config(_OF_THE_RUN_ALONE)
    resolver = CredentialResolver([_RunProvider(BotoCredentials(credentials, grant.name))])
    session.register_component("credential_provider", resolver)
    session.register_component("token_provider", TokenProviderChain([]))
    session.get_component("event_emitter").register_first("choose-signer", _never_bearer)
    return boto3.Session(botocore_session=session, region_name=region or grant.region)


def _never_bearer(signing_name: str, signature_version: object, **_: Any) -> str | None:
    """Sign Bedrock's requests: AWS_BEARER_TOKEN_BEDROCK is ambient, and would win over a key."""
    return "v4" if signing_name == "bedrock" and signature_version is not UNSIGNED else None


class FrozenRunCredentials(ReadOnlyCredentials):  # type: ignore[misc]  # boto has no types
    """One request's credentials, as botocore's signers take them; it does not show them."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "FrozenRunCredentials(***)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("credentials are not pickled")


class BotoCredentials(Credentials):  # type: ignore[misc]
    """What botocore asks for credentials at each signature; the run's, and valid, or an error."""

    def __init__(self, credentials: RunCredentials, grant: str) -> None:
        # Not the base's: that one keeps what it is given.
        self._credentials = credentials
        self._grant = grant
        self.method = _METHOD

    def get_frozen_credentials(self) -> FrozenRunCredentials:
        """Return the three values that belong together. Raises as `RunCredentials.current`."""
        held = self._credentials.current()
        return FrozenRunCredentials(
            held.access_key_id,
            held.secret_access_key.reveal(),
            held.session_token.reveal(),
            held.account_id,
        )

    @property
    def access_key(self) -> str:
        """The access key id of now."""
        return self._credentials.current().access_key_id

    @property
    def secret_key(self) -> str:
        """The secret access key of now."""
        return self._credentials.current().secret_access_key.reveal()

    @property
    def token(self) -> str:
        """The session token of now."""
        return self._credentials.current().session_token.reveal()

    @property
    def account_id(self) -> str | None:
        """The role's account, which some endpoints have in their name."""
        return self._credentials.current().account_id

    def __repr__(self) -> str:
        return f"BotoCredentials(grant={self._grant!r})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("credentials are not pickled")


class _RunProvider(CredentialProvider):  # type: ignore[misc]
    """The only provider of its session's chain."""

    METHOD = _METHOD
    CANONICAL_NAME = "custom-valetkey"

    def __init__(self, credentials: BotoCredentials) -> None:
        super().__init__()
        self._credentials = credentials

    def load(self) -> BotoCredentials:
        """Return the run's credentials; valid or not, nobody else is asked."""
        return self._credentials


class _RunSession(botocore.session.Session):  # type: ignore[misc]
    """botocore's session, with the address of the run's AWS."""

    def __init__(self, *, session_vars: dict[str, Any], endpoint_url: str | None) -> None:
        super().__init__(session_vars=session_vars)
        self._endpoint_url = endpoint_url
        self.register_component("data_loader", _loader(self.get_config_variable("data_path")))

    def create_client(self, *arguments: Any, **named: Any) -> Any:
        """Make a client, at the run's endpoint unless the caller names one."""
        if named.get("endpoint_url") is None and len(arguments) <= _ENDPOINT_POSITION:
            named["endpoint_url"] = self._endpoint_url
        return super().create_client(*arguments, **named)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a run's session is not pickled")


class _SharedLoader(Loader):  # type: ignore[misc]
    """AWS's service descriptions, which are megabytes each, once for all sessions.

    botocore reads them and keeps them as they are; two threads that read one at the same time
    find the same. Whoever changes a description changes it for all.
    """

    @property
    def search_paths(self) -> list[str]:
        """A copy: boto3 adds its own path to what it finds here with every session."""
        return [*self._search_paths]


@cache
def _loader(data_path: str | None) -> _SharedLoader:
    """Return the process's loader for `data_path`, which is AWS_DATA_PATH, and boto3's own."""
    paths = create_loader(data_path).search_paths
    ours = str(Path(boto3.__file__).parent / "data")
    return _SharedLoader(extra_search_paths=[*paths, ours], include_default_search_paths=False)
