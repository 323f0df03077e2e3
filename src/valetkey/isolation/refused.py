"""The witness of a run that is refused its own data by each of its roles."""

from dataclasses import dataclass

from valetkey.iam import Decision, StatementRef, evaluate, explain
from valetkey.isolation.answer import Witness
from valetkey.isolation.comparing import equal
from valetkey.isolation.concrete import let_in, shown, spelled, tags_of
from valetkey.isolation.deciding import decide
from valetkey.isolation.encoding import Ask, request_of
from valetkey.isolation.formula import Assignment, all_of, holds, negated, text
from valetkey.isolation.request_tags import request_tags
from valetkey.isolation.sessions import Session
from valetkey.isolation.solution import Satisfiable


@dataclass(frozen=True, slots=True, eq=False)
class Refused:
    """What makes a witness of a run that is refused its own data by each of its roles."""

    asked: tuple[tuple[Session, Ask], ...]

    def __call__(self, given: Assignment) -> Witness | None:
        """Return the witness; None where the evaluator allows it after all, or nobody is let in."""
        found: Witness | None = None
        for session, ask in self.asked:
            values = let_in(session, given) or self._let_in_otherwise(session, given)
            if values is None:
                continue
            decision = evaluate(request_of(ask, values), ask.policies)
            if decision.allowed:
                return None
            found = found or _witness(session, ask, values, decision)
        return found

    def _let_in_otherwise(self, session: Session, given: Assignment) -> Assignment | None:
        """Return the solution with what another caller brings, with which the role lets in the
        run, of which the solution tells nothing but that another role does.
        """
        if len(self.asked) == 1:
            return None
        tags = request_tags(session.tags, session.prefix).values()
        same = [equal(tag.text, text(given.fill(tag.text))) for tag in tags]
        same += [tag.present if holds(tag.present, given) else negated(tag.present) for tag in tags]
        solution = decide(all_of([session.let_in_as_written, *same]))
        if not isinstance(solution, Satisfiable):
            return None
        found = solution.assignment
        other = Assignment({**given.texts, **found.texts}, {**given.flags, **found.flags})
        return let_in(session, other)


def _witness(session: Session, ask: Ask, given: Assignment, decision: Decision) -> Witness:
    request = request_of(ask, given)
    tags = tags_of(session, given)
    mapped = {key: tags[key] for key in session.problem.tenancy.tags}
    why = f"run {shown(mapped)} owns {request.resource}, and is refused {request.action}: "
    statements = decision.determining
    close = None if statements else _nearest(explain(request, ask.policies))
    if close is not None:
        ref, keys = close
        statements = (ref,)
        called = f"{ref.policy} statement {ref.sid or ref.statement}"
        why += f"{called} would allow it, but has a condition on {keys} that is not met"
    else:
        why += decision.because
    return Witness(
        principal=request.principal.name,
        runs=(tags,),
        action=request.action,
        resource=request.resource,
        context=spelled(request),
        expected="allow",
        got="deny",
        why=why,
        role=session.role.policies.arn,
        resource_account=request.resource_account,
        statements=statements,
    )


def _nearest(explained: Decision) -> tuple[StatementRef, str] | None:
    """Return the first Allow that only its conditions keep from taking effect, and their keys."""
    misses = [one for one in explained.near_misses if one.effect == "Allow"]
    for ref in dict.fromkeys(one.statement for one in misses):
        of_it = [one for one in misses if one.statement == ref]
        if all(one.element == "Condition" for one in of_it):
            keys = dict.fromkeys(f"`{one.key}`" for one in of_it)
            return ref, " and ".join(keys)
    return None
