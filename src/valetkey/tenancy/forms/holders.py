"""Which ARNs are of resources that have a policy of their own: what `resource_policies` may name.

Service Authorization Reference, "Resource types defined by …". An object or an index has none:
under its ARN a policy would be no policy of anything, and hide what the ARN names.
"""

import re

from valetkey.iam.arn import split_arn
from valetkey.iam.document import quoted
from valetkey.tenancy.forms.values import malformed

_HOLDERS = {
    "s3": re.compile(r"::[^:/]+"),
    "dynamodb": re.compile(r"[^:]+:[^:]+:table/[^:/]+(?:/stream/[^/]+)?"),
    "sqs": re.compile(r"[^:]+:[^:]+:[^:/]+"),
    "sns": re.compile(r"[^:]+:[^:]+:[^:/]+"),
    "secretsmanager": re.compile(r"[^:]+:[^:]+:secret:[^:]+"),
    "ssm": re.compile(r"[^:]+:[^:]+:parameter/[^:]+"),
    "lambda": re.compile(r"[^:]+:[^:]+:function:[^:/]+(?::[^:/]+)?"),
    "kms": re.compile(r"[^:]+:[^:]+:key/[^:/]+"),
}
"""By service, what follows the service: region, account and resource."""


def is_holder(arn: str) -> bool:
    """Return whether this is the ARN of one bucket, table, stream, queue, topic, secret,
    parameter, function (also a version or alias of it) or key.
    """
    if split_arn(arn) is None or set("*?") & set(arn):
        return False
    _, _, service, rest = arn.split(":", 3)
    known = _HOLDERS.get(service)
    return known is not None and known.fullmatch(rest) is not None


def check_holder(arn: str, place: str) -> None:
    """Raise TenancyError `policy-source-malformed` unless `is_holder`."""
    if not is_holder(arn):
        raise malformed(
            place,
            f"names {quoted(arn)}, which is not the ARN of what has a policy of its own",
            hint="write the ARN of a bucket, table, stream, queue, topic, secret, parameter, "
            "function or key: not of an object or index, and without `*`",
        )
