"""Clients of the demo's AWS, for the demo's own process.

No profile, configuration file, environment variable or proxy of whoever runs it has a say.
"""

import functools
import os
from collections.abc import Mapping
from typing import Any

import botocore.session
from botocore import UNSIGNED
from botocore.config import Config

_NOWHERE = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}
_APART: dict[str, Any] = {
    "proxies": {},  # loopback is not for the machine's proxy
    "use_dualstack_endpoint": False,
    "use_fips_endpoint": False,
}


@functools.cache
def _session() -> Any:
    return botocore.session.Session(session_vars=_NOWHERE)


def client(service: str, *, endpoint: str, region: str, keys: Mapping[str, str] | None) -> Any:
    """Return a client with `keys`, named as STS and IAM name them; None signs nothing."""
    unsigned = {} if keys else {"signature_version": UNSIGNED}
    given = keys or {"AccessKeyId": "nobody", "SecretAccessKey": "nobody"}
    return _session().create_client(
        service,
        region_name=region,
        endpoint_url=endpoint,
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given.get("SessionToken"),
        config=Config(**_APART, **unsigned),
    )
