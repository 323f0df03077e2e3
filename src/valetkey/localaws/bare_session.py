"""A botocore session that knows nothing of this machine.

No profile, no configuration or credentials file has a say: an `AWS_PROFILE` that names nothing
would be an error, and one that names something could lead elsewhere.
"""

import copy
import functools
import os
from typing import Any

import botocore.loaders
import botocore.session
from botocore.hooks import HierarchicalEmitter

_NOWHERE = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}


@functools.cache
def _loader() -> Any:
    """Return what reads botocore's data: shared, since reading them is most of a client's cost."""
    return botocore.loaders.create_loader()


@functools.cache
def _hooks() -> HierarchicalEmitter:
    """Return botocore's own handlers, of which none belongs to a session: registering them costs
    a session more than all else that it does.
    """
    hooks = HierarchicalEmitter()
    botocore.session.Session(session_vars=_NOWHERE, event_hooks=hooks)
    return hooks


def bare_session() -> Any:
    """Return a new session."""
    session = botocore.session.Session(
        session_vars=_NOWHERE, event_hooks=copy.copy(_hooks()), include_builtin_handlers=False
    )
    session.register_component("data_loader", _loader())
    return session
