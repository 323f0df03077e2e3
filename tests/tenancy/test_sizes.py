"""How long policies may be."""

from dataclasses import replace

import pytest

from tests.tenancy.maps import a_prefix, of, platform_map, section
from valetkey.tenancy import TenancyError, TenancyMap, generated
from valetkey.tenancy.sizes import check_sizes, length, sizes


def with_tags(number: int) -> TenancyMap:
    tags = [f"a_tag_{i}" for i in range(number)]
    prefixes = [a_prefix(prefix=f"{i}/{{{tag}}}/", access=["read"]) for i, tag in enumerate(tags)]
    return of(section(prefixes=prefixes), tags=tags)


def test_every_policy_of_the_example_has_room() -> None:
    found = sizes(generated(platform_map()))
    assert all(size.fits for size in found)
    assert [size.policy.partition(" ")[0] for size in found[:2]] == ["trust", "permissions"]


def test_white_space_between_the_parts_is_not_counted() -> None:
    assert length({"Version": "2012-10-17", "Statement": []}) == 39


def test_bounds_of_four_tags_take_about_a_thousand_characters() -> None:
    trust = sizes(generated(with_tags(4)))[0]
    assert 800 < trust.characters < 1_100 and trust.fits


def test_a_trust_policy_above_the_default_is_noted_and_one_above_the_quota_is_refused() -> None:
    (noted,) = check_sizes(generated(with_tags(26)))
    assert noted.policy.startswith("trust of") and 2_048 < noted.characters <= 4_096
    assert "Role trust policy length" in noted.sentence()
    with pytest.raises(TenancyError) as caught:
        check_sizes(generated(with_tags(48)))
    assert caught.value.code == "tenancy-size"


def test_inline_policies_of_a_role_count_together() -> None:
    found = generated(with_tags(1))
    role = found.roles[0]
    many = replace(found, roles=(replace(role, permissions=role.permissions * 60),))
    with pytest.raises(TenancyError) as caught:
        check_sizes(many)
    assert "10,240" in caught.value.message
