"""What PutParameter and the labels change, once it is decided."""

import re
from typing import Any

from valetkey.localaws.faults import AwsError, Service, Trouble, fault
from valetkey.localaws.models import Params
from valetkey.localaws.service_tags import request_tags
from valetkey.localaws.ssm_parameters import Parameter, ParameterVersion

STANDARD_BYTES = 4_096
ADVANCED_BYTES = 8_192
MAX_LABELS = 10
DEFAULT_KEY = "alias/aws/ssm"
_LABEL = re.compile(r"(?!aws|ssm|[0-9])[A-Za-z0-9_.-]{1,100}", re.IGNORECASE)


def put(before: Parameter | None, params: Params, *, arn: str, now: float) -> Parameter:
    """Return the parameter with its new version. Raises AwsError for what does not fit.

    Without Overwrite nothing that exists is changed; a type never changes; tags come with a new
    parameter only ("PutParameter", SSM API reference).
    """
    overwrite = params.get("Overwrite", False)
    if before is not None and not overwrite:
        raise AwsError("ParameterAlreadyExists", "The parameter already exists: use Overwrite.")
    if overwrite and params.get("Tags"):
        raise _invalid("Tags and Overwrite can't be used together.")
    kind = params.get("Type", before.latest.kind if before else None)
    if kind is None:
        raise _invalid("A new parameter needs a Type.")
    if before is not None and kind != before.latest.kind:
        raise AwsError("HierarchyTypeMismatchException", "The type of a parameter can't change.")
    version = _version(before, params, kind=kind, now=now)
    if before is None:
        return Parameter(params["Name"], arn, [version], request_tags(params))
    before.add(version)
    return before


def _version(
    before: Parameter | None, params: Params, *, kind: str, now: float
) -> ParameterVersion:
    value, data_type = params["Value"], params.get("DataType", "text")
    size = len(value.encode())
    tier = params.get("Tier", before.latest.tier if before else "Standard")
    if tier == "Intelligent-Tiering":
        tier = "Standard" if size <= STANDARD_BYTES else "Advanced"
    if size > (STANDARD_BYTES if tier == "Standard" else ADVANCED_BYTES):
        raise _invalid(f"The value is too large for the tier {tier}.")
    if not value or data_type != "text":
        raise _invalid("A parameter has a value, and text is the only data type here.")
    if "KeyId" in params and kind != "SecureString":
        raise _invalid("KeyId is for a SecureString.")
    return ParameterVersion(
        number=before.latest.number + 1 if before else 1,
        value=value,
        kind=kind,
        modified=now,
        tier=tier,
        data_type=data_type,
        description=params.get("Description", before.latest.description if before else ""),
        key_id=params.get("KeyId", DEFAULT_KEY) if kind == "SecureString" else None,
    )


def relabel(operation: str, parameter: Parameter, params: Params) -> dict[str, Any]:
    """Put labels on a version, or take them from it. Raises AwsError for an unknown version."""
    number = params.get("ParameterVersion", parameter.latest.number)
    version = parameter.selected(str(number)) if isinstance(number, int) else None
    if version is None or version.number != number:
        raise AwsError("ParameterVersionNotFound", "The parameter has no such version.")
    asked = tuple(dict.fromkeys(params["Labels"]))
    if operation == "UnlabelParameterVersion":
        held = tuple(label for label in asked if label in version.labels)
        parameter.unlabel(number, held)
        return {"RemovedLabels": list(held), "InvalidLabels": [x for x in asked if x not in held]}
    good = tuple(label for label in asked if _LABEL.fullmatch(label))
    if len({*version.labels, *good}) > MAX_LABELS:
        raise AwsError(
            "ParameterVersionLabelLimitExceeded", f"A version has at most {MAX_LABELS} labels."
        )
    parameter.relabel(number, good)
    bad = [label for label in asked if label not in good]
    return {"InvalidLabels": bad, "ParameterVersion": number}


def _invalid(message: str) -> AwsError:
    return fault(Service.SSM, Trouble.INVALID, message)
