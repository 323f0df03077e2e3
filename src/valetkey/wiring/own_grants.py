"""Whose run it is without a broker, and what several grants of one run have in common."""

import os
import pwd
from collections.abc import Sequence

from valetkey.broker import BrokerError
from valetkey.credentials import Grant
from valetkey.settings.local import LocalGrant


def account_name() -> str:
    """Return the login name of who runs this process: by the system, not by the environment."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid-{os.getuid()}"


def only_profile(grants: Sequence[Grant]) -> str | None:
    """Return the profile of all grants; None where they differ, and each is found for itself.

    Where all name one, what this shell says of other profiles does not matter.
    """
    profiles = {grant.profile for grant in grants}
    return profiles.pop() if len(profiles) == 1 else None


def one_endpoint(grants: Sequence[Grant]) -> str | None:
    """Return where AWS is for all grants, STS too: one run is at one AWS.

    Raises `grant-endpoints-differ`.
    """
    endpoints = {grant.endpoint_url for grant in grants}
    if len(endpoints) > 1:
        raise BrokerError(
            "grant-endpoints-differ",
            "the grants of one run are at different AWS endpoints",
            hint="run them one by one",
        )
    return endpoints.pop() if endpoints else None


def one_set_of_tags(grants: Sequence[LocalGrant]) -> dict[str, str]:
    """Return the tags of all grants together. Raises `grant-tags-differ`."""
    tags: dict[str, str] = {}
    for each in grants:
        for key, value in each.tags.items():
            if tags.setdefault(key, value) != value:
                raise BrokerError(
                    "grant-tags-differ",
                    f"the grants of one run give the tag `{key}` two values",
                    hint="run them one by one: a run has one set of tags",
                )
    return tags
