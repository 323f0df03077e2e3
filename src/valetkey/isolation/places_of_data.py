"""Which resources there are at a place: what a request's ARN may be, by the action's shape."""

from collections.abc import Iterable
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
    """A resource and that it is one of its kind. `example` is a plain text for what is open; what
    is `likely` makes it one that a person knows.
    """

    resource: Text
    possible: Formula
    example: str = ""
    likely: Formula = TRUE


_TAIL: dict[Shape, str] = {Shape.OBJECT: "/", Shape.INDEX: "/index/", Shape.STREAM: "/stream/"}
"""What leads from the resource that has the policy to the one that is asked for."""

_HOLDER = {Shape.INDEX: "/index/", Shape.STREAM: "/stream/"}
"""What is in the ARN of such a resource itself."""

_RESOURCES_OF = {"bedrock": ("sagemaker",)}
"""Services of which another's actions have resources, too: endpoints of marketplace models."""

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


def anything(shapes: Iterable[Shape], *, action: str, role_arn: str) -> Located:
    """Return whatever the service may have as a resource: the shapes are but those forms (not an
    access point's, another partition's) that a person knows.
    """
    arn = split_arn(role_arn)
    account = arn.account if arn else ""
    head = f"arn:{arn.partition if arn else 'aws'}:{action.partition(':')[0]}:"
    likely: list[Formula] = []
    examples: list[str] = []
    for shape in shapes:
        if shape is Shape.ANY:
            likely.append(equal((REST,), ("*",)))
            examples.append("*")
        else:
            wanted, never = _ELSEWHERE[shape]
            not_that = TRUE if never is None else negated(like((REST,), (head, *never)))
            likely.append(all_of([like((REST,), (head, *wanted)), not_that]))
            examples.append(head + _example(wanted, account))
    service = action.partition(":")[0]
    possible = [equal((REST,), ("*",))]
    for one in (service, *_RESOURCES_OF.get(service, ())):
        possible.append(like((REST,), ("arn:", _PART, f":{one}:", STAR)))
    return Located((REST,), any_of(possible), next(iter(examples), ""), any_of(likely))


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
    itself = shape_of_holder(arn)
    if itself is not None:  # no table or bucket, but what is in one
        return Located((arn,), TRUE) if shape is itself else None
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


def shape_of_holder(arn: str) -> Shape | None:
    """Return what a resource that has a policy is, where it is in a table or a bucket itself."""
    parts = split_arn(arn)
    if parts is None:
        return None
    if parts.service == "dynamodb":
        return next((shape for shape, part in _HOLDER.items() if part in parts.resource), None)
    if parts.service == "s3" and not parts.region and "/" in parts.resource:
        return Shape.OBJECT
    return None
