"""Which secret an id means."""

import pytest

from valetkey.localaws.faults import AwsError
from valetkey.localaws.secrets_store import Secrets, StoredSecret, plain_name

PREFIX = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:"


def secrets(*rows: tuple[str, str]) -> Secrets:
    """Return a store with these names and suffixes."""
    found = Secrets({}, region="eu-west-1", account="111122223333")
    for name, suffix in rows:
        found.keep(StoredSecret(name, found.new_arn(name, suffix), created=0, changed=0))
    return found


def name_of(found: StoredSecret | None) -> str | None:
    """Return the name of what was found."""
    return None if found is None else found.name


ROWS = (("x", "AbCdEf"), ("x-AbCdEf", "GhIjKl"), ("people/a", "MnOpQr"))


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("x", "x"),
        ("x-AbCdEf", "x-AbCdEf"),
        (f"{PREFIX}x", "x"),
        (f"{PREFIX}x-AbCdEf", "x"),
        (f"{PREFIX}x-AbCdEf-GhIjKl", "x-AbCdEf"),
        (f"{PREFIX}people/a", "people/a"),
        (f"{PREFIX}people/a-MnOpQr", "people/a"),
        (f"{PREFIX}people/a-mnopqr", None),
        (f"{PREFIX}people/a-", None),
        ("people/a-MnOpQr", None),
        ("X", None),
        ("people/", None),
    ],
)
def test_an_id_means_one_secret_or_none(given: str, name: str | None) -> None:
    assert name_of(secrets(*ROWS).find(given)) == name


def test_without_the_namesake_a_partial_arn_means_the_name_with_a_suffix_in_it() -> None:
    assert name_of(secrets(ROWS[1]).find(f"{PREFIX}x-AbCdEf")) == "x-AbCdEf"


@pytest.mark.parametrize("given", ["", "a b", "a:b", "ä", f"{PREFIX}", f"{PREFIX}a:b", "a" * 513])
def test_what_is_no_id_is_refused(given: str) -> None:
    with pytest.raises(AwsError) as caught:
        secrets(*ROWS).find(given)
    assert caught.value.code == "ValidationException"


def test_a_new_secret_has_a_name_and_no_arn() -> None:
    assert plain_name("people/a_b+c=d.e@f-g") == "people/a_b+c=d.e@f-g"
    with pytest.raises(AwsError):
        plain_name(f"{PREFIX}x")
