"""`valetkey check`: what grants by web identity, tokens for tools and the issuer mean."""

import re
from pathlib import Path

import pytest

from valetkey.cli.check import check
from valetkey.cli.init import init

ISSUER_SECRET = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
TOOL = """
[[grants]]
name = "billing"
audience = "https://billing.example/mcp"
scopes = ["read", "write"]
"""
SETTING = re.compile(r"^# (?=\[|[a-z_]+ = )", re.MULTILINE)


@pytest.fixture
def config(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """The commented file of `init`, with what it says of web identity put in force."""
    path = tmp_path / "valetkey.toml"
    init(path)
    capsys.readouterr()
    plain, mark, commented = path.read_text().partition("# A role by web identity")
    assert mark
    path.write_text(plain + mark + SETTING.sub("", commented) + TOOL)
    (tmp_path / "issuer.secret").write_text(ISSUER_SECRET)
    (tmp_path / "issuer.secret").chmod(0o600)
    (tmp_path / "policies").mkdir()
    return path


def said(config: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    check(config)
    return [line.strip() for line in capsys.readouterr().out.splitlines()]


def test_what_the_commented_file_says_of_web_identity_is_a_good_configuration(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = said(config, capsys)
    assert (
        "tenant-files: arn:aws:iam::111122223333:role/AgentTenantFiles by web-identity for 28800 s "
        "as grant:tenant-files to sts.amazonaws.com" in lines
    )
    assert "billing: a token for https://billing.example/mcp for 300 s, with read write" in lines
    assert "https://id.example.com, by ES256" in lines


def test_a_token_in_the_sandbox_is_told_with_what_it_costs(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = config.read_text()
    opted = text.replace(
        'source = "web-identity"', 'source = "web-identity"\ntoken_to_sandbox = true'
    )
    config.write_text(opted)
    (line,) = [each for each in said(config, capsys) if each.startswith("tenant-files")]
    assert line.endswith(
        "; the sandbox may hold its token, and then chooses session name and duration"
    )


def test_the_policy_version_is_the_one_that_runs_are_opened_under(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A grant of a token is a part of the policy as a role is."""
    before = said(config, capsys)
    config.write_text(config.read_text().replace('"read", "write"', '"read"'))
    after = said(config, capsys)
    version = [line for line in before if line.startswith("policy version")]
    assert version and version[0] not in after


def test_where_people_are_looked_up_and_sign_in_is_told(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with config.open("a") as file:
        file.write(
            '[directory]\nsource = "file:people.csv"\nissuer = "cognito"\n'
            'attributes = ["department"]\nunknown = { department = "none" }\n'
            '[login]\nissuer = "cognito"\nclient_id = "valetkey-cli"\n'
        )
    lines = said(config, capsys)
    place = f"file:{config.parent / 'people.csv'}"
    assert f"{place} tells department of people of cognito by subject" in lines
    assert 'of others it says {"department": "none"}' in lines
    assert "at cognito as valetkey-cli, with its id_token" in lines


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        (
            'user_id = "{subject.sub}"\ndepartment = "{directory.department}"',
            ["people of equal department share tag department, all others have one, too"],
        ),
        (
            'user_id = "{directory.department}"',
            [
                "people of equal department share tag user_id, all others have one, too",
                "no tag tells people apart: who share all tags reach the same data",
            ],
        ),
        ('user_id = "{directory.department}:{subject.sub}"', []),
    ],
)
def test_a_tag_that_people_share_by_the_directory_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], tags: str, expected: list[str]
) -> None:
    path = tmp_path / "valetkey.toml"
    path.write_text(
        '[broker]\nstore = "sqlite:///valetkey.db"\n[[issuers]]\nname = "people"\n'
        'url = "https://people.example"\naudiences = ["valetkey"]\nalgorithms = ["ES256"]\n'
        '[directory]\nsource = "file:people.csv"\nissuer = "people"\n'
        'attributes = ["department"]\nunknown = { department = "none" }\n[tags]\n' + tags
    )
    lines = said(path, capsys)
    assert [each for each in lines if " share " in each] == expected
