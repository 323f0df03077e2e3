"""The issuer's guide: its configuration is understood, its policies say what it says they say."""

from pathlib import Path

from tests.docs.pages import page
from tests.fakes.own_issuer import SECRET
from valetkey.credentials import Algorithm, KeyPhase
from valetkey.iam.lint import lint, read_documents
from valetkey.settings import Settings, read_settings

GUIDE = page("docs/guides/issuer.md")


def understood(folder: Path, text: str) -> Settings:
    secret = folder / "issuer.secret"
    secret.write_text(SECRET.reveal())
    secret.chmod(0o600)
    path = folder / "valetkey.toml"
    path.write_text(text)
    return read_settings(path, {})


def indented(language: str) -> list[str]:
    """The fenced blocks of the page, those inside a list's items, too."""
    found: list[str] = []
    inside: list[str] | None = None
    for line in GUIDE.text.splitlines():
        if inside is None and line.strip() == f"```{language}":
            inside = []
        elif inside is not None and line.strip() == "```":
            found.append("\n".join(inside))
            inside = None
        elif inside is not None:
            inside.append(line)
    return found


def test_both_configurations_of_the_guide_are_understood(tmp_path: Path) -> None:
    whole, kms = indented("toml")
    settings = understood(tmp_path, whole)
    assert settings.issuer is not None
    assert settings.issuer.algorithms == (Algorithm.ES256,)
    assert [grant.name for grant in settings.grants] == ["tenant-data"]
    assert [grant.name for grant in settings.token_grants] == ["billing"]
    issuer = understood(tmp_path, kms).issuer
    assert issuer is not None
    assert (
        issuer.kms_key
        == "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    )


def test_the_guide_names_every_phase_of_a_key() -> None:
    for phase in KeyPhase:
        assert f"| `{phase.value}` |" in GUIDE.text


def test_the_policies_of_the_guide_have_no_finding() -> None:
    trust, kms = indented("json")
    [document] = read_documents(trust, "trust.json", layer=None)
    assert lint([document]) == ()
    [document] = read_documents(kms, "kms.json", layer=None)
    assert [finding.code for finding in lint([document])] == []
