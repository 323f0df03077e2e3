"""A proof as a person reads and signs it: lines of text, each with its style on a terminal."""

import json
from collections.abc import Iterable, Iterator

from valetkey.cli.output import StyledLine
from valetkey.cli.prove_diff import differences
from valetkey.cli.prove_places import locate
from valetkey.cli.prove_proof import Change, Proof
from valetkey.cli.prove_reach import Whose, reaches, written
from valetkey.cli.prove_sentences import (
    MEANINGS,
    STATEMENTS,
    by_the_map,
    counted,
    cut,
    distinct,
    request_in_words,
    statement_in_words,
    summary,
)
from valetkey.cli.prove_statements import enforced
from valetkey.isolation.answer import Answer, Assumption, Report, TheoremAnswer, Witness
from valetkey.isolation.mending import Mend

MARKS = {Answer.PROVED: "✓", Answer.REFUTED: "✗", Answer.UNKNOWN: "?"}
STYLES = {Answer.PROVED: "green", Answer.REFUTED: "red", Answer.UNKNOWN: "yellow"}
MOST_WITNESSES = 8  # of one theorem: --json has them all
MOST_REASONS = 12


def words_of(proof: Proof) -> Iterator[StyledLine]:
    """Give the lines of the whole proof: the answer, each theorem, what it rests on."""
    report = proof.report
    yield StyledLine(f"bold {STYLES[report.answer]}", summary(report))
    yield StyledLine("dim", _inputs(proof))
    for each in report.theorems:
        yield StyledLine("", "")
        yield from _theorem(proof, each)
    if report.notes:
        yield from _section("Notes", report.notes)
    yield from _mended(proof)
    if proof.change is not None:
        yield from _changed(proof.change)
    yield from _section("Who reaches what", reach_lines(proof))
    yield from _section("What AWS enforces, by statement", _enforced_lines(proof))
    yield from assumption_lines(report)


def _enforced_lines(proof: Proof) -> Iterator[str]:
    for each in enforced(proof.policies):
        yield each.policy
        yield from (f"    {line}" for line in each.statements)


def _inputs(proof: Proof) -> str:
    roles = counted(len(proof.policies.roles), "role")
    read = ", ".join(str(file.path) for file in proof.sources)
    source = f"policies of {read}" if read else "the policies that are generated from it"
    return f"  map {proof.files[0].path}; {source}; {roles}"


def _theorem(proof: Proof, each: TheoremAnswer) -> Iterator[StyledLine]:
    style = STYLES[each.answer]
    asked = f"{counted(each.queries, 'question')}, {each.seconds:.1f} s"
    title = f"{MARKS[each.answer]} {each.theorem.value}: {each.answer.value}"
    yield StyledLine(f"bold {style}", f"{title} ({asked})")
    yield StyledLine("", f"    {STATEMENTS[each.theorem]}")
    yield StyledLine("dim", f"    It {MEANINGS[each.answer]}.")
    for reason in each.reasons[:MOST_REASONS]:
        yield StyledLine("yellow", f"    because {cut(reason)}")
    yield from _more(len(each.reasons) - MOST_REASONS)
    witnesses = distinct(each.witnesses)
    for witness in witnesses[:MOST_WITNESSES]:
        yield from _witness(proof, witness)
    yield from _more(len(witnesses) - MOST_WITNESSES)


def _more(number: int) -> Iterator[StyledLine]:
    if number > 0:
        yield StyledLine("", f"    and {number} more; --json has them all")


def _witness(proof: Proof, witness: Witness) -> Iterator[StyledLine]:
    for number, sentence in enumerate(request_in_words(witness)):
        yield StyledLine("red" if number == 0 else "", f"    {'  ' if number else ''}{sentence}")
    for ref in witness.statements:
        place = locate(proof, ref, witness.role)
        did = "decided by" if witness.got == "deny" else "allowed by"
        yield StyledLine("", f"      {did} {statement_in_words(ref)} ({place.text})")
        if place.statement is not None:
            text = json.dumps(place.statement, ensure_ascii=False, default=str)
            yield StyledLine("dim", f"        {cut(text)}")
    replayed = proof.replay_of(witness)
    if replayed is not None:
        style = "red" if replayed.reproduced else "yellow"
        yield StyledLine(style, f"      replayed: {cut(replayed.said)}")


def _mended(proof: Proof) -> Iterator[StyledLine]:
    if proof.mend is not None:
        yield from _section("The smallest mend that was found", ())
        for line in mend_lines(proof, proof.mend):
            style = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1], "")
            yield StyledLine(style, f"  {line}")
    elif proof.report.answer is Answer.REFUTED:
        yield from _section(why_no_mend(proof), ())


def why_no_mend(proof: Proof) -> str:
    """Return why there is no mend: of a map that gives one thing to two, policies have none."""
    if by_the_map(proof.report):
        return "No edit of the policies mends this: the map gives one thing to two"
    return proof.unmended.value


def mend_lines(proof: Proof, mend: Mend) -> Iterator[str]:
    """Give the mend in words and as a diff, and what was proved of it."""
    yield from mend.edits
    for difference in differences(proof.policies, mend.policies):
        yield from difference.lines
    answers = ", ".join(f"{one.theorem.value} {one.answer.value}" for one in mend.report.theorems)
    yield f"with this edit: {answers}"


def _changed(change: Change) -> Iterator[StyledLine]:
    nothing = ("nothing",)
    yield from _section(f"Opened since {change.revision}", change.opened or nothing)
    yield from _section(f"Closed since {change.revision}", change.closed or nothing)


def reach_lines(proof: Proof) -> Iterator[str]:
    """Give what each tag reaches, a resource after the other."""
    for reach in reaches(proof.tenancy):
        mine = ", ".join(f"{{{tag}}}" for tag in reach.tags)
        whose = mine if reach.whose is Whose.OWN else reach.whose.value
        can = f" may {', '.join(reach.access)}" if reach.access else ""
        yield f"{reach.kind}: {whose}{can}"
        for part in reach.parts:
            yield f"    {part.label}: {written(part.text, is_open=part.open)}"


def assumption_lines(report: Report) -> Iterator[StyledLine]:
    """Give what the proof rests on, by who keeps it."""
    for keeper, texts in kept_by(report).items():
        yield from _section(f"Assumed, and kept by {keeper}", texts)


def kept_by(report: Report) -> dict[str, list[str]]:
    """Return the assumptions of all theorems, each once, by who keeps them."""
    every: Iterable[Assumption] = (one for each in report.theorems for one in each.assumptions)
    found: dict[str, list[str]] = {}
    for one in dict.fromkeys(every):
        found.setdefault(one.kept_by, []).append(one.text)
    return found


def _section(title: str, lines: Iterable[str]) -> Iterator[StyledLine]:
    """Give a blank line, the title and the lines below it."""
    yield StyledLine("", "")
    yield StyledLine("bold", title)
    yield from (StyledLine("", f"  {line}") for line in lines)
