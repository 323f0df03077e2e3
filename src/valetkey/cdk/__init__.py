"""Constructs of AWS CDK for what a tenancy map needs: `pip install 'valetkey[cdk]'`.

Importing this starts nothing; the constructs start Node.js, as all of CDK's do, when first named.
"""

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from valetkey.cdk.errors import CdkError

if TYPE_CHECKING:
    from valetkey.cdk.constructs import MappedResources, OidcProvider, SessionRole

__all__ = ["MappedResources", "OidcProvider", "SessionRole"]


def __getattr__(name: str) -> Any:
    """Return a construct. Raises CdkError `cdk-missing` where CDK is not installed."""
    if name not in __all__:
        raise AttributeError(name)
    if find_spec("aws_cdk") is None:
        raise CdkError(
            "cdk-missing", "AWS CDK is not installed", hint="pip install 'valetkey[cdk]'"
        )
    return getattr(import_module("valetkey.cdk.constructs"), name)
