"""Where the resources of a source live, and the ARNs that AWS gives them by their names.

Service Authorization Reference, "Resource types defined by …" of each service.
"""

import re
from dataclasses import dataclass

from valetkey.tenancy.forms.values import not_known

_QUEUE_URL = re.compile(
    r"https?://sqs\.(?P<region>[a-z0-9-]+)\.[^/]+/(?P<account>\d{12})/(?P<name>[^/]+)\Z"
)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The account and region into which a source is deployed, where they are known."""

    account: str | None = None
    region: str | None = None
    partition: str = "aws"

    def account_at(self, place: str) -> str:
        """Return the account. Raises TenancyError `policy-source-undecided` without one."""
        if self.account is None:
            raise not_known(place, "needs the account", hint="say it with `--account`")
        return self.account

    def region_at(self, place: str) -> str:
        """Return the region. Raises TenancyError `policy-source-undecided` without one."""
        if self.region is None:
            raise not_known(place, "needs the region", hint="say it with `--region`")
        return self.region

    def iam(self, kind: str, path: str, name: str, place: str) -> str:
        """Return the ARN of a role or policy; `path` begins and ends with `/`."""
        return f"arn:{self.partition}:iam::{self.account_at(place)}:{kind}{path}{name}"

    def here(self, service: str, resource: str, place: str) -> str:
        """Return the ARN of a resource of this account and region."""
        account, region = self.account_at(place), self.region_at(place)
        return f"arn:{self.partition}:{service}:{region}:{account}:{resource}"

    def bucket(self, name: str) -> str:
        """Return the ARN of a bucket, which is unique in its partition."""
        return f"arn:{self.partition}:s3:::{name}"

    def queue_url(self, name: str, place: str) -> str:
        """Return the URL of a queue of this account and region."""
        ending = ".cn" if self.partition == "aws-cn" else ""
        region = self.region_at(place)
        return f"https://sqs.{region}.amazonaws.com{ending}/{self.account_at(place)}/{name}"

    def queue_of_url(self, url: str) -> str | None:
        """Return the ARN of the queue with this URL, or None where it is not one of SQS."""
        found = _QUEUE_URL.match(url)
        if found is None:
            return None
        return f"arn:{self.partition}:sqs:{found['region']}:{found['account']}:{found['name']}"
