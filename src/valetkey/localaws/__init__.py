"""A local AWS that really enforces IAM: STS, IAM, S3 and DynamoDB for any AWS SDK.

For development only: it binds loopback, and a broker meets it by its URL alone.
"""

from valetkey.localaws.errors import LocalAwsError
from valetkey.localaws.local_aws import LocalAws

__all__ = ["LocalAws", "LocalAwsError"]
