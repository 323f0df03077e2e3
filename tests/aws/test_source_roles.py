"""Profiles whose credentials are a role's session: source profiles and MFA codes."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.aws.home import SSO, Laptop, Portal, portal_open, refusal
from tests.aws.serving import ASSUMED
from tests.aws.serving import error as denial
from valetkey.aws import AmbientAws, StsClient
from valetkey.aws.ambient import REREAD_SECONDS
from valetkey.aws.chain import Ask

CHAIN = """
    [profile role]
    role_arn = arn:aws:iam::111122223333:role/Source
    source_profile = dev
    role_session_name = jane
"""
MFA = CHAIN + "    mfa_serial = arn:aws:iam::111122223333:mfa/jane\n"
LONG = ASSUMED.replace("2027-01-15", "2096-01-15").replace("PACKED", "1")


class Person:
    """Types a code whenever asked, and remembers how often."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, prompt: str) -> str:
        self.asked.append(prompt)
        return f"{len(self.asked):06d}"


def asking(laptop: Laptop, person: Ask, *, allowed: bool = True) -> tuple[AmbientAws, StsClient]:
    """A client whose profile `role` needs a code that `person` has."""
    laptop.home.config(MFA)
    laptop.home.keys(dev="AKIADEV")
    laptop.sts.body = LONG
    ambient = AmbientAws(clock=laptop.clock, prompter=person)
    ambient.allow_prompts(allowed)
    return ambient, StsClient(ambient, laptop.http)


async def test_a_role_of_a_source_profile_signs(laptop: Laptop) -> None:
    laptop.home.config(CHAIN)
    laptop.home.keys(dev="AKIADEV")
    laptop.sts.body = LONG
    assert await laptop.client().caller_arn("role") == "arn:aws:iam::111122223333:user/ASIA1"
    assert laptop.sts.signers == ["AKIADEV", "ASIA1"]
    assert laptop.sts.asked[0]["RoleSessionName"] == "jane"


async def test_keys_replaced_under_a_role_serve_the_call_that_was_refused(laptop: Laptop) -> None:
    laptop.home.config(CHAIN)
    laptop.home.keys(dev="AKIAOLD")
    laptop.sts.body = ASSUMED.replace("2027-01-15", "2020-01-15")  # each call refreshes
    sts = laptop.client()
    assert (await refusal(sts, "role")).code == "aws-credentials-expired"
    laptop.sts.body = LONG
    laptop.clock.now += REREAD_SECONDS
    await sts.caller_arn("role")
    laptop.sts.refuses = {"ASIA1": "ExpiredToken", "AKIAOLD": "InvalidClientTokenId"}
    laptop.home.keys(dev="AKIANEW")
    laptop.sts.body = LONG.replace("ASIA1", "ASIA2")
    assert await sts.caller_arn("role") == "arn:aws:iam::111122223333:user/ASIA2"


async def test_a_session_that_ends_is_renewed_with_keys_replaced_meanwhile(laptop: Laptop) -> None:
    laptop.home.config(CHAIN)
    laptop.home.keys(dev="AKIAOLD")
    soon = datetime.now(UTC) + timedelta(minutes=5)  # botocore renews it before each call
    laptop.sts.body = LONG.replace("2096-01-15T09:00:00Z", soon.strftime("%Y-%m-%dT%H:%M:%SZ"))
    sts = laptop.client()
    await sts.caller_arn("role")
    laptop.sts.refuses = {"AKIAOLD": "InvalidClientTokenId"}
    laptop.home.keys(dev="AKIANEW")
    assert await sts.caller_arn("role")
    assert laptop.sts.signers == ["AKIAOLD", "ASIA1", "AKIAOLD", "AKIANEW", "ASIA1"]


