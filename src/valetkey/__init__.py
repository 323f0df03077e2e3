"""valetkey: a valet key for every run of an AI agent.

Its names are imported when they are first asked for: `credential_process` passes through this file
on every start of every AWS command, and pays for nothing here.
"""

TYPE_CHECKING = False  # what `typing` has, by the name that type checkers know, without its 4 ms

if TYPE_CHECKING:
    from valetkey.cli.tenancy_file import read_tenancy_map
    from valetkey.sandbox.aws_session import aws_session
else:

    def __getattr__(name):
        if name == "aws_session":
            from valetkey.sandbox.aws_session import aws_session as found  # noqa: PLC0415 - see above
        elif name == "read_tenancy_map":
            from valetkey.cli.tenancy_file import read_tenancy_map as found  # noqa: PLC0415
        else:
            raise AttributeError(f"module 'valetkey' has no attribute '{name}'")
        return found


__all__ = ["aws_session", "read_tenancy_map"]
