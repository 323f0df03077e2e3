"""The entry point: what must start fast is dispatched before anything heavy is imported."""

import os
import sys


def main() -> None:
    """Run the command line. Every expected failure is one line on stderr and an exit code."""
    arguments = sys.argv[1:]
    if arguments[:1] == ["credential-process"] and not {"-h", "--help"}.intersection(arguments):
        # SDKs start it on each call of theirs: it imports nothing but the sandbox's own files.
        from valetkey.sandbox.process import main as credential_process

        sys.exit(credential_process(arguments[1:]))
    if arguments[:1] == ["hook"] and not {"-h", "--help", "--print-config"}.intersection(arguments):
        # A coding agent starts it before each tool call.
        from valetkey.sandbox.hook import main as hook

        sys.exit(hook(arguments[1:]))

    _open_output()
    import typer
    from typer.exceptions import TyperException

    from valetkey.cli.commands import app
    from valetkey.cli.output import AWS_DENIAL, DENIED, FAILED, print_error
    from valetkey.errors import ValetkeyError
    from valetkey.sandbox.errors import BrokerDeniedError

    try:
        code = app(prog_name="valetkey", standalone_mode=False) or 0
        sys.stdout.flush()  # at the exit, what can't be written would be Python's to tell
        sys.exit(code)
    except TyperException as error:  # a mistake in the command line: 2 would mean denied
        error.show()  # type: ignore[attr-defined]  # every one that is raised has it
        sys.exit(FAILED)
    except ValetkeyError as error:
        print_error(error)
        is_denied = isinstance(error, BrokerDeniedError) or error.code.startswith(AWS_DENIAL)
        sys.exit(DENIED if is_denied else FAILED)
    except (KeyboardInterrupt, typer.Abort):
        sys.exit(130)
    except BrokenPipeError:
        sys.exit(FAILED)
    except OSError as error:  # what rooms do not foresee, a full disk under standard output first
        if os.environ.get("VALETKEY_TRACEBACK"):
            raise
        reason = error.strerror or type(error).__name__
        about = None if error.filename is None else f"it was about `{error.filename}`"
        print_error(ValetkeyError("system-refused", f"the system refused: {reason}", hint=about))
        sys.exit(FAILED)
    except Exception as error:  # the edge: no traceback reaches a person
        if os.environ.get("VALETKEY_TRACEBACK"):
            raise
        kind = type(error).__name__
        print_error(
            ValetkeyError(
                "internal-error",
                f"valetkey itself failed ({kind})",
                hint="set VALETKEY_TRACEBACK=1 to see where, and report it",
            )
        )
        sys.exit(FAILED)
    finally:
        _drop_output()


def _open_output() -> None:
    """Let standard output take every text: what the locale can't write is escaped, as it is on
    standard error, and what is written to one that is closed goes nowhere, as `print` has it.
    """
    if sys.stdout is None:
        sys.stdout = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8")
    elif hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")
    if sys.stderr is None:
        sys.stderr = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8")


def _drop_output() -> None:
    """Write what can be written; leave nothing for the exit, where it would fail once more."""
    import contextlib

    for stream in (sys.stdout, sys.stderr):
        if stream is None:
            continue
        try:
            stream.flush()
        except (OSError, ValueError):
            with contextlib.suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
