"""moto's global tables of state, which the storage parks: those loaded so far."""

from typing import Any, cast

from moto.backends import get_backend
from moto.s3.models import s3_backends

TABLES: dict[str, Any] = {
    **{name: get_backend(name) for name in ("iam", "s3", "dynamodb")},
    "s3-accounts": s3_backends.bucket_accounts,
}
_LATER: dict[str, tuple[str, ...]] = {
    "sqs": ("sqs",),
    "secretsmanager": ("secretsmanager",),
    "ssm": ("ssm", "secretsmanager", "ec2"),  # it imports the others, and may fill them
}


def load(name: str) -> None:
    """Import a service of moto: not before it is asked for, since some take a second."""
    for part in _LATER.get(name, ()):
        if part not in TABLES:
            TABLES[part] = get_backend(cast(Any, part))
