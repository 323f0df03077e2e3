"""What each proof rests on and does not show, and who keeps it: part of every answer."""

from collections.abc import Iterator

from valetkey.isolation.answer import Assumption, Theorem
from valetkey.isolation.callers import account_of
from valetkey.isolation.problem import Problem
from valetkey.tenancy.bounds import bounds_of
from valetkey.tenancy.tenancy_map import Kind, Source, Tag

AWS, BROKER, YOU = "AWS", "the broker", "you"

DATA = frozenset({Theorem.ISOLATION, Theorem.FAIL_CLOSED})
ENTRY = frozenset({Theorem.ISOLATION, Theorem.FAIL_CLOSED, Theorem.ONLY_BY_THE_BROKER})
CLOSED = frozenset(Theorem) - {Theorem.USABLE}


def assumptions_of(problem: Problem, theorem: Theorem) -> tuple[Assumption, ...]:
    """Return the assumptions that this theorem makes about this map, in a fixed order."""
    return tuple(said for said, theorems in _all(problem) if theorem in theorems)


def _all(problem: Problem) -> Iterator[tuple[Assumption, frozenset[Theorem]]]:
    every = frozenset(Theorem)
    yield Assumption("IAM decides as its documents say, and as the evaluator does", AWS), every
    yield from _about_sessions(problem)
    yield from _about_resources(problem)
    yield from _about_people()


def _about_sessions(problem: Problem) -> Iterator[tuple[Assumption, frozenset[Theorem]]]:
    yield (
        Assumption(
            "STS takes letters, digits, spaces and `_ . : / = + - @` in a tag, tag keys that "
            "differ by more than case, and no inherited transitive tag a second time",
            AWS,
        ),
        ENTRY,
    )
    yield (
        Assumption("every session of a run carries `valetkey_run` as a transitive tag", BROKER),
        frozenset({Theorem.ONLY_BY_THE_BROKER}),
    )
    yield (
        Assumption("the broker is honest: it gives a run the tags of its own subject", BROKER),
        ENTRY | {Theorem.USABLE},
    )
    yield (
        Assumption("whoever opens runs pairs subject and work tags rightly", "the actor"),
        DATA,
    )
    for tag, letters in bounds_of(problem.tenancy).items():
        if letters:
            kept_out = " or ".join(f"`{letter}`" for letter in letters)
            said = f"no run has {kept_out} in its `{tag}`: STS would give it no session"
            yield Assumption(said, BROKER), frozenset({Theorem.USABLE})
    if any(role.source is Source.WEB_IDENTITY for role in problem.tenancy.roles):
        yield (
            Assumption("nobody else signs with the issuer's keys, or serves its key set", BROKER),
            ENTRY,
        )


def _about_resources(problem: Problem) -> Iterator[tuple[Assumption, frozenset[Theorem]]]:
    tenancy = problem.tenancy
    yield (
        Assumption("every resource policy of the mapped resources was supplied", YOU),
        frozenset(Theorem),
    )
    if any(isinstance(part, Tag) for entry in tenancy.owned for part in entry.arn):
        yield (
            Assumption(
                "no policy of a resource whose ARN has a tag in it lets in anybody but its run",
                YOU,
            ),
            CLOSED,
        )
    if any(entry.kind is Kind.TABLE for entry in tenancy.owned):
        yield (
            Assumption("partition keys are texts: as numbers `1` and `01` are one key", YOU),
            DATA,
        )
    if tenancy.protected or any(one.actions or "*" in one.arn for one in tenancy.shared):
        yield (
            Assumption(
                "a policy of a protected or shared resource that was not supplied allows agent "
                "roles nothing",
                YOU,
            ),
            CLOSED,
        )
    yield Assumption("no policy names the ARN of an agent's session", YOU), CLOSED
    if any(entry.kind is Kind.PREFIX for entry in tenancy.owned):
        yield (
            Assumption(
                "ACLs are off, and mapped buckets have no access points and no access grants", YOU
            ),
            DATA | {Theorem.ONLY_BY_THE_BROKER},
        )
    yield (
        Assumption(
            "services that act with a role of their own (replication, exports, functions, "
            "notifications) do not move data from one tenant to another",
            YOU,
        ),
        DATA,
    )
    for taken in problem.policies.taken:
        yield Assumption(taken, YOU), frozenset(Theorem)
    if _crosses_accounts(problem):
        yield (
            Assumption(
                "of what another account owns, the policies of both sides were supplied", YOU
            ),
            frozenset(Theorem),
        )
    yield (
        Assumption(
            "what errors, timing and the existence of a name tell is out of scope", "nobody"
        ),
        DATA,
    )


def _about_people() -> Iterator[tuple[Assumption, frozenset[Theorem]]]:
    yield (
        Assumption(
            "nobody else may tag the agent roles (`iam:TagRole`), change their trust "
            "(`iam:UpdateAssumeRolePolicy`) or become the broker's role",
            YOU,
        ),
        CLOSED,
    )
    yield Assumption("account administrators are honest", YOU), frozenset(Theorem)


def _crosses_accounts(problem: Problem) -> bool:
    home = {account_of(role.policies.arn) for role in problem.roles}
    owners = {
        account
        for entry in problem.tenancy.owned
        for part in entry.arn[:1]
        if isinstance(part, str) and (account := account_of(part)) is not None
    }
    return bool(owners - home)
