"""What of a template can let somebody in and is not read: each such resource is named."""

from collections.abc import Iterator, Mapping
from typing import Any

from valetkey.iam.document import quoted
from valetkey.tenancy.forms.custom_resources import PASSED_BY, changes_nothing, is_custom
from valetkey.tenancy.forms.gathering import Gathering
from valetkey.tenancy.forms.template_values import Template

_NOT_READ = {
    "AWS::CloudFormation::Stack",
    "AWS::CloudFormation::StackSet",
    "AWS::CloudFormation::Macro",
    "AWS::Organizations::Policy",
    "AWS::S3::AccessPoint",
    "AWS::S3::AccessGrant",
    "AWS::S3::MultiRegionAccessPoint",
    "AWS::S3::MultiRegionAccessPointPolicy",
    "AWS::S3ObjectLambda::AccessPoint",
    "AWS::S3ObjectLambda::AccessPointPolicy",
    "AWS::SSM::ResourcePolicy",
    "AWS::ServiceCatalog::CloudFormationProvisionedProduct",
}
"""Types whose resources can let somebody in, or hold further resources."""

_TABLES = ("AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable")


def note_unread(
    template: Template, found: Gathering, kind: str, properties: Mapping[str, Any], place: str
) -> None:
    """Note a resource that can let somebody in, or hold or make what can; and what is taken."""
    if kind in _NOT_READ or kind.endswith("::MODULE") or _opens(kind, properties):
        found.miss(f"{place} ({kind}) can let somebody in, and is not read")
    elif is_custom(kind):
        _custom(template, found, kind, properties, place)


def _custom(
    template: Template, found: Gathering, kind: str, properties: Mapping[str, Any], place: str
) -> None:
    if not changes_nothing(template, kind, properties, place):
        found.miss(
            f"{place} ({kind}) runs code at deployment, which can change any policy: bring the "
            "roles and resource policies that are in force with `--role`, without this template"
        )
    elif kind in PASSED_BY:
        found.taken.append(f"{kind} of {quoted(template.name)} is CDK's own: it {PASSED_BY[kind]}")


def _opens(kind: str, properties: Mapping[str, Any]) -> bool:
    """Return whether a bucket has an ACL, or a stream a policy, that says who may come in."""
    if kind == "AWS::S3::Bucket":
        return properties.get("AccessControl", "Private") not in ("Private", "LogDeliveryWrite")
    streams = (one for name in _STREAMS for one in _below(properties, name))
    return kind in _TABLES and any(True for one in streams for _ in _below(one, "ResourcePolicy"))


_STREAMS = ("StreamSpecification", "ReplicaStreamSpecification")


def _below(written: Any, name: str) -> Iterator[Any]:
    """Yield each member of this name, however deep, also in what a function may choose."""
    if isinstance(written, Mapping):
        for key, one in written.items():
            if key == name:
                yield one
            yield from _below(one, name)
    elif isinstance(written, list | tuple):
        for one in written:
            yield from _below(one, name)
