"""`credential_process`: one grant's credentials from the broker to an SDK's standard input.

SDKs start it for every command, so it and all that it imports do without `os`, `re`, `json`,
`socket` and `dataclasses`: each of them costs from a tenth to all of the interpreter's own start.
It keeps nothing: SDKs hold what it prints until its `Expiration`.
"""

import posix
import sys
from _json import encode_basestring_ascii

from valetkey.errors import ValetkeyError
from valetkey.sandbox.address import parse_address
from valetkey.sandbox.document import parse_credentials, problem_in
from valetkey.sandbox.errors import SandboxError
from valetkey.sandbox.exchange import CONNECT_SECONDS, TOTAL_SECONDS, exchange
from valetkey.sandbox.text import is_grant_name, plain
from valetkey.sandbox.token_file import read_run_token

USAGE = """\
usage: valetkey credential-process GRANT [--broker URL] [--run-token-file FILE]
       valetkey credential-process --url URL --token-file FILE

Print a grant's credentials the way AWS's `credential_process` setting wants them.

  GRANT                  the grant to draw; the broker knows what it stands for
  --broker URL           where the broker listens (VALETKEY_BROKER)
  --run-token-file FILE  the file that holds the run token alone (VALETKEY_RUN_TOKEN_FILE)
  --url URL              the whole address of the credentials, in place of GRANT and --broker
  --token-file FILE      the same as --run-token-file
  --connect-timeout S    seconds to wait for a connection; 2 unless told
  --timeout S            seconds to wait in all; 10 unless told
  --version              print the version
"""
_OPTIONS = {
    "--broker": "broker",
    "--run-token-file": "token-file",
    "--token-file": "token-file",
    "--url": "url",
    "--connect-timeout": "connect-timeout",
    "--timeout": "timeout",
}
_NUMBER = frozenset("0123456789.")


def main(arguments: list[str]) -> int:
    """Print the credentials and return 0, or print one clear message and return 1.

    `arguments` are the command's own, without its name. Nothing goes to standard output unless
    the credentials are complete. AWS SDKs and Tools, "Process credential provider".
    """
    try:
        _print(_asked(arguments))
    except ValetkeyError as error:
        _complain(error)
        return 1
    return 0


def _asked(arguments: list[str]) -> str:
    if "-h" in arguments or "--help" in arguments:
        return USAGE
    if arguments == ["--version"]:
        from valetkey.version import VERSION  # noqa: PLC0415 - nobody else needs its file read

        return f"{VERSION}\n"
    return process_document(_parse_arguments(arguments))


def _print(text: str) -> None:
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except (OSError, AttributeError):  # AttributeError: it is closed, and None
        raise SandboxError("output-refused", "standard output takes nothing") from None


def _complain(error: ValetkeyError) -> None:
    hint = f"\n  {_shown(error.hint)}" if error.hint else ""
    try:
        sys.stderr.write(f"valetkey: {_shown(error.message)} [{error.code}]{hint}\n")
        sys.stderr.flush()
    except (OSError, AttributeError):
        pass  # nobody listens: the exit code says it all


def _shown(text: str) -> str:
    # ASCII and our own ellipsis: which others can be shown, the static program does not know.
    return "".join(c if " " <= c <= "~" or c == "…" else "?" for c in plain(text))


def process_document(options: dict[str, str]) -> str:
    """Fetch what `options` name; return the one line that SDKs read from standard output."""
    token_file = options.get("token-file") or _setting("VALETKEY_RUN_TOKEN_FILE")
    url = options.get("url") or _url_of_grant(options)
    if not token_file:
        raise SandboxError(
            "token-file-missing",
            "no run token: there is no `--run-token-file` and no VALETKEY_RUN_TOKEN_FILE",
            hint="name the file that `valetkey run` or the platform wrote the run token to",
        )
    status, body = exchange(
        parse_address(url),
        "",
        authorization=read_run_token(token_file),
        connect_seconds=_seconds(options, "connect-timeout", CONNECT_SECONDS),
        total_seconds=_seconds(options, "timeout", TOTAL_SECONDS),
    )
    if status != 200:
        raise problem_in(status, body)
    credentials = parse_credentials(body)
    members = {
        "AccessKeyId": credentials["AccessKeyId"],
        "SecretAccessKey": credentials["SecretAccessKey"],
        "SessionToken": credentials["Token"],
        "Expiration": credentials["Expiration"],
    }
    listed = "".join(f', "{name}": {encode_basestring_ascii(members[name])}' for name in members)
    return f'{{"Version": 1{listed}}}\n'  # SDKs want an integer: "1" is refused


def _parse_arguments(arguments: list[str]) -> dict[str, str]:
    """Return option name → value; the one positional argument is `grant`."""
    options: dict[str, str] = {}
    rest = iter(arguments)
    for argument in rest:
        flag, equals, value = argument.partition("=")
        name = _OPTIONS.get(flag)
        if name:
            options[name] = value if equals else next(rest, "")
        elif argument.startswith("-") or "grant" in options:
            raise SandboxError(
                "usage",
                f"`{plain(argument)}` is not understood",
                hint="valetkey credential-process --help",
            )
        else:
            options["grant"] = argument
    return options


def _url_of_grant(options: dict[str, str]) -> str:
    grant = options.get("grant", "")
    broker = options.get("broker") or _setting("VALETKEY_BROKER")
    if not is_grant_name(grant):
        raise SandboxError(
            "grant-name-invalid",
            f"`{plain(grant)}` is not the name of a grant" if grant else "no grant is named",
            hint="valetkey credential-process GRANT",
        )
    if not broker:
        raise SandboxError(
            "broker-url-missing",
            "no broker: there is no `--broker` and no VALETKEY_BROKER",
            hint="name the address where `valetkey serve` listens",
        )
    return f"{broker.rstrip('/')}/v1/credentials/{grant}"


def _seconds(options: dict[str, str], name: str, default: float) -> float:
    text = options.get(name)
    if text is None:
        return default
    try:
        # Digits with perhaps a point: `float` takes underscores and words, too.
        seconds = float(text) if len(text) <= 16 and _NUMBER.issuperset(text) else 0.0
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= 60:
        raise SandboxError(
            "usage",
            f"`--{name} {plain(text)}` is not a number of seconds up to 60",
            hint="valetkey credential-process --help",
        )
    return seconds


def _setting(name: str) -> str:
    # `posix.environ` is what `os.environ` is made of; `os` itself would cost a millisecond.
    return posix.environ.get(name.encode(), b"").decode("utf-8", "surrogateescape")