@pytest.mark.parametrize(
    ("aws_code", "code"),
    [
        ("AccessDenied", "aws-source-role-refused"),
        ("ValidationError", "aws-source-role-refused"),
        ("InvalidClientTokenId", "aws-credentials-invalid"),
        ("ExpiredToken", "aws-credentials-expired"),
    ],
)
async def test_a_refused_source_role_is_not_taken_for_the_grants(
    laptop: Laptop, aws_code: str, code: str
) -> None:
    laptop.home.config(CHAIN)
    laptop.home.keys(dev="AKIADEV")
    laptop.sts.refuses = {"AKIADEV": aws_code}
    error = await refusal(laptop.client(), "role")
    assert error.code == code
    assert "`role`" in error.message
    assert "999988887777" not in f"{error.message} {error.hint}"
    assert "999988887777" in str(error.detail)


async def test_the_login_to_renew_is_the_source_profiles(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    laptop.home.config(SSO + CHAIN)
    async with portal_open(Portal(), monkeypatch):
        error = await refusal(laptop.client(), "role")
    assert error.code == "aws-sso-expired"
    assert "of profile `role`" in error.message
    assert "`aws sso login --profile dev`" in str(error.hint)


@pytest.mark.parametrize(
    "config",
    [
        "[profile role]\nrole_arn = arn:aws:iam::111122223333:role/R\nsource_profile = gone\n",
        "[profile role]\nrole_arn = arn:aws:iam::111122223333:role/R\n",
        "[profile role]\nsso_account_id = 111122223333\nsso_role_name = R\n",
        "[profile role]\naws_access_key_id = AKIAHALF\n",
    ],
)
async def test_a_profile_that_lacks_something_is_named(laptop: Laptop, config: str) -> None:
    laptop.home.config(config)
    error = await refusal(laptop.client(), "role")
    assert error.code == "aws-configuration"
    assert "`role`" in error.message


async def test_a_profile_without_credentials_is_named(laptop: Laptop) -> None:
    laptop.home.config("[profile role]\nregion = eu-west-1\n")
    error = await refusal(laptop.client(), "role")
    assert error.code == "aws-no-credentials"
    assert "`role`" in error.message


async def test_nobody_is_asked_for_a_code_before_it_is_allowed(laptop: Laptop) -> None:
    person = Person()
    ambient, sts = asking(laptop, person, allowed=False)
    assert (await refusal(sts, "role")).code == "aws-mfa-needed"
    assert (person.asked, laptop.sts.asked) == ([], [])
    ambient.allow_prompts(True)
    assert await sts.caller_arn("role")
    assert person.asked == ["Enter MFA code for arn:aws:iam::111122223333:mfa/jane: "]
    assert laptop.sts.asked[0]["TokenCode"] == "000001"


async def test_a_code_typed_once_serves_until_the_session_ends(laptop: Laptop) -> None:
    person = Person()
    ambient, sts = asking(laptop, person)
    await sts.caller_arn("role")
    ambient.for_profile("role").allow_prompts(False)
    await sts.caller_arn("role")
    laptop.sts.refuses = {"ASIA1": "ExpiredToken"}
    laptop.clock.now += REREAD_SECONDS
    assert (await refusal(sts, "role")).code == "aws-mfa-needed"
    assert len(person.asked) == 1


async def test_a_wrong_code_is_named_and_the_next_one_is_asked_for(laptop: Laptop) -> None:
    person = Person()
    _, sts = asking(laptop, person)
    said = "MultiFactorAuthentication failed with invalid MFA one time pass code. "
    laptop.sts.answers = [(403, denial("AccessDenied", said))]
    assert (await refusal(sts, "role")).code == "aws-mfa-refused"
    laptop.clock.now += REREAD_SECONDS
    assert await sts.caller_arn("role")
    assert len(person.asked) == 2


async def test_without_a_terminal_to_ask_at_a_code_is_still_needed(laptop: Laptop) -> None:
    def closed(prompt: str) -> str:
        raise EOFError

    _, sts = asking(laptop, closed)
    assert (await refusal(sts, "role")).code == "aws-mfa-needed"
