"""Parameter Store: names are read once, each is decided on, and only then looked up or changed."""

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any

from valetkey.iam import ContextValue
from valetkey.localaws.decisions import Ask
from valetkey.localaws.faults import AwsError, Service, Trouble, fault
from valetkey.localaws.http import Answer
from valetkey.localaws.json_limits import check_limits
from valetkey.localaws.json_protocol import Require, json_answer
from valetkey.localaws.models import Params
from valetkey.localaws.pages import page
from valetkey.localaws.service_tags import merged_tags, request_tags, tag_list, tagging
from valetkey.localaws.ssm_actions import LABELS, OPERATIONS, READS, SEVERAL, TAGS, UNMODELLED
from valetkey.localaws.ssm_filters import filtered
from valetkey.localaws.ssm_names import Names, Wanted, below
from valetkey.localaws.ssm_parameters import (
    Parameter,
    described,
    remembered,
    selected_value,
    shown,
)
from valetkey.localaws.ssm_writing import put, relabel
from valetkey.localaws.storage import Storage
from valetkey.localaws.surroundings import tag_context

_BAD_TOKEN = "InvalidNextToken"  # noqa: S105


@dataclass(frozen=True, slots=True)
class ParameterService:
    """Answers Parameter Store for verified callers. Holds the parameters itself."""

    storage: Storage
    clock: Callable[[], float] = time.time
    stored: dict[str, Parameter] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Forget the parameters with everything else."""
        self.storage.at_close(self.stored.clear)

    def operations(self) -> Collection[str]:
        """Return the names of the operations that are modelled."""
        return OPERATIONS

    def run(self, operation: str, params: Params, *, require: Require) -> Answer:
        """Return Parameter Store's answer. Raises AwsError for a denial."""
        refused = sorted(UNMODELLED.get(operation, frozenset()) & set(params))
        if refused:
            raise fault(Service.SSM, Trouble.UNSUPPORTED, f"{refused[0]} is not modelled")
        check_limits(Service.SSM, operation, params)
        names = Names(self.stored, region=self.storage.region, account=self.storage.account)
        call = _Call(operation, params, self.stored, names, require, self.clock())
        return json_answer(Service.SSM, _run(call))


@dataclass(frozen=True, slots=True)
class _Call:
    """One operation by one caller, at one instant."""

    operation: str
    params: Params
    stored: dict[str, Parameter]
    names: Names
    require: Require
    now: float

    @property
    def decrypted(self) -> bool:
        """True if SecureStrings are to be shown."""
        return bool(self.params.get("WithDecryption", False))

    def decide(self, name: str, context: dict[str, ContextValue] | None = None) -> Parameter | None:
        """Return the parameter, None where there is none, once the operation is allowed on it."""
        parameter = self.stored.get(name)
        found = dict(context or {})
        if parameter is not None:
            for prefix in ("aws:ResourceTag", "ssm:resourceTag"):
                found |= tag_context(parameter.tags, prefix=prefix)
        self.require(Ask(f"ssm:{self.operation}", self.names.arn(name), found))
        return parameter

    def existing(self, name: str, context: dict[str, ContextValue] | None = None) -> Parameter:
        """Return the parameter once allowed. Raises AwsError `ParameterNotFound`."""
        parameter = self.decide(name, context)
        if parameter is None:
            raise AwsError("ParameterNotFound", "The parameter does not exist.")
        return parameter


def _run(call: _Call) -> dict[str, Any]:
    if call.operation in READS:
        return _read(call)
    if call.operation in SEVERAL:
        return _several(call)
    if call.operation in TAGS:
        return _tags(call)
    if call.operation in LABELS:
        parameter = call.existing(call.names.plain(call.params["Name"]))
        return relabel(call.operation, parameter, call.params)
    if call.operation == "DeleteParameter":
        del call.stored[call.existing(call.names.plain(call.params["Name"])).name]
        return {}
    if call.operation == "PutParameter":
        return _put(call)
    return _by_path(call) if call.operation == "GetParametersByPath" else _describe(call)


