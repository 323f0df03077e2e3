"""Which resources there are at a place: what a request's ARN may be, by the action's shape."""

from dataclasses import dataclass

from valetkey.iam.arn import split_arn
from valetkey.iam.glob import STAR, Wild
from valetkey.isolation.comparing import equal, like
from valetkey.isolation.formula import (
    TRUE,
    Formula,
    Pattern,
    Symbol,
    Text,
    all_of,
    any_of,
    negated,
    text,
)
from valetkey.isolation.problem import Place
from valetkey.tenancy import Shape

REST = Symbol("resource.rest")
"""What follows the part of an ARN that is known."""

_PART, _SOME = Wild.STAR_IN_PART, Wild.ONE


@dataclass(frozen=True, slots=True)
class Located:
    """A resource and that it is one of its kind. `example` is a plain text for what is open."""

    resource: Text
    possible: Formula
    example: str = ""


_TAIL: dict[Shape, str] = {Shape.OBJECT: "/", Shape.INDEX: "/index/", Shape.STREAM: "/stream/"}
"""What leads from the resource that has the policy to the one that is asked for."""

_ELSEWHERE: dict[Shape, tuple[Pattern, Pattern | None]] = {
    Shape.TABLE: ((_PART, ":", _PART, ":table/", _SOME, STAR), (STAR, "/", STAR, "/", STAR)),
    Shape.INDEX: ((_PART, ":", _PART, ":table/", _SOME, STAR, "/index/", _SOME, STAR), None),
    Shape.STREAM: ((_PART, ":", _PART, ":table/", _SOME, STAR, "/stream/", _SOME, STAR), None),
    Shape.BUCKET: (("::", _SOME, STAR), (STAR, "/", STAR)),
    Shape.OBJECT: (("::", _SOME, STAR, "/", _SOME, STAR), ("::/", STAR)),
    Shape.QUEUE: ((_PART, ":", _PART, ":", _SOME, STAR), None),
    Shape.SECRET: ((_PART, ":", _PART, ":secret:", _SOME, STAR), None),
    Shape.PARAMETER: ((_PART, ":", _PART, ":parameter/", _SOME, STAR), None),
    Shape.FUNCTION: ((_PART, ":", _PART, ":function:", _SOME, STAR), None),
    Shape.KEY: ((_PART, ":", _PART, ":key/", _SOME, STAR), (STAR, ":", STAR, ":", STAR, ":", STAR)),
    Shape.MODEL: ((_PART, ":", _PART, ":", _SOME, STAR), None),
    Shape.ROLE: ((":", _PART, ":role/", _SOME, STAR), None),
}
"""After `arn:<partition>:<service>:`, what such an ARN is, and what it is not."""


def located(place: Place, shape: Shape | None, *, action: str, role_arn: str) -> Located | None:
    """Return the resources of the shape at the place; None where it can have none.

    A function's ARN may go on with a version or an alias. An action of which nothing is known is
    asked about with any text.
    """
    if place.arn is not None:
        return _known(place.arn, shape)
    if shape is None:
        return Located((REST,), like((REST,), (_SOME, STAR)))
    if shape is Shape.ANY:
        return Located(("*",), TRUE)
    arn = split_arn(role_arn)
    service = action.partition(":")[0]
    head = f"arn:{arn.partition if arn else 'aws'}:{service}:"
    wanted, never = _ELSEWHERE[shape]
    possible = like((REST,), wanted)
    if never is not None:
        possible = all_of([possible, negated(like((REST,), never))])
    return Located(text(head, REST), possible, _example(wanted, arn.account if arn else ""))


def _example(wanted: Pattern, account: str) -> str:
    """Return a plain text of the pattern: a region, the account, then names."""
    unknown = iter(("eu-west-1", account) if wanted[0] is _PART else (account,))
    written = ""
    for part in wanted:
        if isinstance(part, str):
            written += part
        elif part is _PART:
            written += next(unknown, "")
        elif part is _SOME:
            written += "x"
    return written


def _known(arn: str, shape: Shape | None) -> Located | None:
    if shape is None or shape is Shape.ANY:
        return None
    if shape is Shape.FUNCTION:
        version = like((REST,), (":", _SOME, STAR))
        return Located(text(arn, REST), any_of([equal((REST,), ()), version]))
    tail = _TAIL.get(shape)
    if tail is None:
        return Located((arn,), TRUE)
    possible = like((REST,), (_SOME, STAR))
    if shape is not Shape.OBJECT:
        possible = all_of([possible, negated(like((REST,), (STAR, "/", STAR)))])
    return Located(text(arn, tail, REST), possible, "x")
