"""Every form that is written is read back to the same policies."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.tenancy.forms import sets
from tests.tenancy.forms.terraform import plan_text
from valetkey.errors import ValetkeyError
from valetkey.tenancy.forms import (
    Surroundings,
    Wanted,
    Written,
    json_files,
    merged,
    read_plan,
    read_role_files,
    read_template,
    template_files,
    terraform_files,
)
from valetkey.tenancy.forms.writing_terraform import literal
from valetkey.tenancy.policy_set import Attached, PolicySet

Write = Callable[[PolicySet], Written]
HERE = Surroundings(sets.ACCOUNT, sets.REGION)
WANTED = Wanted(frozenset({sets.AGENT, sets.TOOLS}), frozenset({sets.BROKER}))


def _apart(written: Written) -> PolicySet:
    files = {name: text for name, text in written.files.items() if name == "apart.json"}
    return read_role_files(files)


def test_role_files_are_read_back_equal() -> None:
    files = json_files(sets.WHOLE).files
    roles = {name: text for name, text in files.items() if name.endswith(".role.json")}
    assert sorted(roles) == ["AgentTenantData.role.json", "AgentTools.role.json"]
    assert read_role_files(roles) == sets.WHOLE


def test_control_policies_are_read_back_from_role_files() -> None:
    level = (Attached("all", sets.document(sets.allow("*", "*"))),)
    whole = replace(sets.WHOLE, service_control=(level, level), resource_control=(level,))
    files = json_files(whole).files
    assert read_role_files({n: t for n, t in files.items() if ".role." in n}) == whole


def test_each_policy_is_also_a_file_of_its_own() -> None:
    files = {name: json.loads(text) for name, text in json_files(sets.WHOLE).files.items()}
    assert files["AgentTenantData.objects.json"] == sets.OWN_OBJECTS
    assert files["AgentTenantData.tables.json"] == sets.OWN_ITEMS
    assert files["AgentTenantData.trust.json"] == sets.TRUST
    assert files["AgentTools.boundary.json"] == sets.OWN_OBJECTS
    assert files["bucket-tenant-traces.policy.json"] == sets.WHOLE.resource_policies[sets.BUCKET]
    assert files["table-Tasks.policy.json"] == sets.WHOLE.resource_policies[sets.TABLE]
    assert files["ValetkeyBroker.broker.json"] == sets.BROKERS_OWN


def test_a_template_and_what_is_apart_are_read_back_equal() -> None:
    written = template_files(sets.WHOLE)
    read = read_template(written.files["template.json"], HERE, wanted=WANTED)
    assert set(read.resource_policies) == {sets.BUCKET, sets.QUEUE, sets.SECRET}
    assert merged((read, _apart(written))) == sets.WHOLE


def test_a_configuration_of_terraform_is_read_back_equal_from_its_plan() -> None:
    written = terraform_files(sets.WHOLE)
    plan = plan_text(json.loads(written.files["valetkey.tf.json"]))
    read = read_plan(plan, HERE, wanted=WANTED)
    assert all("no `dynamic` block" in one for one in read.taken)
    found = replace(merged((read, _apart(written))), taken=())
    assert sets.in_order(found) == sets.in_order(sets.WHOLE)


def test_what_a_template_cannot_carry_is_named_with_what_attaches_it() -> None:
    written = template_files(sets.WHOLE)
    assert any("put-resource-policy" in line and sets.TABLE in line for line in written.left)
    assert any("put-key-policy" in line for line in written.left)
    assert json.loads(written.files["table-Tasks.policy.json"])
    assert not any("put-bucket-policy" in line for line in written.left)


@pytest.mark.parametrize("write", [json_files, template_files, terraform_files])
def test_the_same_set_is_the_same_bytes(write: Write) -> None:
    assert write(sets.WHOLE) == write(replace(sets.WHOLE))


@pytest.mark.parametrize("write", [json_files, template_files, terraform_files])
def test_a_set_that_is_not_wholly_read_is_not_written(write: Write) -> None:
    with pytest.raises(ValetkeyError) as caught:
        write(replace(sets.WHOLE, unread=("who knows",)))
    assert caught.value.code == "policy-form-unread"


@pytest.mark.parametrize("write", [template_files, terraform_files])
def test_roles_of_two_accounts_are_not_deployed_together(write: Write) -> None:
    first, second = sets.WHOLE.roles
    other = replace(second, arn=second.arn.replace(sets.ACCOUNT, "444455556666"))
    with pytest.raises(ValetkeyError) as caught:
        write(replace(sets.WHOLE, roles=(first, other)))
    assert caught.value.code == "policy-form-unfit"


def test_a_broker_of_another_account_gets_its_policy_by_hand() -> None:
    other = sets.BROKER.replace(sets.ACCOUNT, "444455556666")
    whole = replace(sets.WHOLE, brokers={other: sets.BROKERS_OWN})
    written = template_files(whole)
    assert "ValetkeyBroker" not in written.files["template.json"].replace(sets.BROKER, "")
    terraform = terraform_files(whole).files["valetkey.tf.json"]
    assert "ValetkeyBroker" not in terraform.replace(sets.BROKER, "")
    assert _apart(written).brokers == {other: sets.BROKERS_OWN}


def test_equal_names_of_two_roles_are_two_files() -> None:
    first, _ = sets.WHOLE.roles
    twin = replace(first, arn=f"arn:aws:iam::{sets.ACCOUNT}:role/other/agenttenantdata")
    files = json_files(replace(sets.WHOLE, roles=(first, twin))).files
    assert "AgentTenantData.trust.json" in files
    assert "agenttenantdata2.trust.json" in files


def test_a_policy_name_that_iam_does_not_take_is_refused() -> None:
    first, _ = sets.WHOLE.roles
    odd = replace(first, permissions=(Attached("a b", sets.OWN_OBJECTS),))
    with pytest.raises(ValetkeyError) as caught:
        template_files(replace(sets.WHOLE, roles=(odd,)))
    assert caught.value.code == "policy-form-unfit"


def test_terraform_takes_no_part_of_a_text_for_an_expression() -> None:
    assert literal("${aws:PrincipalTag/u} %{if}") == "$${aws:PrincipalTag/u} %%{if}"
