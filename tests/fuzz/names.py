"""Names of tenants that have undone somebody: as session tags, all of them are legal."""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.fuzz.pick import Pick

FAMILIES = (
    ("a", "ab", "a.", "a-b", "aa", "A"),
    ("alice", "Alice", "ALICE", "alice ", "alice@x", "alice.", "lice"),
    ("..", ".", "...", "a..", "-"),
    ("k", "\u212a", "K", "\u212ak"),
    ("s", "\u017f", "S", "ss", "\u00df"),
    ("0x1f", "0X1F", "1f", "01f", "\uff11f"),
    ("u 1", "u\u00a01", "u+1", "u  1", "u1", "u=1"),
    ("\u00e9t\u00e9", "ete", "\u00c9t\u00e9", "\u6771\u4eac", "\u6771"),
    ("t:1", "t=1", "t@1", "t_1", "t1"),
    ("traces", "trace", "versions", "vault"),
    ("10", "1", "100", "1.0", "1e1"),
)
SLASHED = ("a", "a/", "a/b", "/a", "a//b", "a/b/c", "a/../b", "b")


@dataclass(frozen=True, slots=True)
class Tenant:
    """One tenant: its number, its path segment `user`, its `repo` which may have slashes."""

    number: int
    user: str
    repo: str
    extra: tuple[tuple[str, str], ...] = ()

    @property
    def tags(self) -> dict[str, str]:
        """The session tags of this tenant's runs."""
        return {"user_id": self.user, "repo": self.repo, **dict(self.extra)}


def pick_tenants(pick: Pick) -> tuple[Tenant, ...]:
    """Return two to four tenants with names that are easily mistaken for one another."""
    count = 2 + pick.below(3)
    users = _distinct(pick, count, (pick.one(FAMILIES), pick.texts))
    repos = _distinct(pick, count, (SLASHED, pick.one(FAMILIES), pick.texts))
    return tuple(
        Tenant(number, user, repo, extra=(("plan", pick.one(("gold", "", "Gold"))),))
        for number, (user, repo) in enumerate(zip(users, repos, strict=True))
    )


def _distinct(pick: Pick, count: int, pools: tuple[Sequence[str], ...]) -> list[str]:
    names = list(dict.fromkeys(name for pool in pools for name in pool))
    return pick.some(names, most=count, least=count)
