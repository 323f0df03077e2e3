"""AWS as the broker meets it: STS, and the broker's own identity there."""

from valetkey.aws.ambient import AmbientAws
from valetkey.aws.errors import AwsError
from valetkey.aws.sts import StsClient

__all__ = ["AmbientAws", "AwsError", "StsClient"]
