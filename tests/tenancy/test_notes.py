"""What whoever deploys a map's policies is told beside them."""

from typing import Any

import pytest

from tests.tenancy.maps import ACCOUNT, MODEL, PLACE, a_prefix, a_table, of, section, whole_map
from valetkey.tenancy import generated
from valetkey.tenancy.notes import notes_of

PROFILE = f"arn:aws:bedrock:eu-west-1:{ACCOUNT}:inference-profile/eu.a.model-v1:0"
SECRET = f"arn:aws:secretsmanager:{PLACE}:secret:db-{{user_id}}-*"


def told(**tables: Any) -> str:
    found = of(section(**tables))
    return "\n".join(notes_of(found, generated(found)))


def test_which_character_keeps_a_run_from_every_session_is_told_with_its_place() -> None:
    text = told(secrets=[{"arn": SECRET, "access": ["read"]}], prefixes=[a_prefix()])
    assert "a `user_id` with `-` or `/` gets no session" in text
    assert "(tenancy.prefixes[0], tenancy.secrets[0])" in text
    assert "in which `/` follows the tag" in text


def test_of_a_tag_that_may_be_anything_nothing_is_told() -> None:
    assert "gets no session" not in told(tables=[a_table()])


@pytest.mark.parametrize(("models", "is_told"), [((PROFILE,), True), ((PROFILE, MODEL), False)])
def test_a_profile_without_its_model_is_told(models: tuple[str, ...], is_told: bool) -> None:
    assert ("can't be invoked by itself" in told(models=models)) is is_told


def test_what_is_replaced_is_told_by_name() -> None:
    found = whole_map()
    text = "\n".join(notes_of(found, generated(found)))
    for arn, document in generated(found).resource_policies.items():
        assert (arn in text) is (document is not None)
    assert "attach it as one of the roles of `platform`" in text


def test_a_map_that_gives_nothing_is_told() -> None:
    assert "gives the runs nothing" in told()
    assert "gives the runs nothing" not in told(models=[MODEL])
