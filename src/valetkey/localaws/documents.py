"""Policy documents: parsed when they are put, compiled once, refused as IAM refuses them."""

from functools import lru_cache

from valetkey.iam import Layer, Policy, PolicyError, parse_policy
from valetkey.localaws.faults import AwsError

DENIES_ALL = '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}'
ALLOWS_ALL = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'


@lru_cache(maxsize=4096)
def compiled(text: str, name: str, layer: Layer) -> Policy:
    """Return the policy that `text` says. Raises PolicyError if it is not a policy."""
    return parse_policy(text, name=name, layer=layer)


def compiled_or_denying(text: str, name: str, layer: Layer) -> Policy:
    """Return the policy, or one that denies all where a stored document is not a policy."""
    try:
        return compiled(text, name, layer)
    except PolicyError:
        return compiled(DENIES_ALL, name, Layer.IDENTITY)


def check_document(text: str, layer: Layer) -> None:
    """Return if IAM would take this document. Raises AwsError MalformedPolicyDocument."""
    try:
        compiled(text, "new", layer)
    except PolicyError as error:
        raise AwsError("MalformedPolicyDocument", error.message) from error
