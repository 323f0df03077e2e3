"""The sentences of a proof: what each theorem says, what each answer means, what a witness asks.

Text alone, for a terminal, a page and a code review; none of it is escaped yet.
"""

from collections.abc import Iterable, Iterator, Mapping

from valetkey.iam import ContextValue, StatementRef
from valetkey.iam.policies import TRUST_ACTIONS
from valetkey.isolation.answer import Answer, Report, Theorem, Witness

MOST_LETTERS = 600  # of one value

STATEMENTS = {
    Theorem.ISOLATION: "Whatever data a run asks for, the policies allow nothing but what the map "
    "gives to the run's tags or lists as shared.",
    Theorem.FAIL_CLOSED: "A session in which a tag is absent or empty reaches nothing that the map "
    "says somebody owns.",
    Theorem.ONLY_BY_THE_BROKER: "Nobody but the broker comes to a session of these roles, its tags "
    "are exactly the map's, and no resource lets in whom the map does not name.",
    Theorem.NO_WAY_UP: "A run may do nothing that is not on the map's finite list of actions, and "
    "writes nothing that is protected.",
    Theorem.USABLE: "Each run can do to its own data what the map says.",
}
MEANINGS = {
    Answer.PROVED: "holds for every tag, key, session and context, under the assumptions listed",
    Answer.REFUTED: "does not hold: a request shows it",
    Answer.UNKNOWN: "was neither shown nor refuted: take it as a no",
}
SUMMARIES = {
    Answer.PROVED: "proved: no run reaches what the map does not give it",
    Answer.REFUTED: "refuted: the policies do not do what the map says",
    Answer.UNKNOWN: "unknown: nothing is refuted, and not everything is proved",
}


BY_THE_MAP = "refuted: the map gives one thing to two"


def summary(report: Report) -> str:
    """Return the whole answer in one line."""
    return BY_THE_MAP if by_the_map(report) else SUMMARIES[report.answer]


def by_the_map(report: Report) -> bool:
    """Tell whether all that is refuted is the map's own fault."""
    witnesses = [one for each in report.theorems for one in each.witnesses]
    return bool(witnesses) and all(one.entries for one in witnesses)


def cut(text: str) -> str:
    """Return the text, of no more letters than a person reads."""
    return text if len(text) <= MOST_LETTERS else text[:MOST_LETTERS] + "…"


def counted(number: int, word: str) -> str:
    """Return `1 role` or `2 roles`."""
    return f"{number} {word}{'' if number == 1 else 's'}"


def tags_in_words(tags: Mapping[str, str]) -> str:
    """Return what a run's tags are."""
    if not tags:
        return "without any tag"
    return "with " + ", ".join(f"{key} = `{cut(value)}`" for key, value in tags.items())


def value_in_words(value: ContextValue) -> str:
    """Return one context value, or the list of those of a key with several."""
    if isinstance(value, str):
        return f"`{cut(value)}`"
    return "[" + ", ".join(f"`{cut(one)}`" for one in value) + "]"


def statement_in_words(ref: StatementRef) -> str:
    """Return which statement of which policy, with its Sid."""
    return f"{ref.policy}, statement {ref.statement}" + (f" `{cut(ref.sid)}`" if ref.sid else "")


def request_in_words(witness: Witness) -> Iterator[str]:
    """Give the sentences of a witness: who asks for what, what was answered, whose it is."""
    asks, owns = witness.runs[:1], witness.runs[1:2]
    for_session = asks and witness.action.lower() in TRUST_ACTIONS
    who = f"a run {tags_in_words(asks[0])}" if asks and not for_session else "somebody"
    yield f"{who}, as {cut(witness.principal)}"
    yield f"asks for {cut(witness.action)} on {cut(witness.resource)}"
    if for_session:
        yield f"for a session {tags_in_words(asks[0])}"
    for key, value in witness.context.items():
        yield f"with {cut(key)} = {value_in_words(value)}"
    if witness.entries:
        yield "the policies answer allow, for by one entry of the map it is the run's"
    else:
        yield f"the policies answer {witness.got}, where the map says {witness.expected}"
    if owns:
        yield f"what it reaches belongs to the run {tags_in_words(owns[0])}"
    if witness.why:
        yield f"why: {cut(witness.why)}"
    if witness.entries:
        yield _overlap(witness.entries)


def _overlap(entries: tuple[str, ...]) -> str:
    """Return which entries overlap, and what would keep them apart."""
    if len(entries) == 1:
        return f"the map's `{entries[0]}` gives one thing to two runs: put a `/` between its tags"
    named = " and ".join(f"`{place}`" for place in entries)
    return (
        f"the map's {named} overlap: give each a beginning of its own, "
        "such as `u/{tag}/` beside `shared/`"
    )


def distinct(witnesses: Iterable[Witness]) -> list[Witness]:
    """Return the witnesses, one that several questions found once."""
    found: list[Witness] = []
    for witness in witnesses:
        if witness not in found:
            found.append(witness)
    return found
