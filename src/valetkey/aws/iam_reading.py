"""What IAM says of a role and of an OpenID Connect provider. It changes nothing.

IAM API reference; needs iam:GetRole, iam:ListRolePolicies, iam:GetRolePolicy,
iam:ListAttachedRolePolicies, iam:GetPolicy, iam:GetPolicyVersion, iam:GetOpenIDConnectProvider.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from valetkey.aws.errors import AwsError
from valetkey.aws.probe import AwsProbe
from valetkey.aws.wire import Shape
from valetkey.credentials import RoleArn

_HOME = {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}
"""Where a partition's IAM is, which its requests are signed for."""
_MOST_PAGES = 20  # AWS's quotas give a role 10 to 20 managed policies


@dataclass(frozen=True, slots=True)
class KnownProvider:
    """A registered OpenID Connect provider; `url` has no scheme."""

    url: str
    client_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class KnownRole:
    """A role with its trust policy as JSON text."""

    arn: str
    trust: str
    tags: Mapping[str, str]
    boundary: str | None


class IamReading:
    """Reads IAM as the ambient identity of a probe. Raises AwsError, `aws-not-found` too.

    IAM answers for the caller's own account: look whose it is first.
    """

    def __init__(self, probe: AwsProbe, *, partition: str) -> None:
        self._probe = probe
        self._region = _HOME.get(partition)

    async def provider(self, arn: str) -> KnownProvider:
        """Return the provider of this ARN."""
        found = await self._ask("GetOpenIDConnectProvider", OpenIDConnectProviderArn=arn)
        return KnownProvider(str(found.get("Url", "")), tuple(found.get("ClientIDList", ())))

    async def role(self, role: RoleArn) -> KnownRole:
        """Return the role of this name."""
        found = (await self._ask("GetRole", RoleName=role.name))["Role"]
        return KnownRole(
            str(found["Arn"]),
            unquote(found["AssumeRolePolicyDocument"]),
            tags={tag["Key"]: tag["Value"] for tag in found.get("Tags", ())},
            boundary=found.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
        )

    async def policies(self, role: RoleArn) -> dict[str, str]:
        """Return the permissions of a role as JSON texts, inline and attached, by their names."""
        documents: dict[str, str] = {}
        for name in await self._names(role, "ListRolePolicies"):
            found = await self._ask("GetRolePolicy", RoleName=role.name, PolicyName=name)
            documents[f"inline policy {name}"] = unquote(found["PolicyDocument"])
        for arn in await self._names(role, "ListAttachedRolePolicies"):
            documents[arn] = await self.managed(arn)
        return documents

    async def managed(self, arn: str) -> str:
        """Return the document of a managed policy's default version."""
        version = (await self._ask("GetPolicy", PolicyArn=arn))["Policy"]["DefaultVersionId"]
        found = await self._ask("GetPolicyVersion", PolicyArn=arn, VersionId=version)
        return unquote(found["PolicyVersion"]["Document"])

    async def _names(self, role: RoleArn, operation: str) -> list[str]:
        names: list[str] = []
        marker: dict[str, str] = {}
        for _ in range(_MOST_PAGES):
            page = await self._ask(operation, RoleName=role.name, **marker)
            names += page.get("PolicyNames", ())
            names += [one["PolicyArn"] for one in page.get("AttachedPolicies", ())]
            if not page.get("IsTruncated"):
                return names
            marker = {"Marker": page["Marker"]}
        raise AwsError("aws-failed", "IAM lists policies without an end")

    async def _ask(self, operation: str, **parameters: str) -> Shape:
        return await self._probe.ask("iam", operation, parameters, region=self._region)
