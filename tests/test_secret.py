"""Secrets have no text form."""

import pickle

import pytest

from valetkey.secret import Secret

SECRET = Secret("hunter2-hunter2")


@pytest.mark.parametrize("text", [str(SECRET), repr(SECRET), f"{SECRET}", f"{SECRET:>40}"])
def test_a_secret_has_no_text_form(text: str) -> None:
    assert text.strip() == "***"


def test_a_secret_inside_a_container_has_no_text_form_either() -> None:
    assert "hunter2" not in repr({"a": [SECRET]})


def test_a_secret_is_not_pickled() -> None:
    with pytest.raises(TypeError):
        pickle.dumps(SECRET)


def test_a_secret_is_no_cache_key() -> None:
    with pytest.raises(TypeError):
        hash(SECRET)


def test_one_method_reveals() -> None:
    assert SECRET.reveal() == "hunter2-hunter2"
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
