"""What the policy language refuses to read. Deciding never raises: a denial is a value."""

from valetkey.errors import ValetkeyError


class PolicyError(ValetkeyError):
    """A policy document that AWS would not store, or that we cannot evaluate with certainty."""


class RequestError(ValetkeyError):
    """A principal or a request that no AWS service could have made."""


class RecordError(ValetkeyError):
    """A line given to `valetkey iam evaluate` that is not one request with its policies."""