def _read(call: _Call) -> dict[str, Any]:
    wanted = call.names.wanted(call.params["Name"])
    if call.operation == "GetParameter":
        parameter = call.existing(wanted.name)
        return {"Parameter": selected_value(wanted, parameter, decrypted=call.decrypted)}
    if wanted.selector is not None:
        raise _invalid("GetParameterHistory takes no version or label.")
    parameter = call.existing(wanted.name)
    some, more = page(parameter.versions, call.params, size=50, bad_token=_BAD_TOKEN)
    rows = [remembered(parameter, version, decrypted=call.decrypted) for version in some]
    return {"Parameters": rows, **more}


def _several(call: _Call) -> dict[str, Any]:
    """Decide on each name before any is looked at: one denial denies the whole."""
    given = call.params["Names"]
    if len(set(given)) != len(given):
        raise _invalid("A name comes twice.")
    if call.operation == "GetParameters":
        return _get_several(call, [call.names.wanted(text) for text in given])
    names = [call.names.plain(text) for text in given]
    there = [parameter.name for name in names if (parameter := call.decide(name)) is not None]
    for name in there:
        del call.stored[name]
    missing = [name for name in names if name not in there]
    return {"DeletedParameters": there, "InvalidParameters": missing}


def _get_several(call: _Call, asked: list[Wanted]) -> dict[str, Any]:
    there = [(wanted, call.decide(wanted.name)) for wanted in asked]
    values: list[dict[str, Any]] = []
    missing: list[str] = []
    for wanted, parameter in there:
        if parameter is None or parameter.selected(wanted.selector) is None:
            missing.append(wanted.given)
        else:
            values.append(selected_value(wanted, parameter, decrypted=call.decrypted))
    return {"Parameters": values, "InvalidParameters": missing}


def _tags(call: _Call) -> dict[str, Any]:
    if call.params["ResourceType"] != "Parameter":
        raise fault(Service.SSM, Trouble.UNSUPPORTED, "only the tags of parameters are modelled")
    parameter = call.decide(call.names.plain(call.params["ResourceId"]), tagging(call.params))
    if parameter is None:
        raise AwsError("InvalidResourceId", "The resource ID is not valid.")
    if call.operation == "ListTagsForResource":
        return {"TagList": tag_list(parameter.tags)}
    gone = call.params.get("TagKeys", ())
    kept = {key: value for key, value in parameter.tags.items() if key not in gone}
    parameter.tags = merged_tags(kept, request_tags(call.params))
    return {}


def _put(call: _Call) -> dict[str, Any]:
    """Store a version. A parameter that comes with tags needs AddTagsToResource too."""
    params = call.params
    name = call.names.plain(params["Name"])
    context = tagging(params)
    overwrite = "true" if params.get("Overwrite", False) else "false"
    before = call.decide(name, {**context, "ssm:Overwrite": overwrite})
    if params.get("Tags"):
        call.require(Ask("ssm:AddTagsToResource", call.names.arn(name), context))
    call.names.new(name)
    parameter = put(before, params, arn=call.names.arn(name), now=call.now)
    call.stored[name] = parameter
    return {"Version": parameter.latest.number, "Tier": parameter.latest.tier}


def _by_path(call: _Call) -> dict[str, Any]:
    """Return what is below a path, decided on the path alone as AWS does, not on each parameter.

    So a Deny on one of them does not hide it from whoever may read the path above it ("How
    Parameter Store authorizes parameter retrieval", Systems Manager user guide).
    """
    path = call.names.path(call.params["Path"])
    recursive = call.params.get("Recursive", False)
    context: dict[str, ContextValue] = {"ssm:Recursive": "true" if recursive else "false"}
    call.require(Ask("ssm:GetParametersByPath", call.names.arn(path), context))
    under = [one for one in _sorted(call) if below(path, one.name, recursive=recursive)]
    some, more = page(under, call.params, size=10, bad_token=_BAD_TOKEN)
    rows = [shown(one, one.latest, decrypted=call.decrypted) for one in some]
    return {"Parameters": rows, **more}


def _describe(call: _Call) -> dict[str, Any]:
    call.require(Ask("ssm:DescribeParameters", "*"))
    matching = filtered(_sorted(call), call.params)
    some, more = page(matching, call.params, size=50, bad_token=_BAD_TOKEN)
    return {"Parameters": [described(one) for one in some], **more}


def _sorted(call: _Call) -> list[Parameter]:
    return [call.stored[name] for name in sorted(call.stored)]


def _invalid(message: str) -> AwsError:
    return fault(Service.SSM, Trouble.INVALID, message)
