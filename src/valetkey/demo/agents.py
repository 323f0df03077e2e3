"""The people's agents: started as a platform starts them, and what each of them said."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from valetkey.demo.agent import NEXT_TASK
from valetkey.demo.issuer import DemoIssuer
from valetkey.demo.processes import VALETKEY, DemoError, environment, valetkey
from valetkey.demo.world import BUCKET, PEOPLE, TABLE

AGENT_SECONDS = 40
LEAKED_KEY = "AKIALEAKEDFROMPARENT"

OK, DENIED, NO_CREDENTIALS = "ok", "denied", "no credentials"
_DENIALS = frozenset({"AccessDenied", "AccessDeniedException"})
_NO_CREDENTIALS = frozenset({"CredentialRetrievalError", "NoCredentialsError"})


@dataclass(frozen=True, slots=True)
class Attempt:
    """One thing an agent did: what AWS or the SDK answered, and whether that was expected."""

    agent: str
    did: str
    expected: str
    answer: str

    @property
    def as_expected(self) -> bool:
        """Say whether the answer is of the expected kind."""
        if self.expected == DENIED:
            return self.answer in _DENIALS
        if self.expected == NO_CREDENTIALS:
            return self.answer in _NO_CREDENTIALS
        return self.answer == self.expected


class Agents:
    """The agents of one broker. `expected` says what a person's attempt should come to."""

    def __init__(
        self, folder: Path, url: str, *, expected: Callable[[str, str], str], seconds: float
    ) -> None:
        self._folder = folder
        self._url = url
        self._expected = expected
        self._seconds = seconds
        self.attempts: list[Attempt] = []
        self.failures: list[str] = []

    def start(self, person: str) -> "subprocess.Popen[str]":
        """Start a person's agent in a run of its own: `valetkey run -- python agent.py`."""
        other = next(p for p in PEOPLE if p != person)
        program = Path(__file__).with_name("agent.py")
        agent = [str(program), person, other, TABLE, BUCKET, str(self._seconds)]
        tokens = ["--actor-token-file", token_file(self._folder, "orchestrator")]
        tokens += ["--subject-token-file", token_file(self._folder, person)]
        run = ["run", "--quiet", "--broker", self._url, *tokens, "--"]
        return subprocess.Popen(  # noqa: S603 - our own command
            [*VALETKEY, *run, sys.executable, *agent],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            # The parent holds somebody's key: the child must not inherit it.
            env=environment(self._folder, {"AWS_ACCESS_KEY_ID": LEAKED_KEY}),
        )

    def watch(self, person: str, agent: "subprocess.Popen[str]", *, until: str) -> None:
        """Note what the agent says until it has done `until`."""
        assert agent.stdout is not None  # noqa: S101 - a pipe was asked for
        for line in agent.stdout:
            said = json.loads(line)
            self._note(person, said["did"], said["answer"])
            if said["did"] == until:
                return
        raise DemoError(f"{person}'s agent ended before it said `{until}`")

    def next_task(self, person: str, agent: "subprocess.Popen[str]") -> None:
        """Give the agent its next task, and see it end."""
        try:
            output, _ = agent.communicate("\n", timeout=AGENT_SECONDS)
        except subprocess.TimeoutExpired:
            agent.kill()
            raise DemoError(f"{person}'s agent did not end") from None
        said = [json.loads(line) for line in output.splitlines()]
        for each in said:
            self._note(person, each["did"], each["answer"])
        if [each["did"] for each in said] != [NEXT_TASK]:
            self.failures.append(f"{person}'s agent did not come to its next task")

    def command(self, caller: str, *arguments: str) -> str:
        """Run a command of ours on behalf of `caller`."""
        extra = ["--broker", self._url, "--token-file", token_file(self._folder, caller)]
        return valetkey(*arguments, *extra, folder=self._folder)

    def _note(self, person: str, did: str, answer: str) -> None:
        attempt = Attempt(person, did, self._expected(person, did), answer)
        self.attempts.append(attempt)
        self.failures += unexpected([attempt])


def unexpected(attempts: Sequence[Attempt]) -> list[str]:
    """Say in words which attempts came out otherwise than they should."""
    return [
        f"{each.agent}: {each.did}: expected {each.expected}, got {each.answer}"
        for each in attempts
        if not each.as_expected
    ]


def token_file(folder: Path, name: str) -> str:
    """Return where the token of a person or a service lies."""
    return str(folder / f"{name}.jwt")


def write_tokens(folder: Path, issuer: DemoIssuer) -> None:
    """Sign a token for everybody, as their sign-in would, and lay it down for its owner alone."""
    people = {person: issuer.sign(person, {"token_use": "id"}) for person in PEOPLE}
    services = {name: issuer.sign(f"service:{name}") for name in ("orchestrator", "operator")}
    for name, token in {**people, **services}.items():
        descriptor = os.open(token_file(folder, name), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(token)
