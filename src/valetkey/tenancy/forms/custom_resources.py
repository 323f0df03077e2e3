"""Custom resources of a template: code that runs at deployment, and could change any policy.

AWS CDK makes some of its own; those below are known by their types and touch no policy that bears
on a map. Any other is not read.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from valetkey.tenancy.errors import TenancyError
from valetkey.tenancy.forms.template_values import Template

PASSED_BY = {
    "Custom::S3AutoDeleteObjects": "empties a bucket that is being deleted",
    "Custom::ECRAutoDeleteImages": "empties a registry that is being deleted",
    "Custom::VpcRestrictDefaultSG": "takes the rules out of a security group",
    "Custom::CDKBucketDeployment": "puts files into a bucket",
    "Custom::LogRetention": "says how long a log group is kept",
    "Custom::S3BucketNotifications": "says whom a bucket tells of its changes",
    "Custom::CrossRegionExportWriter": "puts a stack's outputs into parameters",
    "Custom::CrossRegionExportReader": "marks such parameters as in use",
    "Custom::AWSCDKCfnUtilsProvider": "turns text into JSON",
}
"""Types of CDK's own custom resources, each with what it does."""

_CALLS = ("Create", "Update", "Delete")
_ONLY_READS = re.compile(r"(?:get|describe|list|head)[A-Z]")


def is_custom(kind: str) -> bool:
    """Return whether resources of this type are made by code of the account."""
    return kind.startswith("Custom::") or kind == "AWS::CloudFormation::CustomResource"


def changes_nothing(
    template: Template, kind: str, properties: Mapping[str, Any], place: str
) -> bool:
    """Return whether a custom resource is one of CDK's that can change no policy of ours.

    CDK's `Custom::AWS` makes the API calls that its properties name: those that only read pass.
    """
    if kind in PASSED_BY:
        return True
    if kind != "Custom::AWS":
        return False
    made = [properties[one] for one in _CALLS if one in properties]
    return bool(made) and all(_only_reads(template, one, place) for one in made)


def _only_reads(template: Template, call: Any, place: str) -> bool:
    try:
        read = json.loads(template.text(call, place))
    except (TenancyError, ValueError, RecursionError):
        return False
    action = read.get("action") if isinstance(read, Mapping) else None
    return isinstance(action, str) and _ONLY_READS.match(action) is not None
