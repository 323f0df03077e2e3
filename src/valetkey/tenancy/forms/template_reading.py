"""A CloudFormation template, also one that CDK made, as the set of policies that it deploys."""

from collections.abc import Mapping

from valetkey.tenancy.forms.gathering import EVERY_ROLE, Gathering, Wanted
from valetkey.tenancy.forms.surroundings import Surroundings
from valetkey.tenancy.forms.template_names import attribute, reference
from valetkey.tenancy.forms.template_resources import read_resources
from valetkey.tenancy.forms.template_roles import read_roles
from valetkey.tenancy.forms.template_values import Template
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
    if "Transform" in source or "Fn::Transform" in object_of(source["Resources"], name):
        hint = "bring the processed template: `aws cloudformation get-template --template-stage "
        raise malformed(name, "has a transform, which can add anything", hint=f"{hint}Processed`")
    template = Template(source, surroundings, parameters or {}, reference, attribute, name)
    found = Gathering(wanted)
    try:
        read_roles(template, found)
        read_resources(template, found)
    except RecursionError:
        raise malformed(name, "has a value that refers to itself") from None
    return found.policy_set()
