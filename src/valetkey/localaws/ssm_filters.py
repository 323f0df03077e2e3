"""The filters of DescribeParameters that are modelled; all of them must hold."""

from collections.abc import Callable, Iterable, Mapping

from valetkey.localaws.faults import AwsError
from valetkey.localaws.models import Params
from valetkey.localaws.ssm_names import below
from valetkey.localaws.ssm_parameters import Parameter

_TAG = "tag:"
_COMPARE: Mapping[str, Callable[[str, str], bool]] = {
    "Equals": lambda text, wanted: text == wanted,
    "BeginsWith": lambda text, wanted: text.startswith(wanted),
    "Contains": lambda text, wanted: wanted in text,
}
_READ: Mapping[str, Callable[[Parameter], str]] = {
    "Name": lambda parameter: parameter.name,
    "Type": lambda parameter: parameter.latest.kind,
    "Tier": lambda parameter: parameter.latest.tier,
}
_PATH_OPTIONS = {"Recursive": True, "OneLevel": False}


def filtered(parameters: Iterable[Parameter], params: Params) -> list[Parameter]:
    """Return the parameters that pass every filter of the request.

    Raises AwsError InvalidFilterKey, InvalidFilterOption or InvalidFilterValue.
    """
    tests = [_test(condition) for condition in params.get("ParameterFilters", ())]
    return [one for one in parameters if all(test(one) for test in tests)]


def _test(condition: Params) -> Callable[[Parameter], bool]:
    key, values = condition["Key"], condition.get("Values", [])
    if not values and not key.startswith(_TAG):
        raise AwsError("InvalidFilterValue", "A filter needs values.")
    if key == "Path":
        option = condition.get("Option", "OneLevel")
        if option not in _PATH_OPTIONS:
            raise AwsError("InvalidFilterOption", "Path takes Recursive or OneLevel.")
        deep = _PATH_OPTIONS[option]
        return lambda one: any(below(path, one.name, recursive=deep) for path in values)
    compare = _COMPARE.get(condition.get("Option", "Equals"))
    if compare is None:
        raise AwsError("InvalidFilterOption", f"Options are {', '.join(_COMPARE)}.")
    if key.startswith(_TAG):
        name = key.removeprefix(_TAG)
        return lambda one: (
            name in one.tags
            and (not values or any(compare(one.tags[name], value) for value in values))
        )
    read = _READ.get(key)
    if read is None:
        raise AwsError("InvalidFilterKey", f"Filters are {', '.join(_READ)}, Path and tag:….")
    return lambda one: any(compare(read(one), value) for value in values)
