"""A local AWS that really enforces IAM, for any AWS SDK.

For development only: it binds loopback, and a broker meets it by its URL alone. Every decision
is `valetkey.iam`'s; moto only stores, in process, behind the gate.

Not modelled, and refused by name where a request asks for it: operations outside the tables in
`s3_operations`, `sts`, `lambda_request` and the `…_actions` modules; other accounts and regions;
streams and legacy parameters of DynamoDB; S3 form uploads, ACL grants and
customer-provided keys.
Modelled roughly: `PackedPolicySize`, whose packing AWS does not document; S3 ACLs and public
access blocks are stored and grant or refuse nothing; a change of a policy is in force at once.
"""

from valetkey.localaws.errors import LocalAwsError
from valetkey.localaws.lambda_functions import Invocation
from valetkey.localaws.local_aws import DEFAULT_ACCOUNT, DEFAULT_REGION, LocalAws
from valetkey.localaws.seed import AccessKey, Seeded
from valetkey.localaws.seed_reading import Seed, read_seed

__all__ = [
    "DEFAULT_ACCOUNT",
    "DEFAULT_REGION",
    "AccessKey",
    "Invocation",
    "LocalAws",
    "LocalAwsError",
    "Seed",
    "Seeded",
    "read_seed",
]
