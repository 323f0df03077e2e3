"""valetkey: a valet key for every run of an AI agent.

`aws_session` is imported when it is first asked for: `credential_process` passes through this file
on every start of every AWS command, and pays for nothing here.
"""

TYPE_CHECKING = False  # what `typing` has, by the name that type checkers know, without its 4 ms

if TYPE_CHECKING:
    from valetkey.sandbox.aws_session import aws_session
else:

    def __getattr__(name):
        if name != "aws_session":
            raise AttributeError(f"module 'valetkey' has no attribute '{name}'")
        from valetkey.sandbox.aws_session import aws_session  # noqa: PLC0415 - see above

        return aws_session


__all__ = ["aws_session"]
