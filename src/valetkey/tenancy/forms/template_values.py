"""The values of a CloudFormation template: intrinsic functions as far as the template decides them.

CloudFormation Template Reference, "Intrinsic functions" and "Pseudo parameters". What only a
deployment decides is an error that names the place; nothing is guessed.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from valetkey.iam.document import quoted, scalar_text
from valetkey.tenancy.forms.surroundings import Surroundings
from valetkey.tenancy.forms.values import (
    decided,
    joinable,
    list_of,
    malformed,
    not_known,
    object_of,
    text_of,
)

NO_VALUE = object()
"""What `AWS::NoValue` is: the member that has it is not there."""

GIVEN_PSEUDO = frozenset({"AWS::NotificationARNs", "AWS::StackId", "AWS::StackName"})
"""Pseudo parameters that are known only where they are given like a parameter."""

_IN_SUB = re.compile(r"\$\{(!?)([^}]*)\}")


@dataclass(frozen=True, slots=True)
class Template:
    """A template with what was said about its deployment.

    `parameters` are the values of parameters, and the physical names of resources by logical id.
    `reference` and `attribute` know what `Ref` and `Fn::GetAtt` of a resource are.
    """

    source: Mapping[str, Any]
    surroundings: Surroundings
    parameters: Mapping[str, str]
    reference: Callable[["Template", str, str], str]
    attribute: Callable[["Template", str, str, str], str]
    name: str = "template"
    conditions: dict[str, bool] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)
    """Parameters whose defaults were taken, for nothing else was said."""

    def section(self, name: str) -> Mapping[str, Any]:
        """Return a top-level section, empty where the template has none."""
        return object_of(self.source.get(name, {}), f"{self.name}: {name}")

    def value(self, written: Any, place: str) -> Any:
        """Return what is written, with every function replaced by its value.

        Raises TenancyError `policy-source-undecided` for what the template alone does not say.
        """
        if isinstance(written, list | tuple):
            values = [self.value(one, f"{place}[{i}]") for i, one in enumerate(written)]
            return [one for one in values if one is not NO_VALUE]
        if not isinstance(written, Mapping):
            return decided(written, place)
        function = next(iter(written)) if len(written) == 1 else ""
        if function in _FUNCTIONS:
            here = f"{place}.{function}"
            return decided(_FUNCTIONS[function](self, written[function], here), place)
        if function.startswith("Fn::"):
            raise not_known(place, f"uses {quoted(function)}, which only a deployment decides")
        members = {name: self.value(one, f"{place}.{name}") for name, one in written.items()}
        return {name: one for name, one in members.items() if one is not NO_VALUE}

    def text(self, written: Any, place: str) -> str:
        """Return what is written as text that is not empty."""
        return text_of(self.value(written, place), place)

    def led(self, written: Any, place: str) -> Any:
        """Return what is written where `Fn::If` leads to, NO_VALUE where nothing is."""
        while isinstance(written, Mapping) and len(written) == 1:
            function, operand = next(iter(written.items()))
            if (function, operand) == ("Ref", "AWS::NoValue"):
                return NO_VALUE
            if function != "Fn::If":
                break
            written = _chosen(self, operand, f"{place}.{function}")
        return written

    def holds(self, name: str, place: str) -> bool:
        """Return whether a condition of the template holds."""
        if name not in self.conditions:
            written = self.section("Conditions").get(name)
            if written is None:
                raise malformed(place, f"names the condition {quoted(name)}, which is not there")
            self.conditions[name] = _holds(self, written, f"{self.name}: Conditions.{name}")
        return self.conditions[name]


def _holds(template: Template, written: Any, place: str) -> bool:
    """Return whether a condition function says yes ("Condition functions")."""
    function, operands = _only_member(written, place)
    if function == "Condition":
        return template.holds(text_of(operands, place), place)
    parts = list_of(operands, place)
    if function == "Fn::Equals" and len(parts) == 2:
        first, second = (template.value(one, place) for one in parts)
        return bool(first == second) or scalar_text(first) == scalar_text(second) is not None
    answers = [_holds(template, one, place) for one in parts]
    if function == "Fn::Not" and len(answers) == 1:
        return not answers[0]
    if function in ("Fn::And", "Fn::Or") and answers:
        return all(answers) if function == "Fn::And" else any(answers)
    raise malformed(place, f"is not a condition: {quoted(function)}")


def _only_member(written: Any, place: str) -> tuple[str, Any]:
    found = object_of(written, place)
    if len(found) != 1:
        raise malformed(place, "is not one function")
    return next(iter(found.items()))


def _ref(template: Template, name: Any, place: str) -> Any:
    given = text_of(name, place)
    if given.startswith("AWS::"):
        return _pseudo(template, given, place)
    declared = template.section("Parameters").get(given)
    if declared is None:
        return template.reference(template, given, place)
    parameter = object_of(declared, f"{template.name}: Parameters.{given}")
    kind = str(parameter.get("Type", "String"))
    value = template.parameters.get(given)
    if value is None and not kind.startswith("AWS::SSM::"):  # there the default is a name
        value = parameter.get("Default")
        if value is not None:
            template.taken.add(given)
    if value is None:
        hint = f"say it with `--parameter {given}=VALUE`"
        raise not_known(place, f"needs the parameter {quoted(given)}", hint=hint)
    is_list = kind == "CommaDelimitedList" or kind.startswith("List<")
    return [one.strip() for one in str(value).split(",")] if is_list else str(value)


def _pseudo(template: Template, name: str, place: str) -> Any:
    around = template.surroundings
    if name == "AWS::AccountId":
        return around.account_at(place)
    if name == "AWS::Region":
        return around.region_at(place)
    if name == "AWS::Partition":
        return around.partition
    if name == "AWS::URLSuffix":
        return "amazonaws.com.cn" if around.partition == "aws-cn" else "amazonaws.com"
    if name == "AWS::NoValue":
        return NO_VALUE
    if name in template.parameters:
        return template.parameters[name]
    hint = f"say it with `--parameter {name}=VALUE`"
    raise not_known(place, f"needs {quoted(name)}, which only a deployment decides", hint=hint)


def _get_att(template: Template, operand: Any, place: str) -> str:
    parts = operand.split(".", 1) if isinstance(operand, str) else list(list_of(operand, place))
    if len(parts) != 2:
        raise malformed(place, "is not a resource and its attribute")
    attribute = template.text(parts[1], place)
    return template.attribute(template, text_of(parts[0], place), attribute, place)


def _sub(template: Template, operand: Any, place: str) -> str:
    parts = [operand, {}] if isinstance(operand, str) else list(list_of(operand, place))
    if len(parts) != 2:
        raise malformed(place, "is not a text with its variables")
    own = object_of(parts[1], place)

    def replaced(match: re.Match[str]) -> str:
        literal, name = match[1], match[2]
        if literal:  # `${!Name}` is the text `${Name}`
            return f"${{{name}}}"
        if name in own:
            return joinable(template.value(own[name], f"{place}.{name}"), place)
        if "." in name:
            return _get_att(template, name, place)
        return joinable(_ref(template, name.strip(), place), place)

    return _IN_SUB.sub(replaced, text_of(parts[0], place))


def _join(template: Template, operand: Any, place: str) -> str:
    parts = list_of(operand, place)
    if len(parts) != 2 or not isinstance(parts[0], str):
        raise malformed(place, "is not a delimiter and a list")
    return parts[0].join(joinable(one, place) for one in _listed(template, parts[1], place))


def _listed(template: Template, written: Any, place: str) -> tuple[Any, ...]:
    return list_of(template.value(written, place), place)


def _split(template: Template, operand: Any, place: str) -> list[str]:
    parts = list_of(operand, place)
    if len(parts) != 2:
        raise malformed(place, "is not a delimiter and a text")
    return template.text(parts[1], place).split(text_of(parts[0], place))


def _select(template: Template, operand: Any, place: str) -> Any:
    parts = list_of(operand, place)
    if len(parts) != 2:
        raise malformed(place, "is not an index and a list")
    index = str(template.value(parts[0], place))
    values = _listed(template, parts[1], place)
    if not index.isdigit() or int(index) >= len(values):
        raise malformed(place, "selects what is not in the list")
    return values[int(index)]


def _if(template: Template, operand: Any, place: str) -> Any:
    return template.value(_chosen(template, operand, place), place)


def _chosen(template: Template, operand: Any, place: str) -> Any:
    parts = list_of(operand, place)
    if len(parts) != 3:
        raise malformed(place, "is not a condition and two values")
    return parts[1] if template.holds(text_of(parts[0], place), place) else parts[2]


def _find_in_map(template: Template, operand: Any, place: str) -> Any:
    keys = [template.text(one, place) for one in list_of(operand, place)]
    found: Any = template.section("Mappings")
    for key in keys:
        found = object_of(found, place).get(key)
    if len(keys) != 3 or found is None:
        raise malformed(place, "is not in the template's mappings")
    return found


_FUNCTIONS: dict[str, Callable[[Template, Any, str], Any]] = {
    "Ref": _ref,
    "Fn::GetAtt": _get_att,
    "Fn::Sub": _sub,
    "Fn::Join": _join,
    "Fn::Split": _split,
    "Fn::Select": _select,
    "Fn::If": _if,
    "Fn::FindInMap": _find_in_map,
}
