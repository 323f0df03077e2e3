"""`[issuer]`, token grants, `[directory]` and `[login]`: what they mean, and what is refused."""

from base64 import urlsafe_b64encode
from pathlib import Path

import pytest

from valetkey.credentials import Algorithm, GrantSource, TokenGrant
from valetkey.errors import ValetkeyError
from valetkey.settings import SettingsError, read_settings
from valetkey.settings.values import Publish, Settings, SubjectForm

SECRET = urlsafe_b64encode(bytes(32)).rstrip(b"=").decode()

GOOD = """\
[issuer]
url = "https://id.example.com"
key_encryption = "file:issuer.secret"
[[issuers]]
name = "people"
url = "https://people.example.com"
audiences = ["valetkey"]
algorithms = ["ES256"]
[[issuers]]
name = "cluster"
url = "https://cluster.example.com"
audiences = ["valetkey"]
algorithms = ["ES256"]
[[trust]]
name = "end-users"
issuer = "people"
claims = { token_use = "id" }
may = "be-worked-for"
[[trust]]
name = "orchestrator"
issuer = "cluster"
claims = { sub = "orchestrator" }
may = "open-runs"
for = ["end-users"]
[tags]
user_id = "{subject.sub}"
[[grants]]
name = "tenant-data"
role = "arn:aws:iam::111122223333:role/AgentTenantData"
source = "web-identity"
[[grants]]
name = "billing"
audience = "https://billing.internal/mcp"
scopes = ["read", "write"]
[directory]
source = "file:people.csv"
issuer = "people"
attributes = ["department"]
[login]
issuer = "people"
client_id = "valetkey-cli"
"""

OPEN = "secret-open-to-others"


def read(folder: Path, text: str = GOOD, environ: dict[str, str] | None = None) -> Settings:
    (folder / "issuer.secret").write_text(SECRET + "\n")
    (folder / "valetkey.toml").write_text(text)
    for name in ("issuer.secret", "valetkey.toml"):
        (folder / name).chmod(0o600)
    return read_settings(folder / "valetkey.toml", environ or {})


def code_of(folder: Path, text: str) -> str:
    with pytest.raises(ValetkeyError) as caught:
        read(folder, text)
    return caught.value.code


def test_the_issuer_of_the_file_is_understood(tmp_path: Path) -> None:
    own = read(tmp_path).issuer
    assert own is not None
    assert own.url == "https://id.example.com"
    assert own.algorithms == (Algorithm.ES256,)
    assert own.publish is Publish.BROKER
    assert own.subject is SubjectForm.SUB
    assert (own.schedule.key_lifetime, own.schedule.cache_time) == (30 * 86_400, 3600)
    assert own.wrapping_secret is not None
    assert SECRET not in repr(own)


def test_a_grant_with_an_audience_and_no_role_is_a_tools_token(tmp_path: Path) -> None:
    settings = read(tmp_path)
    assert settings.token_grants == (
        TokenGrant("billing", "https://billing.internal/mcp", ("read", "write"), 300),
    )
    (grant,) = settings.grants
    assert (grant.source, grant.duration) == (GrantSource.WEB_IDENTITY, 3600)


def test_an_algorithm_of_one_grant_is_one_of_the_issuer(tmp_path: Path) -> None:
    text = GOOD.replace('scopes = ["read"', 'algorithm = "RS256"\nscopes = ["read"')
    own = read(tmp_path, text).issuer
    assert own is not None
    assert own.algorithms == (Algorithm.ES256, Algorithm.RS256)


def test_the_wrapping_secret_may_stand_in_a_variable(tmp_path: Path) -> None:
    text = GOOD.replace("file:issuer.secret", "env:WRAPPING")
    own = read(tmp_path, text, {"WRAPPING": SECRET}).issuer
    assert own is not None
    assert own.wrapping_secret is not None
    assert own.wrapping_secret.reveal() == SECRET


@pytest.mark.parametrize(
    ("mode", "code"),
    [(0o600, None), (0o640, None), (0o644, OPEN), (0o604, OPEN), (0o660, OPEN), (0o602, OPEN)],
)
def test_a_wrapping_secret_that_others_may_read_is_refused(
    tmp_path: Path, mode: int, code: str | None
) -> None:
    read(tmp_path)
    (tmp_path / "issuer.secret").chmod(mode)
    if code is None:
        assert read_settings(tmp_path / "valetkey.toml", {}).issuer is not None
        return
    with pytest.raises(SettingsError) as refused:
        read_settings(tmp_path / "valetkey.toml", {})
    assert refused.value.code == code
    assert f"chmod 600 {tmp_path / 'issuer.secret'}" in str(refused.value.hint)


