"""AWS as the broker meets it: STS, and the identities that valetkey calls it with."""

from valetkey.aws.ambient import AmbientAws
from valetkey.aws.errors import AwsError
from valetkey.aws.kms import KmsKeyMaker, KmsSigner
from valetkey.aws.request_signing import SigV4Signer
from valetkey.aws.sts import StsClient

__all__ = ["AmbientAws", "AwsError", "KmsKeyMaker", "KmsSigner", "SigV4Signer", "StsClient"]
