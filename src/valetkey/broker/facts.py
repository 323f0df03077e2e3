"""What tool policies may ask of a run's principal: Cedar's tags, made when the run is opened.

They come from verified claims, the directory, the session tags and the configuration; the sandbox
chooses none of them. Nothing is cut or defaulted: what is absent is no tag.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from valetkey.broker.tool_terms import ToolTerms
from valetkey.identity import JsonValue, Principal, Refusal, values_at

MAX_FACTS: Final = 4_096
"""Characters of all names and values together: they are in the row and the record of each run."""
RUN_FACT: Final = "run"
ACTOR_FACT: Final = "actor"
ISSUER_FACT: Final = "issuer"
OWN_FACTS: Final = (RUN_FACT, ACTOR_FACT, ISSUER_FACT)
"""What every principal has besides claims, the directory's attributes and session tags."""


def make_facts(
    terms: ToolTerms | None,
    subject: Principal,
    actor: Principal,
    *,
    tags: Mapping[str, str],
    directory: Mapping[str, str] | None,
    asked: Iterable[str] = (),
) -> dict[str, str] | Refusal:
    """Return the facts of a run but for its id, none where no tools are configured.

    A claim is there as it is if it is text, else as compact JSON; null is absent. Refused are a
    name that comes from two places (`facts-collide`), a claim that a name finds twice
    (`claim-ambiguous`), and facts of more than `MAX_FACTS` characters (`facts-too-long`). `asked`
    are the tags of the run's policy version: one that is not looked up here would pass for absent,
    and is refused (`facts-unasked`).
    """
    if terms is None:
        return {} if not (missing := set(asked)) else _unasked(missing)
    facts = {ACTOR_FACT: actor.subject, ISSUER_FACT: subject.issuer_name}
    names = {*OWN_FACTS}
    for name, value in _all(terms, subject, tags=tags, directory=directory or {}):
        if name in names:
            return _refused("facts-collide", f"`{name}` comes from two places")
        names.add(name)
        if isinstance(value, Refusal):
            return value
        if value is not None:
            facts[name] = value
    if missing := set(asked) - names:
        return _unasked(missing)
    if sum(len(name) + len(value) for name, value in facts.items()) > MAX_FACTS:
        return _refused(
            "facts-too-long",
            f"claims, attributes and tags have more than {MAX_FACTS} characters together",
        )
    return facts


def recorded_facts(terms: ToolTerms | None, facts: Mapping[str, str]) -> dict[str, str] | None:
    """Return what of the facts is nowhere else on the record of opening: claims and issuer."""
    if terms is None:
        return None
    kept = (*terms.claims, ISSUER_FACT)
    return {name: facts[name] for name in kept if name in facts}


def _all(
    terms: ToolTerms, subject: Principal, *, tags: Mapping[str, str], directory: Mapping[str, str]
) -> Iterator[tuple[str, str | Refusal | None]]:
    for name in terms.claims:
        yield name, _claim(subject, name)
    for name in terms.directory:
        yield name, directory.get(name)
    yield from tags.items()


def _claim(subject: Principal, name: str) -> str | Refusal | None:
    found = values_at(subject.claims.all, name)
    if len(found) > 1:
        return _refused("claim-ambiguous", f"claim `{name}` is there in two ways")
    return None if not found or found[0] is None else _text(found[0])


def _text(value: JsonValue) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(_plain(value), ensure_ascii=False, separators=(",", ":"))


def _plain(value: JsonValue) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(member) for name, member in value.items()}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value


def _unasked(missing: Iterable[str]) -> Refusal:
    return Refusal(
        code="facts-unasked",
        public="new runs need a policy that asks more of a subject than this broker was started "
        "with: it must be started anew",
        reasons=("not looked up here: " + ", ".join(f"`{name}`" for name in sorted(missing)),),
    )


def _refused(code: str, reason: str) -> Refusal:
    return Refusal(
        code=code,
        public="what tool policies ask of the subject can't be told of this one",
        reasons=(reason,),
    )
