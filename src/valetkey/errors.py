"""The one base of every error that valetkey raises on purpose.

An error is for the person who must act on it: a stable code, one clear line, what to do next.
It does not decide anything: a denial is a value with reasons, not an exception.
"""


class ValetkeyError(Exception):
    """Something valetkey refuses or cannot do, said in one line.

    `code` is kebab-case and never changes its meaning; programs may match on it.
    `message` is lower case, without a final period, input in backticks.
    `hint` says what to do next. `detail` is for the operator's log alone and never leaves us.
    """

    def __init__(
        self, code: str, message: str, *, hint: str | None = None, detail: str | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.detail = detail
        if hint is not None:
            self.add_note(f"hint: {hint}")  # where nobody catches it, a traceback is all they see

    def __str__(self) -> str:
        return f"{self.message} [{self.code}]"
