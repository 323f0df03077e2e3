"""`provider` of an issuer: what may be left out then, and what can't be configured any more."""

from pathlib import Path

import pytest

from tests.settings.test_reading import GOOD, code_of, read
from valetkey.identity import MAX_LIFETIME, NO_TYPE, Provider

COGNITO = GOOD.replace(
    'audiences = ["frontend"]\nalgorithms = ["RS256"]',
    'audiences = ["frontend"]\nprovider = "cognito"',
)
AUTH0 = GOOD.replace(
    "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Example", "https://t.eu.auth0.com/"
).replace('audiences = ["frontend"]\n', 'audiences = ["frontend"]\nprovider = "auth0"\n')
AUTH0_ESCAPED = AUTH0.replace('"{subject.sub}"', '"{subject.sub:escaped}"')
IN_ISSUER = 'audiences = ["frontend"]\n'


def test_a_preset_gives_what_the_file_leaves_out(tmp_path: Path) -> None:
    issuer = read(tmp_path, COGNITO).issuers[0]
    assert issuer.provider is Provider.COGNITO
    assert issuer.algorithms == ("RS256",)
    assert issuer.types == (NO_TYPE, "JWT")
    assert issuer.max_lifetime == 86_400
    assert not issuer.single_use


def test_what_the_file_says_wins_over_the_preset(tmp_path: Path) -> None:
    said = 'algorithms = ["PS256"]\ntypes = ["JWT"]\nmax_lifetime = "1h"\nsingle_use = true\n'
    issuer = read(tmp_path, COGNITO.replace(IN_ISSUER, IN_ISSUER + said)).issuers[0]
    assert issuer.algorithms == ("PS256",)
    assert issuer.types == ("JWT",)
    assert issuer.max_lifetime == 3600
    assert issuer.single_use


def test_without_a_provider_nothing_has_changed(tmp_path: Path) -> None:
    issuer = read(tmp_path).issuers[0]
    assert issuer.provider is None
    assert issuer.types == (NO_TYPE, "JWT", "at+jwt")
    assert issuer.max_lifetime == MAX_LIFETIME


def test_a_preset_s_own_audiences_stand_beside_the_configured_ones(tmp_path: Path) -> None:
    said = 'other_audiences = ["https://tenant.eu.auth0.com/userinfo"]\n'
    issuer = read(tmp_path, AUTH0_ESCAPED.replace(IN_ISSUER, IN_ISSUER + said)).issuers[0]
    assert issuer.other_audiences == (
        "https://tenant.eu.auth0.com/userinfo",
        "https://t.eu.auth0.com/userinfo",
    )


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        ('provider = "cognito"\n', "", "config-invalid"),
        ('provider = "cognito"', "algorithms = []", "issuer-invalid"),
        ('provider = "cognito"', 'provider = "Cognito"', "provider-unknown"),
        ('provider = "cognito"', 'provider = ""', "provider-unknown"),
        ('provider = "cognito"', 'provider = "entra"', "provider-url"),
        ("eu-west-1_Example", "eu-west-1_Example/", "provider-url"),
        ('provider = "cognito"', 'provider = "cognito"\nalgorithms = ["HS256"]', "issuer-invalid"),
        ('provider = "cognito"', 'provider = "cognito"\nsingle_use = "yes"', "config-invalid"),
    ],
)
def test_one_wrong_thing_is_one_clear_error(
    tmp_path: Path, before: str, after: str, code: str
) -> None:
    text = COGNITO.replace(before, after, 1)
    assert text != COGNITO
    assert code_of(tmp_path, text) == code


def test_a_raw_subject_that_no_tag_can_hold_is_found_before_anything_starts(tmp_path: Path) -> None:
    assert code_of(tmp_path, AUTH0) == "tag-template-alphabet"
    assert read(tmp_path, AUTH0_ESCAPED).templates
    other = AUTH0.replace('"{subject.sub}"', '"{subject.org_id}"')
    assert read(tmp_path, other).templates


def test_subjects_of_an_issuer_that_nobody_is_worked_for_of_may_be_anything(tmp_path: Path) -> None:
    """An actor's subject is in no tag."""
    text = GOOD.replace("https://cluster.example", "https://t.eu.auth0.com/").replace(
        'audiences = ["valetkey"]\n', 'audiences = ["valetkey"]\nprovider = "auth0"\n'
    )
    assert read(tmp_path, text).issuers[1].provider is Provider.AUTH0


def _tagged(template: str, text: str = COGNITO) -> str:
    return text.replace('"{subject.sub}"', f'"{template}"')


@pytest.mark.parametrize(
    "template",
    [
        "{subject.email}",
        "{subject.email:escaped}",
        "{subject.name}",
        "{subject.preferred_username}",
        "{subject.address.locality}",
        "{issuer}:{subject.nickname}",
        "{subject.iss}:{subject.phone_number}",
        "{subject.name}:{subject.email}",
    ],
)
def test_a_claim_that_people_set_themselves_tells_nobody_apart(
    tmp_path: Path, template: str
) -> None:
    assert code_of(tmp_path, _tagged(template)) == "tag-template-claim"


@pytest.mark.parametrize(
    "template",
    ["{subject.sub}:{subject.name}", "{subject.custom:tenant}", "{subject.name}:{request.repo}"],
)
def test_beside_a_claim_of_the_issuer_or_in_a_bound_tag_it_may_stand(
    tmp_path: Path, template: str
) -> None:
    assert read(tmp_path, _tagged(template)).templates


@pytest.mark.parametrize("issuer", [GOOD, COGNITO], ids=["without a preset", "cognito"])
def test_without_a_preset_nobody_knows_what_people_may_set(tmp_path: Path, issuer: str) -> None:
    text = _tagged("{subject.email}", issuer)
    if issuer is GOOD:
        assert read(tmp_path, text).templates
    else:
        assert code_of(tmp_path, text) == "tag-template-claim"


@pytest.mark.parametrize(
    ("checked", "accepted"),
    [
        ("email_verified = true", True),
        ('email_verified = [true, "true"]', True),
        ("email_verified = false", False),
        ("email_verified = [true, false]", False),
        ("email_verified = 1", False),
    ],
)
def test_an_email_is_a_tag_where_the_issuer_verified_everybodys(
    tmp_path: Path, checked: str, accepted: bool
) -> None:
    rule = 'claims = { token_use = "id" }'
    text = _tagged("{subject.email}").replace(rule, f'claims = {{ token_use = "id", {checked} }}')
    if accepted:
        assert read(tmp_path, text).templates
    else:
        assert code_of(tmp_path, text) == "tag-template-claim"
    lax = f'[[trust]]\nname = "lax"\nissuer = "cognito"\n{rule}\nmay = "be-worked-for"\n'
    assert code_of(tmp_path, text.replace("[tags]", lax + "[tags]")) == "tag-template-claim"
