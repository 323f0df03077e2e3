"""The constructs: each a part of what `valetkey policy --form cloudformation` writes.

They take the map and make CloudFormation's own resources, nothing beside them: what is synthesised
is read back by `valetkey prove --template`, which proves it equal to the map.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from aws_cdk import CfnResource
from constructs import Construct

from valetkey.cdk.errors import CdkError
from valetkey.tenancy import PolicySet, Source, TenancyMap, boundary_of, generated
from valetkey.tenancy.forms.names import last_name
from valetkey.tenancy.forms.writing_template import not_in_template, template
from valetkey.tenancy.sizes import check_sizes


class SessionRole(Construct):
    """The role of one grant: its trust policy, its permissions and its permissions boundary.

    `role_arn` and `role_name` are those of the map. Raises TenancyError for a map from which no
    policy can be written or whose policies are longer than AWS takes, CdkError `cdk-grant` for a
    grant that it does not have.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        tenancy_map: TenancyMap,
        grant: str,
        boundary: bool = True,
    ) -> None:
        super().__init__(scope, construct_id)
        arn = next((role.arn for role in tenancy_map.roles if role.grant == grant), None)
        if arn is None:
            raise CdkError("cdk-grant", f"the map has no grant `{grant}`")
        limit = boundary_of(tenancy_map) if boundary else None
        (role,) = (one for one in generated(tenancy_map).roles if one.arn == arn)
        alone = PolicySet((replace(role, boundary=limit),))
        check_sizes(alone)
        self.role_arn = arn
        self.role_name = last_name(arn)
        _make(self, template(alone))


class MappedResources(Construct):
    """The policies of the map's buckets and queues, which are there already, and of the broker.

    A template can't give a policy to a table or key that it does not define: those of the map are
    in `policies_by_hand`, by ARN, to be put where the resource is defined.
    """

    def __init__(self, scope: Construct, construct_id: str, *, tenancy_map: TenancyMap) -> None:
        super().__init__(scope, construct_id)
        policies = generated(tenancy_map)
        check_sizes(policies)
        written = template(policies)
        roles = template(replace(policies, resource_policies={}, brokers={}))["Resources"]
        _make(
            self,
            {"Resources": {n: one for n, one in written["Resources"].items() if n not in roles}},
        )
        beside = not_in_template(policies).resource_policies
        self.policies_by_hand: Mapping[str, Mapping[str, Any]] = {
            arn: document for arn, document in beside.items() if document is not None
        }


class OidcProvider(Construct):
    """The broker's own issuer as an identity provider of IAM, for the audiences of its grants.

    `provider_arn` is that of the map, which the trust policies name. Raises CdkError
    `cdk-provider` for a map without `oidc_provider`.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        tenancy_map: TenancyMap,
        thumbprints: Sequence[str] = (),
    ) -> None:
        super().__init__(scope, construct_id)
        arn = tenancy_map.oidc_provider
        if arn is None:
            raise CdkError("cdk-provider", "the map has no `oidc_provider`")
        audiences = dict.fromkeys(
            role.audience for role in tenancy_map.roles if role.source is Source.WEB_IDENTITY
        )
        properties: dict[str, Any] = {
            "Url": f"https://{arn.split(':oidc-provider/', 1)[1]}",
            "ClientIdList": list(audiences),
        }
        if thumbprints:  # IAM finds it out by itself where it trusts the certificate's authority
            properties["ThumbprintList"] = list(thumbprints)
        self.provider_arn = arn
        CfnResource(self, "Provider", type="AWS::IAM::OIDCProvider", properties=properties)


def _make(scope: Construct, written: Mapping[str, Any]) -> None:
    """Make each resource of a template; a `Ref` is to another of them."""
    made: dict[str, CfnResource] = {}
    for name, resource in written["Resources"].items():
        properties = {
            member: made[value["Ref"]].ref if _is_reference(value) else value
            for member, value in resource["Properties"].items()
        }
        made[name] = CfnResource(scope, name, type=resource["Type"], properties=properties)


def _is_reference(value: object) -> bool:
    return isinstance(value, Mapping) and set(value) == {"Ref"}
