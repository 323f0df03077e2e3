"""The sizes and closed sets of AWS's own shapes, which botocore leaves to the service."""

from collections.abc import Iterable, Mapping
from typing import Any

from valetkey.localaws.faults import Service, Trouble, fault
from valetkey.localaws.models import input_shape

_SIZED = frozenset({"string", "list", "map"})
_NUMBERS = frozenset({"integer", "long"})


def check_limits(service: Service, operation: str, params: Mapping[str, Any]) -> None:
    """Return if no value is longer or larger than its shape's maximum, nor outside its enum.

    `params` have passed `check_params`. Raises AwsError otherwise; never repeats the value.
    """
    shape = input_shape(service, operation)
    if shape is not None:
        _check(service, shape, params, path=operation)


def _check(service: Service, shape: Any, value: Any, *, path: str) -> None:
    limit = shape.metadata.get("max")
    kind = shape.type_name
    if limit is not None and kind in _SIZED and len(value) > limit:
        raise fault(service, Trouble.INVALID, f"{path} is longer than {limit}")
    if limit is not None and kind in _NUMBERS and value > limit:
        raise fault(service, Trouble.INVALID, f"{path} is larger than {limit}")
    if kind == "string" and shape.enum and value not in shape.enum:
        raise fault(service, Trouble.INVALID, f"{path} is none of {', '.join(shape.enum)}")
    for name, member_shape, member in _members(shape, value):
        _check(service, member_shape, member, path=f"{path}.{name}")


def _members(shape: Any, value: Any) -> Iterable[tuple[str, Any, Any]]:
    if shape.type_name == "structure":
        return [(name, shape.members[name], member) for name, member in value.items()]
    if shape.type_name == "list":
        return [("member", shape.member, member) for member in value]
    if shape.type_name == "map":
        return [("value", shape.value, member) for member in value.values()]
    return ()
