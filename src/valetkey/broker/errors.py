"""What the use cases refuse for reasons of their own."""

from valetkey.errors import ValetkeyError


class BrokerError(ValetkeyError):
    """A use case can't be carried out, or must not be."""


class SubjectRejected(BrokerError):  # noqa: N818 - the verdict on a token, named as one
    """The person's token proves nothing; the code is that of its `TokenRejected`."""
