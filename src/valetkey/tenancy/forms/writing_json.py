"""A policy set as plain JSON files: one a policy, and one ROLE.json a role with all that bears."""

from valetkey.tenancy.forms.names import Unique, last_name
from valetkey.tenancy.forms.role_files import role_file
from valetkey.tenancy.forms.written import (
    Written,
    apart,
    command_of,
    policy_text,
    resource_file,
    text_of_json,
    whole,
)
from valetkey.tenancy.policy_set import PolicySet


def json_files(policy_set: PolicySet) -> Written:
    """Return the files of a set. `NAME.role.json` is read back by `read_role_files`."""
    names = Unique()
    files: dict[str, str] = {}
    for role in whole(policy_set).roles:
        stem = names.plain(last_name(role.arn))
        files[f"{stem}.role.json"] = text_of_json(role_file(role, policy_set))
        files[f"{stem}.trust.json"] = text_of_json(role.trust)
        own = Unique({"role", "trust", "boundary"})
        for policy in role.permissions:
            files[f"{stem}.{own.plain(policy.name)}.json"] = text_of_json(policy.document)
        if role.boundary is not None:
            files[f"{stem}.boundary.json"] = text_of_json(role.boundary)
    if not policy_set.roles:
        return apart(policy_set, names)
    left = []
    for arn, document in policy_set.resource_policies.items():
        if document is not None:
            file = resource_file(arn, names)
            files[file] = policy_text(document)
            left.append(command_of(arn, file))
    for arn, document in policy_set.brokers.items():
        files[f"{names.plain(last_name(arn))}.broker.json"] = text_of_json(document)
    return Written(files, tuple(left))
