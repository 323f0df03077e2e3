"""Can one run reach another tenant? A map and its policies: proved, refuted, or unknown and why."""

from valetkey.isolation.answer import (
    Answer,
    Assumption,
    Report,
    Theorem,
    TheoremAnswer,
    Verdict,
    Witness,
)
from valetkey.isolation.errors import IsolationError
from valetkey.isolation.problem import Problem, problem_of
from valetkey.isolation.proving import Answered, conclude, prove, questions, verdict
from valetkey.isolation.question import Asked, Question, Settled

__all__ = [
    "Answer",
    "Answered",
    "Asked",
    "Assumption",
    "IsolationError",
    "Problem",
    "Question",
    "Report",
    "Settled",
    "Theorem",
    "TheoremAnswer",
    "Verdict",
    "Witness",
    "conclude",
    "problem_of",
    "prove",
    "questions",
    "verdict",
]
