"""The shapes of AWS's operations, from botocore's own data: what a request may contain.

A request that does not fit its shape is refused: an unknown member can't mean something else to
the storage than it did to us.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from botocore.validate import ParamValidator

from valetkey.localaws.bare_session import bare_session
from valetkey.localaws.faults import AwsError, Service, Trouble, fault

Params = dict[str, Any]


@cache
def _service(service: Service) -> Any:
    return bare_session().get_service_model(service.value)


@cache
def is_region(name: str) -> bool:
    """True for a region of AWS's standard partition."""
    return name in bare_session().get_available_regions("dynamodb")


@cache
def input_shape(service: Service, operation: str) -> Any:
    """Return the input shape of an operation, or None if it takes nothing."""
    return _service(service).operation_model(operation).input_shape


@cache
def api_version(service: Service) -> str:
    """Return the API version that the Query protocol sends."""
    return str(_service(service).api_version)


def check_params(service: Service, operation: str, params: Mapping[str, Any]) -> None:
    """Return if `params` fit the operation's shape. Raises AwsError for whatever does not."""
    shape = input_shape(service, operation)
    if shape is None:
        if params:
            raise fault(service, Trouble.INVALID, f"{operation} takes no parameters")
        return
    try:
        _refuse_unknown(service, shape, params, path="")
        report = ParamValidator().validate(params, shape)
    except RecursionError:
        text = "Nesting Levels have exceeded supported limits"
        raise fault(service, Trouble.INVALID, text) from None
    if report.has_errors():
        raise fault(service, Trouble.INVALID, report.generate_report())


def _refuse_unknown(service: Service, shape: Any, value: Any, *, path: str) -> None:
    """botocore reports unknown members at the top only; here at every depth."""
    if shape.type_name == "structure":
        if not isinstance(value, dict):
            raise fault(service, Trouble.INVALID, f"{path or 'the request'} must be a structure")
        for name, member in value.items():
            if name not in shape.members:
                raise fault(service, Trouble.INVALID, f"unknown parameter {path}{name}")
            _refuse_unknown(service, shape.members[name], member, path=f"{path}{name}.")
    elif shape.type_name == "list" and isinstance(value, list):
        for member in value:
            _refuse_unknown(service, shape.member, member, path=path)
    elif shape.type_name == "map" and isinstance(value, dict):
        for member in value.values():
            _refuse_unknown(service, shape.value, member, path=path)


def fail_operation(service: Service, operation: str) -> AwsError:
    """Return the refusal of an operation that is not modelled: unknown is no."""
    return fault(
        service,
        Trouble.UNSUPPORTED,
        f"valetkey's local AWS does not model {service.value}:{operation}; it refuses what it "
        "cannot map to an IAM action.",
    )
