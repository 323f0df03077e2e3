"""May this run call this tool with these arguments? Cedar policies and pinned tools. Pure."""

from valetkey.tools.decision import Mode, Severity, Tier, ToolDecision, Verdict
from valetkey.tools.definition import Json, ToolDefinition
from valetkey.tools.errors import ToolsError
from valetkey.tools.principal import ToolPrincipal
from valetkey.tools.server import (
    MAX_NAME,
    SEPARATOR,
    Proof,
    Reach,
    Surface,
    ToolServer,
    public_name,
)
from valetkey.tools.source import (
    BundleSource,
    Kept,
    PolicyFile,
    PrincipalForm,
    ServerRules,
    document_of,
    source_of,
)

__all__ = [
    "MAX_NAME",
    "SEPARATOR",
    "BundleSource",
    "Json",
    "Kept",
    "Mode",
    "PolicyFile",
    "PrincipalForm",
    "Proof",
    "Reach",
    "ServerRules",
    "Severity",
    "Surface",
    "Tier",
    "ToolDecision",
    "ToolDefinition",
    "ToolPrincipal",
    "ToolServer",
    "ToolsError",
    "Verdict",
    "document_of",
    "public_name",
    "source_of",
]
