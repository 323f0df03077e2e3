"""What differs between two sets of policies: every kind of document, and no other."""

from dataclasses import replace

import pytest

from tests.cli.proof_world import BROAD, OWN, ROLE, document, policies
from valetkey.cli.prove_diff import differences
from valetkey.tenancy.policy_set import Attached, PolicySet

BEFORE = policies(OWN)
(ONE,) = BEFORE.roles
CHANGED = document(BROAD)
LEVEL = ((Attached("control", CHANGED),),)


def test_equal_sets_do_not_differ() -> None:
    assert list(differences(BEFORE, policies(OWN))) == []


@pytest.mark.parametrize(
    ("after", "name"),
    [
        (policies(BROAD), f"{ROLE} permissions[0] permissions"),
        (PolicySet((replace(ONE, trust=CHANGED),)), f"{ROLE} trust"),
        (PolicySet((replace(ONE, boundary=CHANGED),)), f"{ROLE} boundary"),
        (PolicySet((replace(ONE, tags={"a": "b"}),)), f"{ROLE} tags"),
        (PolicySet((ONE,), {"arn:aws:s3:::b": CHANGED}), "arn:aws:s3:::b policy"),
        (PolicySet((ONE,), service_control=LEVEL), "SCP level 0 control"),
        (PolicySet((ONE,), resource_control=LEVEL), "RCP level 0 control"),
    ],
)
def test_every_document_that_changed_is_named(after: PolicySet, name: str) -> None:
    for old, new, sign in ((BEFORE, after, "+"), (after, BEFORE, "-")):
        (found,) = differences(old, new)
        assert found.name == name
        assert any(line[0] == sign and line[:3] != sign * 3 for line in found.lines)
