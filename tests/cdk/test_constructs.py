"""CDK's constructs, synthesised once: the template is what the map says, read back."""

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import valetkey.cdk
from valetkey.errors import ValetkeyError
from valetkey.tenancy import (
    Access,
    AgentRole,
    Kind,
    Owned,
    PolicySet,
    Source,
    Tag,
    TenancyMap,
    boundary_of,
    generated,
)
from valetkey.tenancy.forms import Surroundings, Wanted, read_template

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("node") is None, reason="CDK needs Node.js"),
    pytest.mark.xdist_group("cdk"),
    pytest.mark.filterwarnings("ignore"),
]
ACCOUNT, REGION = "111122223333", "eu-west-1"
BROKER = f"arn:aws:iam::{ACCOUNT}:role/ValetkeyBroker"
TABLE = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/Tasks"
MAP = TenancyMap(
    tags=("user_id",),
    roles=(
        AgentRole("tenant-data", f"arn:aws:iam::{ACCOUNT}:role/AgentTenantData"),
        AgentRole(
            "tenant-files", f"arn:aws:iam::{ACCOUNT}:role/AgentTenantFiles", Source.WEB_IDENTITY
        ),
    ),
    owned=(
        Owned(
            Kind.PREFIX,
            "tenancy.prefixes[0]",
            ("arn:aws:s3:::task-traces",),
            frozenset({Access.READ, Access.LIST}),
            key=("traces/", Tag("user_id"), "/"),
        ),
        Owned(
            Kind.TABLE,
            "tenancy.tables[0]",
            (TABLE,),
            frozenset({Access.READ, Access.WRITE}),
            key=(Tag("user_id"),),
        ),
    ),
    assumed_by=(BROKER,),
    oidc_provider=f"arn:aws:iam::{ACCOUNT}:oidc-provider/id.example.com",
)


class Synthesised:
    """The template of one stack with every construct, and what the constructs say."""

    def __init__(self, folder: Path) -> None:
        import aws_cdk

        app = aws_cdk.App(outdir=str(folder))
        stack = aws_cdk.Stack(app, "Agents")
        self.role = valetkey.cdk.SessionRole(stack, "Data", tenancy_map=MAP, grant="tenant-data")
        valetkey.cdk.SessionRole(stack, "Files", tenancy_map=MAP, grant="tenant-files")
        self.mapped = valetkey.cdk.MappedResources(stack, "Mapped", tenancy_map=MAP)
        self.provider = valetkey.cdk.OidcProvider(stack, "Provider", tenancy_map=MAP)
        self.refused = [
            _code(lambda: valetkey.cdk.SessionRole(stack, "X", tenancy_map=MAP, grant="other")),
            _code(
                lambda: valetkey.cdk.OidcProvider(
                    stack, "Y", tenancy_map=replace(MAP, oidc_provider=None)
                )
            ),
        ]
        app.synth()
        self.text = (folder / "Agents.template.json").read_text()


def _code(make: Any) -> str:
    with pytest.raises(ValetkeyError) as caught:
        make()
    return caught.value.code


@pytest.fixture(scope="module")
def synthesised(tmp_path_factory: pytest.TempPathFactory) -> Synthesised:
    pytest.importorskip("aws_cdk")
    os.environ.setdefault("JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION", "1")
    return Synthesised(tmp_path_factory.mktemp("cdk"))


def _read(text: str) -> PolicySet:
    agents = frozenset(role.arn for role in MAP.roles)
    return read_template(
        text, Surroundings(ACCOUNT, REGION), wanted=Wanted(agents, frozenset({BROKER}))
    )


def test_what_is_synthesised_is_read_back_equal_to_the_map(synthesised: Synthesised) -> None:
    expected = generated(MAP)
    limit = boundary_of(MAP)
    resources = dict(expected.resource_policies)
    by_hand = dict(synthesised.mapped.policies_by_hand)
    assert set(by_hand) == {TABLE}
    assert {arn: resources.pop(arn) for arn in by_hand} == by_hand
    assert _read(synthesised.text) == replace(
        expected,
        roles=tuple(replace(role, boundary=limit) for role in expected.roles),
        resource_policies=resources,
    )


def test_the_provider_is_the_one_that_trust_policies_name(synthesised: Synthesised) -> None:
    resources = json.loads(synthesised.text)["Resources"].values()
    (provider,) = (one for one in resources if one["Type"] == "AWS::IAM::OIDCProvider")
    assert provider["Properties"] == {
        "Url": "https://id.example.com",
        "ClientIdList": ["sts.amazonaws.com"],
    }
    assert synthesised.provider.provider_arn == MAP.oidc_provider


def test_what_the_map_does_not_have_is_refused(synthesised: Synthesised) -> None:
    assert synthesised.refused == ["cdk-grant", "cdk-provider"]
    assert synthesised.role.role_arn == MAP.roles[0].arn
