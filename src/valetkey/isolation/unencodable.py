"""What a formula can't say exactly."""

from valetkey.isolation.errors import IsolationError


class Unencodable(IsolationError):  # noqa: N818 - an outcome for the theorem that asked
    """The answer to the question is Unknown, for `reason`: a line for a person."""

    def __init__(self, reason: str) -> None:
        super().__init__("unencodable", reason)

    @property
    def reason(self) -> str:
        """Why it can't be said."""
        return self.message
