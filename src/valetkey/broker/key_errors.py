"""Why there is no signing key, or not one more: each with what to do."""

from datetime import UTC, datetime

from valetkey.broker.errors import BrokerError
from valetkey.credentials import MAX_PUBLISHED, Algorithm


def no_key_signs(algorithm: Algorithm, *, is_static: bool) -> BrokerError:
    """No key of `algorithm` may sign now."""
    return BrokerError(
        "signing-key-missing",
        f"no key may sign by {algorithm.value} now",
        hint="a key signs when it has been published for as long as others cache the key set; "
        + ("`valetkey keys publish DIR` publishes" if is_static else "`valetkey keys list`"),
    )


def key_unknown(kid: str) -> BrokerError:
    """There is nothing to retire."""
    return BrokerError(
        "signing-key-unknown",
        f"there is no signing key `{kid}` that could be retired",
        hint="`valetkey keys list` shows them",
    )


def key_retired(kid: str, at: int) -> BrokerError:
    """It was withdrawn before."""
    since = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return BrokerError("signing-key-unknown", f"signing key `{kid}` was retired before, at {since}")


def secret_differs(kid: str) -> BrokerError:
    """What would be made here opens nowhere else."""
    return BrokerError(
        "signing-secret-differs",
        f"signing key `{kid}` is sealed under another secret than that of `key_encryption`: "
        "a broker that can use it could not use a key that is made here",
        hint="give the secret that the broker runs with; where that is lost or has leaked stop "
        "every broker, write a new one, and `valetkey keys retire KEY --new-secret` each key",
    )


def secret_is_the_same(kid: str) -> BrokerError:
    """A leaked secret is still in use."""
    return BrokerError(
        "signing-secret-same",
        f"the secret of `key_encryption` opens signing key `{kid}`: it is no new one",
        hint="`valetkey keys secret FILE` writes one; name it in `key_encryption`, or leave out "
        "--new-secret",
    )


def too_many_keys() -> BrokerError:
    """The key set is full."""
    return BrokerError(
        "signing-keys-too-many",
        f"the key set has {MAX_PUBLISHED} keys, which is the most",
        hint="wait until the tokens of the oldest are no longer taken, or retire one",
    )


def same_key_again(kid: str) -> BrokerError:
    """AWS KMS can't rotate a key pair."""
    return BrokerError(
        "signing-key-of-kms",
        f"AWS KMS gives key `{kid}`, which is known already",
        hint="make another key in AWS KMS, name it in `kms_key` and restart the broker",
    )


def keys_busy() -> BrokerError:
    """Others were faster each time."""
    return BrokerError(
        "signing-keys-busy", "others changed the signing keys all the while", hint="try again"
    )
