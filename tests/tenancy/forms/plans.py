"""Terraform plans and states for tests, and what is read of them."""

import json
from typing import Any

import pytest

from tests.tenancy.forms import sets
from tests.tenancy.forms.terraform import planned
from valetkey.errors import ValetkeyError
from valetkey.tenancy.forms import Surroundings, Wanted, read_plan
from valetkey.tenancy.policy_set import PolicySet

HERE = Surroundings(sets.ACCOUNT, sets.REGION)
TRUST = json.dumps(sets.TRUST).replace("${", "$${")
OWN = json.dumps(sets.OWN_OBJECTS).replace("${", "$${")
ROLE = {"name": "AgentTools", "path": "/", "assume_role_policy": TRUST}


def plan(**resources: dict[str, Any]) -> dict[str, Any]:
    """Return the plan of resources by type and label."""
    return planned({"resource": {"aws_iam_role": {"agent": ROLE}, **resources}})


def read(plan: dict[str, Any], wanted: Wanted | None = None) -> PolicySet:
    """Return the policies of a plan or state."""
    return read_plan(json.dumps(plan), HERE, name="p", wanted=wanted or Wanted())


def state(*resources: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    """Return a state with these resources: type and values of each."""
    listed = [
        {"address": f"{kind}.r{i}", "mode": "managed", "type": kind, "name": f"r{i}",
         "values": values}
        for i, (kind, values) in enumerate(resources)
    ]  # fmt: skip
    return {"format_version": "1.0", "values": {"root_module": {"resources": listed}}}


def code(plan: dict[str, Any]) -> str:
    """Return the code with which a plan is refused."""
    with pytest.raises(ValetkeyError) as caught:
        read(plan)
    return caught.value.code
