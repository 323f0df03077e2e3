"""Who owns which data? The tenancy map, what it gives, and the policies that say so to IAM."""

from valetkey.tenancy.bounds import bounds_of
from valetkey.tenancy.catalog import (
    CATALOG,
    ITEM_ACTIONS,
    MODEL_ACTIONS,
    KnownAction,
    Reach,
    Shape,
    known_action,
)
from valetkey.tenancy.errors import TenancyError
from valetkey.tenancy.generating import boundary_of, generated
from valetkey.tenancy.policy_set import Attached, Document, PolicySet, RolePolicies
from valetkey.tenancy.rights import KeyText, Right, rights_of
from valetkey.tenancy.tenancy_map import (
    RUN_TAG,
    Access,
    AgentRole,
    Kind,
    Owned,
    OwnedText,
    Protected,
    Shared,
    Source,
    Tag,
    TenancyMap,
)

__all__ = [
    "CATALOG",
    "ITEM_ACTIONS",
    "MODEL_ACTIONS",
    "RUN_TAG",
    "Access",
    "AgentRole",
    "Attached",
    "Document",
    "KeyText",
    "Kind",
    "KnownAction",
    "Owned",
    "OwnedText",
    "PolicySet",
    "Protected",
    "Reach",
    "Right",
    "RolePolicies",
    "Shape",
    "Shared",
    "Source",
    "Tag",
    "TenancyError",
    "TenancyMap",
    "boundary_of",
    "bounds_of",
    "generated",
    "known_action",
    "rights_of",
]
