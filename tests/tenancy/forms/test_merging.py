"""Several sources: what one defines without a policy may have one from another."""

import pytest

from tests.tenancy.forms import sets
from valetkey.errors import ValetkeyError
from valetkey.tenancy.forms import merged
from valetkey.tenancy.policy_set import Document, PolicySet

QUEUE, OTHER = sets.OWN_OBJECTS, sets.TRUST


def _says(document: Document | None, *, defined: bool = False) -> PolicySet:
    unattached = frozenset({sets.QUEUE}) if defined else frozenset[str]()
    return PolicySet((), {sets.QUEUE: document}, unattached=unattached)


DEFINED = _says(None, defined=True)


@pytest.mark.parametrize("given", [(DEFINED, _says(QUEUE)), (_says(QUEUE), DEFINED)])
def test_a_policy_beats_a_definition_without_one(given: tuple[PolicySet, ...]) -> None:
    assert merged(given) == _says(QUEUE)


def test_two_definitions_are_still_none_that_was_said() -> None:
    assert merged((DEFINED, DEFINED)) == DEFINED
    assert merged((DEFINED, DEFINED, _says(None))) == _says(None)


@pytest.mark.parametrize(
    "given",
    [
        (_says(None), _says(QUEUE)),
        (DEFINED, _says(None), _says(QUEUE)),
        (_says(QUEUE), DEFINED, _says(OTHER)),
    ],
)
def test_what_is_said_twice_must_agree(given: tuple[PolicySet, ...]) -> None:
    with pytest.raises(ValetkeyError) as caught:
        merged(given)
    assert caught.value.code == "policy-source-conflict"


def test_what_was_taken_is_kept_once() -> None:
    taken = (PolicySet((), taken=("a", "b")), PolicySet((), taken=("b",)))
    assert merged(taken).taken == ("a", "b")
