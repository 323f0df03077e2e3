"""The broker's own AWS identity and endpoints, found as every AWS SDK finds them.

botocore's chain is read here and nowhere else: environment, profile, container, instance role.
"""

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import botocore.session
from botocore.credentials import ReadOnlyCredentials
from botocore.exceptions import BotoCoreError

from valetkey.aws.errors import AwsError

FALLBACK_REGION = "us-east-1"
"""Where STS is asked when neither configuration nor environment names a region."""
POD_IDENTITY_HOSTS = frozenset({"169.254.170.23", "fd00:ec2::23"})


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where STS is, and the region that requests to it are signed for."""

    url: str
    region: str


class AmbientAws:
    """What botocore finds in the broker's surroundings, read once.

    `endpoint_url` and `region` of the configuration win over the environment's.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float],
        profile: str | None = None,
        region: str | None = None,
        endpoint_url: str | None = None,
    ) -> None:
        self.clock = clock
        self._endpoint_url = endpoint_url
        self._endpoints: dict[str | None, Endpoint] = {}
        self._found: Any = None
        try:
            self._session = botocore.session.Session(profile=profile)
            self.region: str | None = region or self._session.get_config_variable("region")
            self._session.set_config_variable("sts_regional_endpoints", "regional")
            self._session.get_scoped_config()  # reads the profile now, not at the first call
        except BotoCoreError as error:
            raise AwsError(
                "aws-configuration",
                f"the AWS configuration can't be used: {error}",
                hint="check AWS_PROFILE, AWS_CONFIG_FILE and the `[aws]` section",
            ) from None

    @cached_property
    def sts_model(self) -> Any:
        """botocore's model of STS, which its serializer and parser read."""
        return self._session.get_service_model("sts")

    async def sts_endpoint(self, region: str | None) -> Endpoint:
        """Return where STS is for `region`, as botocore resolves it (environment included)."""
        if region not in self._endpoints:
            self._endpoints[region] = await asyncio.to_thread(self._resolve, region)
        return self._endpoints[region]

    def _resolve(self, region: str | None) -> Endpoint:
        chosen = region or self.region or FALLBACK_REGION
        try:
            client = self._session.create_client(
                "sts",
                region_name=chosen,
                endpoint_url=self._endpoint_url,
                aws_access_key_id="resolving",
                aws_secret_access_key="resolving",  # noqa: S106  # no credential: resolves a URL
            )
        except (BotoCoreError, ValueError) as error:
            raise AwsError("aws-configuration", f"STS has no endpoint: {error}") from None
        url: str = client.meta.endpoint_url
        return Endpoint(url if url.endswith("/") else url + "/", chosen)

    async def credentials(self) -> ReadOnlyCredentials:
        """Return the broker's own credentials, refreshed when they need it.

        Raises `AwsError("aws-no-credentials")`; never falls back to unsigned requests.
        """
        try:
            if self._found is None:
                self._found = await asyncio.to_thread(self._session.get_credentials)
            if self._found is not None:
                if getattr(self._found, "refresh_needed", lambda: False)():
                    return await asyncio.to_thread(self._found.get_frozen_credentials)
                return self._found.get_frozen_credentials()
        except Exception as error:  # noqa: BLE001  # providers raise ClientError, OSError, ValueError
            raise AwsError(
                "aws-credentials-expired",
                "the broker's own AWS credentials can't be renewed",
                hint="for an SSO profile, `aws sso login`; the log has botocore's words",
                detail=repr(error),
                retryable=True,
            ) from None
        raise AwsError(
            "aws-no-credentials",
            "the broker has no AWS credentials of its own",
            hint="give it a role, or a profile by AWS_PROFILE or `[aws] profile`",
        )

    async def has_session_tags(self) -> bool:
        """Say whether the credentials come from EKS Pod Identity, whose sessions carry six
        transitive tags: they would eat into the packed size and can't be set again by a run.
        """
        await self.credentials()
        source = urlsplit(os.environ.get("AWS_CONTAINER_CREDENTIALS_FULL_URI", "")).hostname
        return self._found.method == "container-role" and source in POD_IDENTITY_HOSTS
