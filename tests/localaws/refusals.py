"""How a real client's call is refused."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

DENIED = "AccessDeniedException"


def refused(call: Callable[[], Any]) -> str:
    """Return the code with which the call is refused."""
    return str(_error(call)["Code"])


def said(call: Callable[[], Any]) -> str:
    """Return the sentence with which the call is refused."""
    return str(_error(call)["Message"])


def _error(call: Callable[[], Any]) -> dict[str, Any]:
    with pytest.raises(ClientError) as caught:
        call()
    found: dict[str, Any] = caught.value.response["Error"]
    return found
