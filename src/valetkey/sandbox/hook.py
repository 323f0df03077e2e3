"""`valetkey hook`: what a coding agent asks before it uses a tool, answered by the run's policies.

It is guidance inside the sandbox, not a boundary: an agent that does not ask is not stopped by it.
Whatever goes wrong is a no (exit code 2 and a sentence on standard error), within ten seconds.

An agent starts it before each call: it and all that it imports do without `re`, `json`, `socket`
and `typer`, as `credential_process` does.
"""

import _signal  # type: ignore[import-not-found]  # what `signal` wraps, without `enum`
import posix
import sys
from _json import encode_basestring_ascii

from valetkey.errors import ValetkeyError
from valetkey.sandbox.address import parse_address
from valetkey.sandbox.document import parse_document, problem_in
from valetkey.sandbox.errors import SandboxError
from valetkey.sandbox.exchange import exchange
from valetkey.sandbox.hook_questions import DEFAULT_SERVERS, Question, question_in
from valetkey.sandbox.text import is_grant_name, plain
from valetkey.sandbox.token_file import read_run_token

DONE, BLOCKED = 0, 2
"""Exit codes as agents read them: 2 blocks the call; any other but 0 warns, and it goes on."""
USAGE = """\
usage: valetkey hook [claude|cursor] [--server NAME] [--defer] [--broker URL]
                     [--run-token-file FILE]
"""
_MAX_INPUT = 8 * 1024 * 1024  # bytes; a tool's arguments have half of that at the gateway
_ALL_SECONDS = 9.0  # agents wait longer, and some let the call pass when they gave up
_ASK_SECONDS = 7.0
_OPTIONS = {"--server": "server", "--broker": "broker", "--run-token-file": "token-file"}
_DEFER = "--defer"  # what is allowed is left to the agent's own rules
_DECISIONS = frozenset({"allow", "deny", "ask"})
_UNSAID = "the policies of this run do not allow it"


class Verdict:
    """An answer to the agent."""

    __slots__ = ("decision", "reason")

    def __init__(self, decision: str, reason: str) -> None:
        self.decision = decision
        self.reason = reason


def main(arguments: list[str]) -> int:
    """Answer the question on standard input; return the exit code. Raises nothing.

    `arguments` are the command's own, without its name.
    """
    try:
        _signal.signal(_signal.SIGALRM, _out_of_time)
        _signal.setitimer(_signal.ITIMER_REAL, _ALL_SECONDS)
        options = _parse_arguments(arguments)
        question = question_in(_read_input(), agent=options["agent"], server=options["server"])
        verdict = _ask(question, options)
        if not (options["defer"] and verdict.decision == "allow"):
            sys.stdout.write(_answer(question, verdict))
            sys.stdout.flush()
    except ValetkeyError as error:
        return _block(f"{error.message} [{error.code}]" + (f"; {error.hint}" if error.hint else ""))
    except BaseException as error:  # noqa: BLE001 - whatever it is, the call must not go on
        return _block(f"valetkey itself failed ({type(error).__name__})")
    finally:
        _signal.setitimer(_signal.ITIMER_REAL, 0.0)
    return DONE


def _out_of_time(_number: int, _frame: object) -> None:
    # At once, wherever the program is: an exception here could end it with another code.
    posix._exit(_block("there was no decision in time [hook-slow]; is the broker there?"))


def _block(why: str) -> int:
    try:
        sys.stderr.write(f"valetkey: {plain(why)}\n")
        sys.stderr.flush()
    except (OSError, AttributeError, ValueError):
        pass  # nobody can be told; the exit code says it
    return BLOCKED


def _parse_arguments(arguments: list[str]) -> dict[str, str]:
    environ = posix.environ
    options = {
        "agent": "claude",
        "server": "",
        "broker": _text(environ.get(b"VALETKEY_BROKER", b"")),
        "token-file": _text(environ.get(b"VALETKEY_RUN_TOKEN_FILE", b"")),
    }
    left = [word for word in arguments if word != _DEFER]
    options["defer"] = _DEFER if len(left) < len(arguments) else ""
    if left and left[0] in DEFAULT_SERVERS:
        options["agent"] = left.pop(0)
    while left:
        name, equals, value = left.pop(0).partition("=")
        if name not in _OPTIONS or not (equals or left):
            raise SandboxError("usage", f"`{plain(name)}` is not understood", hint=USAGE.strip())
        options[_OPTIONS[name]] = value if equals else left.pop(0)
    options["server"] = options["server"] or DEFAULT_SERVERS[options["agent"]]
    if not is_grant_name(options["server"]):
        raise SandboxError("usage", "the server's name has characters that none has")
    return options


def _text(value: bytes) -> str:
    return value.decode("utf-8", "surrogateescape")


def _read_input() -> bytes:
    """Return all of standard input."""
    pieces = b""
    while len(pieces) <= _MAX_INPUT:
        piece = posix.read(0, 65_536)
        if not piece:
            return pieces
        pieces += piece
    raise SandboxError("hook-input-too-large", f"the call has more than {_MAX_INPUT} bytes")


def _ask(question: Question, options: dict[str, str]) -> Verdict:
    """Return the broker's decision. Raises where there is none."""
    if not options["broker"] or not options["token-file"]:
        raise SandboxError(
            "hook-without-run",
            "no run leads to a decision here",
            hint="start the agent by `valetkey run`, or name --broker and --run-token-file",
        )
    token = read_run_token(options["token-file"])
    status, body = exchange(
        parse_address(options["broker"]),
        "/v1/decisions",
        authorization=f"Bearer {token}",
        method="POST",
        body=question.body(),
        total_seconds=_ASK_SECONDS,
    )
    if status != 200:
        raise problem_in(status, body)
    answer = parse_document(body)
    decision, reason = answer.get("decision"), answer.get("reason")
    if decision not in _DECISIONS:
        raise SandboxError("broker-answer-unreadable", "the broker's answer is no decision")
    told, hint = reason if isinstance(reason, str) and reason else _UNSAID, answer.get("hint")
    if isinstance(hint, str) and hint:
        told += f"; {hint}"
    return Verdict(str(decision), plain(f"valetkey: {told}"))


def _answer(question: Question, verdict: Verdict) -> str:
    """Return the agent's own form of an answer.

    Claude Code, "Hooks reference", PreToolUse decision control; Cursor, "Hooks", whose older
    versions read the names in camel case and whose preToolUse reads `decision`.
    """
    if question.agent == "claude":
        specific = {
            "hookEventName": question.event,
            "permissionDecision": verdict.decision,
            "permissionDecisionReason": verdict.reason,
        }
        return f'{{"hookSpecificOutput": {_object(specific)}}}\n'
    names = ("user_message", "agent_message", "userMessage", "agentMessage", "reason")
    words = {"permission": verdict.decision, "decision": verdict.decision}
    if verdict.decision != "allow":
        words |= dict.fromkeys(names, verdict.reason)
    return _object(words) + "\n"


def _object(words: dict[str, str]) -> str:
    members = (
        f"{encode_basestring_ascii(name)}: {encode_basestring_ascii(value)}"
        for name, value in words.items()
    )
    return "{" + ", ".join(members) + "}"
