"""What a broker with tools is configured with, and what it remembers of callers. No decision."""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

from valetkey.secret import Secret

MAX_PROVEN: Final = 20_000
"""Gateway tokens whose signature was found good: about 300 bytes each. The oldest goes first."""
MAX_HELD: Final = 20_000
"""Tokens held for servers of tools: about 1 kB each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolTerms:
    """`audience` is the gateway's canonical URI, which its tokens are for; they are good for
    `token_seconds`.

    `claims` and `directory` name the claims and the directory's attributes that policies may ask of
    a principal.
    """

    audience: str
    token_seconds: int = 900
    claims: tuple[str, ...] = ()
    directory: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Proven:
    """A token of ours whose signature was good: whose run it is, which key signed, its `exp`."""

    run_id: str
    kid: str
    expires_at: int


@dataclass(frozen=True, slots=True)
class HeldToken:
    """A token for a server, on record, and until when it is given again (Unix seconds)."""

    token: Secret
    until: float


@dataclass(slots=True)
class ToolMemory:
    """What may be had again without a signature. Bounded; a run that is forgotten is out of it."""

    proven: OrderedDict[tuple[bytes, str], Proven] = field(default_factory=OrderedDict)
    held: OrderedDict[str, dict[tuple[str, ...], HeldToken]] = field(default_factory=OrderedDict)

    def prove(self, key: tuple[bytes, str], proven: Proven) -> None:
        """Remember a good signature."""
        while len(self.proven) >= MAX_PROVEN:
            self.proven.popitem(last=False)
        self.proven[key] = proven

    def hold(self, run_id: str, key: tuple[str, ...], token: HeldToken) -> None:
        """Hold a token of a run for a server; `key` names all that shaped it."""
        while run_id not in self.held and len(self.held) >= MAX_HELD:
            self.held.popitem(last=False)
        self.held.setdefault(run_id, {})[key] = token

    def drop(self, run_id: str, server: str) -> None:
        """Drop a run's tokens for one server, which did not take them."""
        held = self.held.get(run_id, {})
        for key in [key for key in held if key[0] == server]:
            del held[key]

    def forget(self, run_id: str) -> None:
        """Drop the tokens that are held for a run. A signature stays good: state is asked anew."""
        self.held.pop(run_id, None)