def test_a_lost_wrapping_secret_is_named_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as refused:
        read(tmp_path, GOOD.replace("file:issuer.secret", "file:absent"))
    assert "`key_encryption`" in refused.value.message
    assert "--new-secret" in str(refused.value.hint)


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('url = "https://id.example.com"', 'url = "http://id.example.com"', "issuer-invalid"),
        ("file:issuer.secret", "file:absent", "config-reference"),
        ("file:issuer.secret", "file:valetkey.toml", "config-invalid"),
        ("file:issuer.secret", SECRET, "config-invalid"),  # a secret is not written into the file
        ('key_encryption = "file:issuer.secret"', "", "config-invalid"),
        ("key_encryption", 'kms_key = "alias"\nkey_encryption', "config-invalid"),
        ('key_encryption = "file:issuer.secret"', 'kms_key = "alias/x"', "config-invalid"),
        ("[[issuers]]", 'algorithm = "HS256"\n[[issuers]]', "config-invalid"),
        ("[[issuers]]", 'publish = "nowhere"\n[[issuers]]', "config-invalid"),
        ("[[issuers]]", 'key_lifetime = "2h"\n[[issuers]]', "config-invalid"),
        ("[[issuers]]", 'cache_time = "2d"\n[[issuers]]', "config-invalid"),
        ("[[issuers]]", 'subject = "email"\n[[issuers]]', "config-invalid"),
        ('may = "open-runs"\nfor = ["end-users"]', 'may = "be-worked-for"', "config-invalid"),
        ('source = "web-identity"', 'source = "web-identity"\nprofile = "x"', "config-invalid"),
        (
            'source = "web-identity"',
            'source = "web-identity"\nexternal_id = "xy"',
            "config-invalid",
        ),
        ('source = "web-identity"', 'audience = "x"', "config-invalid"),
        ('source = "web-identity"', "token_to_sandbox = true", "config-invalid"),
        ('audience = "https://billing.internal/mcp"\n', "", "config-invalid"),
        ('audience = "https://b', 'region = "eu-west-1"\naudience = "https://b', "config-invalid"),
        ('audience = "https://b', 'duration = "2h"\naudience = "https://b', "config-invalid"),
        ("https://billing.internal/mcp", "https://billing internal", "grant-audience"),
        ("https://billing.internal/mcp", "sts.amazonaws.com", "grant-audience"),
        (
            'y"\n[[grants]]',
            'y"\naudience = "https://billing.internal/mcp"\n[[grants]]',
            "grant-audience",
        ),
        ('"read", "write"', '"read", "read"', "grant-scope"),
        ('"read", "write"', '"read write"', "grant-scope"),
        ('name = "billing"', 'name = "tenant-data"', "config-invalid"),
        ('source = "file:people.csv"', 'source = "people.csv"', "config-invalid"),
        ('source = "file:people.csv"', 'source = "sqlite:///people.db"', "config-invalid"),
        ('source = "file:people.csv"', 'source = "postgresql://x"', "config-unsupported"),
        ('["department"]', '["department"]\nunknown = "allow"', "config-invalid"),
        ('["department"]', '["department"]\nunknown = { role = "x" }', "config-invalid"),
        ('["department"]', "[]", "config-invalid"),
        ('["department"]', '["a; DROP TABLE people"]', "config-invalid"),
        ('client_id = "valetkey-cli"', 'client_id = "x"\ntoken = "refresh"', "config-invalid"),
        ('client_id = "valetkey-cli"', 'client_id = "x"\nscopes = ["email"]', "config-invalid"),
        ('[login]\nissuer = "people"', '[login]\nissuer = "nobody"', "config-invalid"),
    ],
)
def test_one_wrong_thing_is_one_clear_error(tmp_path: Path, old: str, new: str, code: str) -> None:
    assert old in GOOD
    assert code_of(tmp_path, GOOD.replace(old, new, 1)) == code


def test_the_sandbox_does_not_get_a_token_that_escapes_the_session_policy(tmp_path: Path) -> None:
    (tmp_path / "narrow.json").write_text('{"Version": "2012-10-17", "Statement": []}')
    policy = 'source = "web-identity"\nsession_policy = "file:narrow.json"'
    text = GOOD.replace('source = "web-identity"', policy)
    assert read(tmp_path, text).grants[0].session_policy is not None
    both = text.replace(policy, policy + "\ntoken_to_sandbox = true")
    assert code_of(tmp_path, both) == "config-invalid"


def test_grants_that_need_tokens_need_an_issuer(tmp_path: Path) -> None:
    without = "[[issuers]]" + GOOD.split("[[issuers]]", 1)[1]
    assert code_of(tmp_path, without) == "config-invalid"


@pytest.mark.parametrize("address", ["http://localaws:4566", "http://10.0.0.1", "HTTP://[::1"])
def test_a_token_for_sts_goes_nowhere_by_plain_http(tmp_path: Path, address: str) -> None:
    aws = f'[aws]\nendpoint_url = "{address}"\n'
    assert code_of(tmp_path, aws + GOOD) == "aws-endpoint-plain"
    by_keys = GOOD.replace("web-identity", "assume-role")
    assert read(tmp_path, aws + by_keys).aws.endpoint_url == address
    read(tmp_path, aws.replace(address, "http://127.0.0.1:4566") + GOOD)
    read(tmp_path, aws.replace(address, "https://localaws:4566") + GOOD)


def test_a_sandbox_that_has_the_token_sends_it_nowhere_by_plain_http(tmp_path: Path) -> None:
    own = GOOD.replace('"web-identity"', '"web-identity"\nendpoint_url = "http://localaws:4566"')
    assert read(tmp_path, own).grants[0].endpoint_url == "http://localaws:4566"
    given = own.replace('"web-identity"', '"web-identity"\ntoken_to_sandbox = true')
    assert code_of(tmp_path, given) == "aws-endpoint-plain"
