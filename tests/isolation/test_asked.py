"""What policies ask of a key says what it may be, and how many members of it matter."""

from itertools import combinations
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.iam.build import OBJECT, SESSION, policy, statement
from valetkey.iam import Layer, Policies, Principal, PrincipalKind, Request, evaluate
from valetkey.isolation.asked import (
    MULTIVALUED,
    NOT_ASKED,
    Asked,
    about_some,
    asked_of,
    free_key,
    members_needed,
)
from valetkey.isolation.formula import Flag
from valetkey.isolation.keys import Choice, Either, KeyModel, Many, One, several, single
from valetkey.isolation.unencodable import Unencodable

CALLER = Principal(PrincipalKind.ARN, SESSION)


def identity(*blocks: object) -> Policies:
    return Policies(identity=(policy(*(statement(Condition=block) for block in blocks)),))


def model(name: str, *blocks: object) -> KeyModel:
    return free_key(name, asked_of(identity(*blocks)).get(name, NOT_ASKED))


def test_a_key_of_which_nothing_is_asked_is_any_text() -> None:
    assert model("k") == single("k")
    assert free_key("k", Asked((), as_variable=True, written="k"), "b.") == single("k", "b.")


def test_a_key_that_is_compared_as_a_text_is_any_text() -> None:
    assert model("k", {"StringLike": {"k": "x"}}, {"Bool": {"k": "true"}}) == single("k")
    assert model("k", {"Null": {"k": "true"}}) == single("k")


@pytest.mark.parametrize("operator", ["Bool", "NumericLessThan", "IpAddress", "BinaryEquals"])
def test_a_key_that_is_read_in_one_way_alone_has_a_few_values(operator: str) -> None:
    value = {"Bool": "true", "NumericLessThan": "1", "IpAddress": "::1", "BinaryEquals": "QQ=="}
    found = model("k", {operator: {"k": value[operator]}}, {"Null": {"k": "true"}})

    assert isinstance(found, Choice) and 2 <= len(found.values) <= 4


def test_a_key_that_is_read_in_two_ways_is_not_encoded() -> None:
    for other in ({"StringEquals": {"k": "1"}}, {"DateEquals": {"k": "2026"}}):
        with pytest.raises(Unencodable):
            model("k", {"NumericEquals": {"K": "1"}}, other)
    with pytest.raises(Unencodable):
        model("k", {"NumericEquals": {"k": "1"}}, {"StringEquals": {"other": "${k}"}})


def test_a_key_known_to_be_multivalued_is_so_whatever_is_asked() -> None:
    assert isinstance(model("aws:tagkeys", {"StringEquals": {"aws:TagKeys": "x"}}), Many)


def test_a_key_asked_in_sets_may_have_one_value_or_several() -> None:
    """Unless it is known: of single-valued keys people ask ForAnyValue too."""
    block = {"ForAnyValue:StringEquals": {"k": "x", "aws:RequestTag/a": "x"}}

    assert model("k", block) == Either(Flag("many.k"), single("k"), several("k", 2))
    assert isinstance(model("aws:requesttag/a", block), One)


def test_keys_are_listed_as_they_are_written_and_looked_up_in_lower_case() -> None:
    block = {"StringEquals": {"aws:PrincipalTag/Id": "${aws:PrincipalTag/Other, 'x'}"}}
    asked = asked_of(identity(block))

    assert {key: one.written for key, one in asked.items()} == {
        "aws:principaltag/id": "aws:PrincipalTag/Id",
        "aws:principaltag/other": "aws:PrincipalTag/Other",
    }
    assert asked["aws:principaltag/other"].as_variable


def test_a_variable_in_a_resource_is_asked_for() -> None:
    one = policy(statement(Resource="arn:aws:s3:::b/${ k }/*"))

    assert asked_of(Policies(identity=(one,)))["k"] == Asked((), as_variable=True, written="k")


