"""A botocore session that knows nothing of this machine.

No profile, no configuration or credentials file has a say: an `AWS_PROFILE` that names nothing
would be an error, and one that names something could lead elsewhere.
"""

import functools
import os
from typing import Any

import botocore.loaders
import botocore.session

_NOWHERE = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}


@functools.cache
def _loader() -> Any:
    """Return what reads botocore's data: shared, since reading them is most of a client's cost."""
    return botocore.loaders.create_loader()


def bare_session() -> Any:
    """Return a new session."""
    session = botocore.session.Session(session_vars=_NOWHERE)
    session.register_component("data_loader", _loader())
    return session
