"""A CloudFormation template, also one that CDK made, as the set of policies that it deploys."""

from collections.abc import Mapping
from typing import Any

from valetkey.iam.document import quoted
from valetkey.tenancy.forms.gathering import EVERY_ROLE, Gathering, Wanted
from valetkey.tenancy.forms.surroundings import Surroundings
from valetkey.tenancy.forms.template_names import attribute, reference
from valetkey.tenancy.forms.template_resources import read_resources
from valetkey.tenancy.forms.template_roles import read_roles
from valetkey.tenancy.forms.template_values import GIVEN_PSEUDO, Template
from valetkey.tenancy.forms.values import malformed, object_of, source_of, text_of_bytes
from valetkey.tenancy.policy_set import PolicySet


def read_template(
    text: str | bytes,
    surroundings: Surroundings,
    *,
    name: str = "template",
    parameters: Mapping[str, str] | None = None,
    wanted: Wanted = EVERY_ROLE,
) -> PolicySet:
    """Return the policies of a template of JSON.

    `parameters` are values of its parameters and, by logical id, names of resources that it does
    not name. Raises TenancyError `policy-source-malformed` for what is not understood and
    `policy-source-undecided` for what bears on a wanted role and only a deployment decides;
    other such policies are reasons in `unread`.
    """
    if text_of_bytes(text, name).lstrip()[:1] != "{":
        hint = (
            "bring YAML as JSON: `cdk synth --json`, or what `aws cloudformation get-template` says"
        )
        raise malformed(name, "is not JSON", hint=hint)
    source = source_of(text, name)
    if "Resources" not in source:
        raise malformed(name, "is not a CloudFormation template: it has no `Resources`")
    if _has_transform(source):
        hint = "bring the processed template: `aws cloudformation get-template --template-stage "
        raise malformed(name, "has a transform, which can add anything", hint=f"{hint}Processed`")
    template = Template(source, surroundings, parameters or {}, reference, attribute, name)
    found = Gathering(wanted)
    try:
        read_roles(template, found)
        read_resources(template, found)
    except RecursionError:
        why = "is nested too deep, or has a value that refers to itself"
        raise malformed(name, why) from None
    found.taken.extend(_default(template, one) for one in sorted(template.taken))
    return found.policy_set()


def names_of(text: str | bytes, name: str) -> frozenset[str]:
    """Return all that a value can be given for: parameters, resources and pseudo parameters."""
    source = source_of(text, name)
    sections = (object_of(source.get(one, {}), name) for one in ("Parameters", "Resources"))
    return frozenset(named for section in sections for named in section) | GIVEN_PSEUDO


def _has_transform(source: Mapping[str, Any]) -> bool:
    """Return whether something in the template is made at deployment, and so is not here.

    A macro that stands in a resource may change all that stands beside it.
    """
    left: list[Any] = [source.get(one) for one in _TRANSFORMED]
    while left:
        one = left.pop()
        if isinstance(one, Mapping):
            if any(str(key).startswith(("Fn::Transform", "Fn::ForEach")) for key in one):
                return True
            left.extend(one.values())
        elif isinstance(one, list | tuple):
            left.extend(one)
    return "Transform" in source or "Fn::Transform" in source


_TRANSFORMED = ("Resources", "Conditions", "Mappings", "Parameters")


def _default(template: Template, parameter: str) -> str:
    declared = template.section("Parameters")[parameter]
    hidden = str(declared.get("NoEcho", "false")).lower() == "true"
    value = "" if hidden else f" {quoted(str(declared['Default']))}"
    return f"the parameter {quoted(parameter)} of {quoted(template.name)} has its default{value}"
