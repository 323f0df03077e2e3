"""Random passwords have the characters that were asked for."""

import secrets
import string
from typing import Any

import pytest

from valetkey.localaws.faults import AwsError
from valetkey.localaws.secrets_passwords import random_password


def drawn(**params: Any) -> str:
    """Return a password."""
    return random_password(params, choose=secrets.choice)


def test_each_kind_is_there_and_no_excluded_one() -> None:
    for _ in range(50):
        assert any(c in string.digits for c in drawn(PasswordLength=4))
        some = drawn(ExcludePunctuation=True, ExcludeUppercase=True, ExcludeCharacters="abc1")
        assert set(some) <= set(string.ascii_lowercase + string.digits) - set("abc1")
    assert " " in drawn(IncludeSpace=True)


@pytest.mark.parametrize("length", [4, 32, 4096])
def test_it_has_its_length(length: int) -> None:
    assert len(drawn(PasswordLength=length)) == length


@pytest.mark.parametrize(
    "params",
    [
        {"PasswordLength": 3},
        {
            "ExcludeLowercase": True,
            "ExcludeUppercase": True,
            "ExcludeNumbers": True,
            "ExcludePunctuation": True,
        },
        {"PasswordLength": 0, "RequireEachIncludedType": False},
    ],
)
def test_what_cannot_be_is_refused(params: dict[str, Any]) -> None:
    with pytest.raises(AwsError) as caught:
        drawn(**params)
    assert caught.value.code == "InvalidParameterException"
