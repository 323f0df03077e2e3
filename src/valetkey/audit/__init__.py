"""What happened? Typed records, their canonical bytes, the Merkle tree over them, verification."""

from valetkey.audit.canonical import canonical_json
from valetkey.audit.errors import AuditError
from valetkey.audit.leaf import MAX_LEAF_BYTES, Leaf, leaf_bytes, read_leaf
from valetkey.audit.records import (
    BrokerStarted,
    CredentialsHandedOut,
    CredentialsVended,
    HandOutRefused,
    OpenRefused,
    Record,
    RecordKind,
    RequestRefused,
    RunEnded,
    RunOpened,
    RunRevoked,
    TokenRotated,
    VendFailed,
)
from valetkey.audit.template import LeafTemplate
from valetkey.audit.tree import Tree, leaf_hash, node_hash
from valetkey.audit.verify import (
    WITHOUT_CHECKPOINT,
    Broken,
    Fault,
    Head,
    StoredLeaf,
    Verified,
    verify,
)

__all__ = [
    "MAX_LEAF_BYTES",
    "WITHOUT_CHECKPOINT",
    "AuditError",
    "Broken",
    "BrokerStarted",
    "CredentialsHandedOut",
    "CredentialsVended",
    "Fault",
    "HandOutRefused",
    "Head",
    "Leaf",
    "LeafTemplate",
    "OpenRefused",
    "Record",
    "RecordKind",
    "RequestRefused",
    "RunEnded",
    "RunOpened",
    "RunRevoked",
    "StoredLeaf",
    "TokenRotated",
    "Tree",
    "VendFailed",
    "Verified",
    "canonical_json",
    "leaf_bytes",
    "leaf_hash",
    "node_hash",
    "read_leaf",
    "verify",
]
