"""Put a question, or settle it as unknown where a formula can't say it."""

from collections.abc import Callable, Iterable, Mapping

from valetkey.iam import Decision, PrincipalKind, RequestError
from valetkey.iam.glob import from_units
from valetkey.isolation.answer import Answer, Theorem, Verdict, Witness
from valetkey.isolation.encoding import Ask, decided, request_of
from valetkey.isolation.formula import FALSE, Assignment, Formula, Symbol, holds
from valetkey.isolation.keys import One
from valetkey.isolation.question import Asked, Question, Settled
from valetkey.isolation.unencodable import Unencodable


def posed(
    theorem: Theorem,
    about: str,
    formula: Callable[[], Formula],
    *,
    plain: Iterable[Symbol],
    witness: Callable[[Assignment], Witness | None],
) -> Asked:
    """Return the question, or that its answer is unknown where the formula is Unencodable."""
    try:
        said = formula()
    except Unencodable as error:
        return unknown(theorem, about, error.reason)
    if said == FALSE:
        return Settled(theorem, Verdict(Answer.PROVED, about))
    return Question(theorem, about, said, tuple(plain), witness)


def unknown(theorem: Theorem, about: str, reason: str) -> Settled:
    """Return what nobody can answer, and why."""
    return Settled(theorem, Verdict(Answer.UNKNOWN, about, reason=reason))


def proved(theorem: Theorem, about: str) -> Settled:
    """Return what is so by the policies' text alone."""
    return Settled(theorem, Verdict(Answer.PROVED, about))


def witness_of(
    ask: Ask, given: Assignment, why: str, *, runs: tuple[Mapping[str, str], ...] = ()
) -> Witness | None:
    """Return the request as a witness that it is allowed; None where the evaluator denies it."""
    try:
        request = request_of(ask, given)
        decision: Decision = decided(ask, given)
    except RequestError:
        return None
    if not decision.allowed:
        return None
    principal = request.principal
    of_a_role = principal.kind is PrincipalKind.ARN and principal.entity == "assumed-role"
    return Witness(
        principal=principal.name,
        runs=runs,
        action=request.action,
        resource=request.resource,
        context=request.context,
        expected="deny",
        got="allow",
        why=why,
        role=principal.role_arn if of_a_role else None,
        resource_account=request.resource_account,
        statements=decision.determining,
    )


def values_of(tags: Mapping[str, One], given: Assignment) -> dict[str, str]:
    """Return the tags that are there, with their values in characters."""
    return {
        key: from_units(given.fill(tag.text))
        for key, tag in tags.items()
        if holds(tag.present, given)
    }


def symbols_of(tags: Mapping[str, One]) -> tuple[Symbol, ...]:
    """Return the symbols that a person reads as tags."""
    return tuple(part for tag in tags.values() for part in tag.text if isinstance(part, Symbol))
