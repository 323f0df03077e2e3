"""Policy documents: parsed when they are put, compiled once, refused as IAM refuses them."""

from collections.abc import Iterable

from valetkey.iam import Layer, Policy, PolicyError, parse_policy
from valetkey.localaws.faults import AwsError

DENIES_ALL = '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}'
ALLOWS_ALL = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'
REMEMBERED_CHARACTERS = 4 * 1024 * 1024  # of documents; compiled they take several times that

MANAGED_LIMIT = 6_144  # "IAM and AWS STS quotas": characters, white space not counted
TRUST_LIMIT = 2_048
INLINE_LIMITS = {"User": 2_048, "Group": 5_120, "Role": 10_240}  # of all inline ones together
RESOURCE_LIMIT = 20_480  # bytes of a bucket's or a table's policy

_Key = tuple[str, str, Layer]


class _Remembered:
    """Compiled documents up to a number of characters, then begun anew."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._found: dict[_Key, Policy] = {}
        self._size = 0

    def get(self, key: _Key) -> Policy | None:
        return self._found.get(key)

    def put(self, key: _Key, policy: Policy) -> None:
        if self._size + len(key[0]) > self._limit:
            self._found, self._size = {}, 0
        self._found[key] = policy
        self._size += len(key[0])

    @property
    def size(self) -> int:
        """The characters of all documents that are remembered."""
        return self._size


_REMEMBERED = _Remembered(REMEMBERED_CHARACTERS)


def compiled(text: str, name: str, layer: Layer) -> Policy:
    """Return the policy that `text` says. Raises PolicyError if it is not a policy."""
    key = (text, name, layer)
    policy = _REMEMBERED.get(key)
    if policy is None:
        policy = parse_policy(text, name=name, layer=layer)
        _REMEMBERED.put(key, policy)
    return policy


def compiled_or_denying(text: str, name: str, layer: Layer) -> Policy:
    """Return the policy, or one that denies all where a stored document is not a policy."""
    try:
        return compiled(text, name, layer)
    except PolicyError:
        return compiled(DENIES_ALL, name, Layer.IDENTITY)


def check_document(text: str, layer: Layer) -> None:
    """Return if IAM would take this document. Raises AwsError MalformedPolicyDocument."""
    try:
        parse_policy(text, name="new", layer=layer)
    except PolicyError as error:
        raise AwsError("MalformedPolicyDocument", error.message) from error


def check_size(texts: Iterable[str], limit: int, what: str) -> None:
    """Return if the documents have at most `limit` characters together, white space aside.

    Raises AwsError LimitExceeded.
    """
    size = sum(len(part) for text in texts for part in text.split())
    if size > limit:
        raise AwsError(
            "LimitExceeded", f"Maximum policy size of {limit} exceeded for {what}: {size}.",
            status=409,
        )  # fmt: skip
