"""What a writer makes: files, and what their form can't carry and somebody must attach by hand."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from valetkey.tenancy.errors import TenancyError
from valetkey.tenancy.forms.names import Unique, account_of, kind_of, resource_name, service_of
from valetkey.tenancy.forms.role_files import apart_file
from valetkey.tenancy.policy_set import Document, PolicySet

APART = "apart.json"
"""The file of what another form can't carry, as `valetkey prove --role` reads it."""


_MOST_WITH_SPACE = 20_000  # DynamoDB and S3 take 20 KB and count white space


@dataclass(frozen=True, slots=True)
class Written:
    """Files by name, each the text of a JSON value, and lines that say what is left to do."""

    files: Mapping[str, str]
    left: tuple[str, ...] = ()


def text_of_json(value: object) -> str:
    """Return JSON for people: members in their order, two spaces, ASCII, a line end."""
    return json.dumps(value, indent=2, default=_number) + "\n"


def policy_text(document: Document) -> str:
    """Return a resource's policy as a file; without white space where AWS would count too much."""
    text = text_of_json(document)
    return text if len(text) <= _MOST_WITH_SPACE else compact(document)


def compact(value: object) -> str:
    """Return JSON without white space, as AWS counts it."""
    return json.dumps(value, separators=(",", ":"), default=_number)


def _number(value: object) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    raise TypeError(type(value).__name__)


def whole(policy_set: PolicySet) -> PolicySet:
    """Return the set where nothing of it is unread.

    Raises TenancyError `policy-form-unread`: what was not read can't be written, and read back
    the rest would look like all there is.
    """
    if policy_set.unread:
        raise TenancyError(
            "policy-form-unread", f"the policies are not all known: {policy_set.unread[0]}"
        )
    return policy_set


def own_account(policy_set: PolicySet) -> str:
    """Return the one account of all roles. Raises TenancyError `policy-form-unfit`."""
    accounts = sorted({account_of(role.arn) for role in policy_set.roles})
    if len(accounts) > 1:
        raise TenancyError(
            "policy-form-unfit",
            f"the roles are of several accounts ({', '.join(accounts)}), which are not deployed "
            "together",
            hint="use `--form json`, or `--grant` for one role at a time",
        )
    return accounts[0] if accounts else ""


def resource_file(arn: str, names: Unique) -> str:
    """Return the file name of a resource's policy."""
    return names.plain(f"{kind_of(arn)}-{resource_name(arn)}") + ".policy.json"


def apart(policy_set: PolicySet, names: Unique) -> Written:
    """Return the files of policies that stand by themselves, with the command for each."""
    rest = apart_file(policy_set)
    if not rest:
        return Written({})
    files = {APART: text_of_json(rest)}
    left = []
    for arn, document in policy_set.resource_policies.items():
        if document is not None:
            file = resource_file(arn, names)
            files[file] = policy_text(document)
            left.append(command_of(arn, file))
    for arn, document in policy_set.brokers.items():
        file = names.plain(f"{resource_name(arn)}.broker") + ".json"
        files[file] = text_of_json(document)
        left.append(f"give {arn} the policy of {file}, in its account")
    return Written(files, tuple(left))


def command_of(arn: str, file: str) -> str:
    """Return what attaches the policy, or says how."""
    name = resource_name(arn)
    commands = {
        "s3": f"aws s3api put-bucket-policy --bucket {name} --policy file://{file}",
        "dynamodb": f"aws dynamodb put-resource-policy --resource-arn {arn} --policy file://{file}",
        "secretsmanager": "aws secretsmanager put-resource-policy --secret-id "
        f"{arn} --resource-policy file://{file}",
        "kms": f"aws kms put-key-policy --key-id {name} --policy-name default "
        f"--policy file://{file}",
    }
    return commands.get(service_of(arn), f"give {arn} the statements of {file}")
