"""What AWS, or the way to it, refuses. AWS's own text stays in `detail`: it names accounts."""

from valetkey.errors import ValetkeyError


class AwsError(ValetkeyError):
    """AWS said no, said nothing, or can't be asked. `retryable` when the same call may go well."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        hint: str | None = None,
        detail: str | None = None,
        retryable: bool = False,
    ) -> None:
        super().__init__(code, message, hint=hint, detail=detail)
        self.retryable = retryable
