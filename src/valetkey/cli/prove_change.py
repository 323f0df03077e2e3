"""What came between two states of a map and its policies: what it opened, what it closed."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from valetkey.cli.prove_answering import allows
from valetkey.cli.prove_proof import Change
from valetkey.cli.prove_reach import written
from valetkey.cli.prove_sentences import cut, tags_in_words
from valetkey.isolation.answer import Answer, Report, Theorem, TheoremAnswer, Witness
from valetkey.isolation.problem import Problem
from valetkey.tenancy.rights import Right, rights_of
from valetkey.tenancy.tenancy_map import TenancyMap


def change_of(
    revision: str,
    before: tuple[Problem, Report],
    now: tuple[Problem, Report],
    *,
    missing: Iterable[Path] = (),
) -> Change:
    """Return what is open now and was not at `revision`, and the other way round.

    `missing` are the files that were not there then.
    """
    new = (f"`{path}` was not there: all that it gives is new" for path in missing)
    return Change(
        revision=revision,
        before=before[1].answer,
        opened=(*new, *_opened(before, now)),
        closed=tuple(_closed(before, now)),
    )


def _opened(before: tuple[Problem, Report], now: tuple[Problem, Report]) -> Iterator[str]:
    then = _answers(before[1])
    for theorem, each in _answers(now[1]).items():
        was = then.get(theorem)
        if was is not None and was.answer is Answer.PROVED and each.answer is not Answer.PROVED:
            yield f"{theorem.value} was proved and is {each.answer.value} now"
    yield from _only_in(now[0].tenancy, before[0].tenancy, "now")
    for witness in _allowed(now[1]):
        if allows(before[0], witness) is False:
            yield f"{_sentence(witness)}: it was denied and is allowed now"


def _closed(before: tuple[Problem, Report], now: tuple[Problem, Report]) -> Iterator[str]:
    then = _answers(before[1])
    for theorem, each in _answers(now[1]).items():
        was = then.get(theorem)
        if was is not None and was.answer is not Answer.PROVED and each.answer is Answer.PROVED:
            yield f"{theorem.value} was {was.answer.value} and is proved now"
    yield from _only_in(before[0].tenancy, now[0].tenancy, "no longer")
    for witness in _allowed(before[1]):
        if allows(now[0], witness) is False:
            yield f"{_sentence(witness)}: it was allowed and is denied now"


def _answers(report: Report) -> dict[Theorem, TheoremAnswer]:
    return {each.theorem: each for each in report.theorems}


def _allowed(report: Report) -> Iterator[Witness]:
    """Give the witnesses that are allowed what they should not be."""
    yield from (
        witness
        for each in report.theorems
        for witness in each.witnesses
        if witness.expected == "deny"
    )


def _only_in(one: TenancyMap, other: TenancyMap, when: str) -> Iterator[str]:
    """Give what the map `one` lets in or gives that `other` does not."""
    for right in _missing(map(_right, rights_of(one)), map(_right, rights_of(other))):
        yield f"the map {when} gives {right}"
    for role in _missing((r.arn for r in one.roles), (r.arn for r in other.roles)):
        yield f"agents {when} hold sessions of `{role}`"
    for broker in _missing(_brokers(one), _brokers(other)):
        yield f"the map {when} lets `{broker}` make sessions"
    for name in _missing(one.platform, other.platform):
        yield f"the map {when} lets `{name}` reach the resources"
    for arn in _missing((p.arn for p in other.protected), (p.arn for p in one.protected)):
        gone = when == "now"  # what `one` lacks is a lock less
        yield f"`{arn}` is {'no longer' if gone else 'now'} protected"


def _missing(ones: Iterable[str], others: Iterable[str]) -> Iterator[str]:
    there = frozenset(others)
    yield from (one for one in dict.fromkeys(ones) if one not in there)


def _brokers(tenancy: TenancyMap) -> tuple[str, ...]:
    provider = tenancy.oidc_provider
    return (*tenancy.assumed_by, *(() if provider is None else (provider,)))


def _right(right: Right) -> str:
    """Return a right in words: equal words are equal rights."""
    text = f"{right.action} on `{written(right.resource, is_open=right.open)}`"
    if right.key is None:
        return text
    return f"{text} where {right.key.name} is `{written(right.key.text, is_open=right.key.open)}`"


def _sentence(witness: Witness) -> str:
    who = f"a run {tags_in_words(witness.runs[0])}" if witness.runs else witness.principal
    return f"{who} asks for {witness.action} on {cut(witness.resource)}"