def test_every_layer_is_asked() -> None:
    def layer(name: str, kind: Layer) -> object:
        principal = "*" if kind in (Layer.RESOURCE, Layer.TRUST, Layer.RESOURCE_CONTROL) else None
        resource = None if kind is Layer.TRUST else "*"
        block = {"StringEquals": {name: "x"}}
        return policy(
            statement(Condition=block, Principal=principal, Resource=resource), layer=kind
        )

    made = {kind: layer(kind.name.lower(), kind) for kind in Layer}
    policies = Policies(
        identity=(made[Layer.IDENTITY],),  # type: ignore[arg-type]
        resource=made[Layer.RESOURCE],  # type: ignore[arg-type]
        trust=made[Layer.TRUST],  # type: ignore[arg-type]
        session=(made[Layer.SESSION],),  # type: ignore[arg-type]
        boundary=made[Layer.BOUNDARY],  # type: ignore[arg-type]
        service_control=((made[Layer.SERVICE_CONTROL],),),  # type: ignore[arg-type]
        resource_control=((made[Layer.RESOURCE_CONTROL],),),  # type: ignore[arg-type]
    )

    assert set(asked_of(policies)) == {kind.name.lower() for kind in Layer}


SETS = ["ForAllValues:StringEquals", "ForAnyValue:StringEquals", "ForAnyValue:StringNotLike"]
WORDS = ["a", "b", "c", "d", "e"]


def some_policies(random: Random) -> Policies:
    def one(effect: str) -> dict[str, object]:
        block: dict[str, object] = {
            random.choice([*SETS, "ForAllValues:StringNotLike"]): {
                "aws:TagKeys": random.sample(WORDS, random.randint(1, 3))
            }
        }
        if random.random() < 0.3:
            block["Null"] = {"aws:TagKeys": random.choice(["true", "false"])}
        return statement(Effect=effect, Condition=block)

    allows = [one("Allow") for _ in range(random.randint(1, 3))]
    denies = [one("Deny") for _ in range(random.randint(0, 2))]
    return Policies(identity=(policy(*allows, *denies),))


@settings(max_examples=300, deadline=None)
@given(st.randoms(use_true_random=True), st.booleans())
def test_what_is_decided_on_many_members_is_decided_on_as_few_as_are_needed(
    random: Random, refused: bool
) -> None:
    """The small-model argument: some of the members of a request that is allowed (or refused)
    make one that is, too.
    """
    policies = some_policies(random)
    members = tuple(random.choices(WORDS, k=6))
    bearing = policies.bearing_on("s3:getobject", by_arn=True)
    needed = members_needed(about_some({"aws:tagkeys"}, bearing, refused=refused), own=0)

    def decides(some: tuple[str, ...]) -> bool:
        context = {"aws:TagKeys": some}
        request = Request(CALLER, "s3:GetObject", OBJECT, context=context)
        return evaluate(request, policies).allowed is not refused

    if decides(members):
        assert any(
            decides(some) for count in range(1, needed + 1) for some in combinations(members, count)
        )


def test_the_same_condition_needs_one_member_however_often_it_stands() -> None:
    block = {"ForAnyValue:StringEquals": {"aws:TagKeys": "x"}}
    policies = identity(block, block)
    bearing = policies.bearing_on("s3:getobject", by_arn=True)

    assert members_needed(about_some({"aws:tagkeys"}, bearing)) == 2


def test_a_condition_on_every_member_of_an_allow_needs_none() -> None:
    policies = identity({"ForAllValues:StringEquals": {"aws:TagKeys": "x"}})
    bearing = policies.bearing_on("s3:getobject", by_arn=True)

    assert members_needed(about_some({"aws:tagkeys"}, bearing)) == 1
    assert members_needed(about_some({"aws:tagkeys"}, bearing, refused=True)) == 2
    assert members_needed(about_some({"k"}, bearing, refused=True), own=3) == 3


ANY = {"ForAnyValue:StringEquals": {"aws:TagKeys": "x"}}


@pytest.mark.parametrize("layer", ["identity", "resource", "session", "boundary", "control"])
def test_a_condition_on_some_member_counts_in_every_layer(layer: str) -> None:
    kinds = {"resource": Layer.RESOURCE, "session": Layer.SESSION, "boundary": Layer.BOUNDARY}
    principal = "*" if layer == "resource" else None
    one = policy(
        statement(Condition=ANY, Principal=principal), layer=kinds.get(layer, Layer.IDENTITY)
    )
    policies = Policies(
        identity=(one,) if layer == "identity" else (),
        resource=one if layer == "resource" else None,
        session=(one,) if layer == "session" else None,
        boundary=one if layer == "boundary" else None,
        service_control=((one,),) if layer == "control" else (),
    )
    bearing = policies.bearing_on("s3:getobject", by_arn=True)

    assert len(list(about_some({"aws:tagkeys"}, bearing))) == 1


def test_multivalued_keys_are_in_lower_case() -> None:
    assert {name.lower() for name in MULTIVALUED} == MULTIVALUED
