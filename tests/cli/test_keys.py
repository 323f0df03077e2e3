"""`valetkey keys`: the secret, the list, rotation, retirement and publishing, on a real store."""

import json
import os
import stat
from pathlib import Path

import pytest

from tests.aws.kms_world import FakeKms, an_ec_key, failing, kms_arn
from tests.aws.serving import as_a_user
from tests.cli.key_world import URL, Folder, kms_in_a_thread
from valetkey.cli.commands import app
from valetkey.credentials.sealing import SECRET_BYTES
from valetkey.errors import ValetkeyError
from valetkey.identity import KeySet
from valetkey.identity.base64url import decode_base64url
from valetkey.settings import read_settings

ARN, OTHER = kms_arn("one"), kms_arn("other")


@pytest.fixture
def folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Folder:
    """An issuer whose documents are published by hand."""
    made = Folder(tmp_path, capsys)
    made.configure(url=URL, key_encryption="file:issuer.secret", publish="static")
    return made


def site(folder: Folder) -> str:
    return str(folder.path / "site")


def code_of(folder: Folder, *arguments: str) -> str:
    with pytest.raises(ValetkeyError) as caught:
        folder.keys(*arguments)
    return caught.value.code


def test_a_secret_is_32_random_bytes_for_this_account_alone(folder: Folder) -> None:
    path = folder.path / "new.secret"
    app(["keys", "secret", str(path)], standalone_mode=False)
    out = folder.capsys.readouterr().out
    text = path.read_text().strip()
    assert len(decode_base64url(text)) == SECRET_BYTES
    assert text not in out
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    folder.configure(url=URL, key_encryption="file:new.secret")
    issuer = read_settings(folder.path / "valetkey.toml").issuer
    assert issuer is not None
    assert issuer.wrapping_secret is not None
    assert issuer.wrapping_secret.reveal() == text


def test_a_secret_is_never_overwritten(folder: Folder) -> None:
    before = (folder.path / "issuer.secret").read_bytes()
    with pytest.raises(ValetkeyError) as caught:
        app(["keys", "secret", str(folder.path / "issuer.secret")], standalone_mode=False)
    assert caught.value.code == "file-exists"
    assert (folder.path / "issuer.secret").read_bytes() == before


@pytest.mark.parametrize(
    "line",
    [["list"], ["rotate"], ["retire", "KEY", "--because", "x"], ["publish", "site"]],
)
def test_without_an_issuer_there_are_no_keys(folder: Folder, line: list[str]) -> None:
    folder.configure()
    assert code_of(folder, *line) == "issuer-none"
    assert not (folder.path / "valetkey.db").exists()


def test_what_is_published_is_what_signs_and_it_is_on_record(folder: Folder) -> None:
    out = folder.keys("publish", site(folder))
    [key] = folder.listed()
    assert key["phase"] == "signing"
    assert folder.published() == [key["kid"]]
    documents = folder.path / "site" / ".well-known"
    names = sorted(each.name for each in documents.iterdir())
    assert names == ["jwks.json", "openid-configuration"]
    for name in names:
        assert stat.S_IMODE((documents / name).stat().st_mode) == 0o644
        assert f"s3://BUCKET/.well-known/{name} --content-type application/json" in out
    discovery = json.loads((documents / "openid-configuration").read_bytes())
    assert discovery["issuer"] == URL
    assert "token_endpoint" not in discovery
    record = folder.audit()[-1]
    assert (record["kind"], record["key_ids"]) == ("keys-published", [key["kid"]])
    assert record["by"].startswith("account:")


def test_an_issuer_with_a_path_has_its_documents_below_it(folder: Folder) -> None:
    folder.configure(
        head='[broker]\npublic_url = "https://broker.example.com"',
        url=f"{URL}/tenant1",
        key_encryption="file:issuer.secret",
        publish="static",
    )
    out = folder.keys("publish", site(folder))
    assert len(folder.published("tenant1")) == 1
    assert "s3://BUCKET/tenant1/.well-known/jwks.json" in out
    written = folder.path / "site" / "tenant1" / ".well-known" / "openid-configuration"
    document = json.loads(written.read_bytes())
    assert document["token_endpoint"] == "https://broker.example.com/oauth/token"


def test_the_next_key_signs_only_after_it_was_published(folder: Folder) -> None:
    folder.keys("publish", site(folder))
    [first] = folder.published()
    assert "keys publish" in folder.keys("rotate")
    assert sorted(folder.phases().values()) == ["pending", "signing"]
    folder.keys("rotate")  # one waits: no second one joins it
    assert len(folder.listed()) == 2
    folder.keys("publish", site(folder))
    phases = folder.phases()
    assert sorted(phases) == sorted(folder.published())
    assert phases.pop(first) == "signing"
    assert [*phases.values()] == ["next"]
    signing = next(key for key in folder.listed() if key["kid"] == first)
    upcoming = next(key for key in folder.listed() if key["kid"] != first)
    assert signing["signs_until"] == upcoming["signs_from"]
    assert signing["published_until"] > signing["signs_until"]


def test_publishing_again_changes_no_byte(folder: Folder) -> None:
    folder.keys("publish", site(folder))
    before = (folder.path / "site/.well-known/jwks.json").read_bytes()
    folder.keys("publish", site(folder))
    assert (folder.path / "site/.well-known/jwks.json").read_bytes() == before
    assert len(KeySet.from_jwks(before, ("ES256",)).keys) == 1


def test_a_retired_key_is_out_and_another_one_signs(folder: Folder) -> None:
    folder.keys("publish", site(folder))
    [old] = folder.published()
    assert "keys publish" in folder.keys("retire", "--because", "laptop lost", "--", old)
    record = next(leaf for leaf in folder.audit() if leaf["kind"] == "key-retired")
    assert (record["key_id"], record["because"]) == (old, "laptop lost")
    assert record["by"].startswith("account:")
    folder.keys("publish", site(folder))
    phases = folder.phases()
    assert phases[old] == "retired"
    assert [kid for kid, phase in phases.items() if phase == "signing"] == folder.published()
    assert old not in folder.published()


def test_a_key_that_is_not_there_is_not_retired(folder: Folder) -> None:
    assert code_of(folder, "retire", "no-such", "--because", "x") == "signing-key-unknown"


def test_nobody_retires_a_key_without_saying_why(folder: Folder) -> None:
    folder.keys("publish", site(folder))
    [kid] = folder.published()
    assert code_of(folder, "retire", "--because", " ", "--", kid) == "reason-missing"
    assert folder.phases() == {kid: "signing"}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("jwks.json", '{"keys":[{"kid":"of-another-store"}]}'),
        ("jwks.json", "<html>"),
        ("jwks.json", "[]"),
        ("jwks.json", '{"keys":[{"kid":["a"]}]}'),
        ("jwks.json", "[" * 100_000),
        ("openid-configuration", '{"issuer":"https://other.example"}'),
    ],
)
def test_documents_of_somebody_else_are_never_replaced(
    folder: Folder, name: str, content: str
) -> None:
    there = folder.path / "site" / ".well-known" / name
    there.parent.mkdir(parents=True)
    there.write_text(content)
    assert code_of(folder, "publish", site(folder)) == "key-set-differs"
    assert there.read_text() == content
    assert "keys-published" not in [leaf["kind"] for leaf in folder.audit()]


def test_what_would_never_end_is_not_read(folder: Folder) -> None:
    there = folder.path / "site" / ".well-known" / "jwks.json"
    there.parent.mkdir(parents=True)
    os.mkfifo(there)
    assert code_of(folder, "publish", site(folder)) == "key-set-differs"


def test_what_could_not_be_written_is_not_published(folder: Folder) -> None:
    (folder.path / "site").write_text("a file")
    assert code_of(folder, "publish", site(folder)) in {"file-unwritable", "file-unreadable"}
    assert [*folder.phases().values()] == ["pending"]


def test_files_are_not_written_where_the_broker_publishes(folder: Folder) -> None:
    folder.configure(url=URL, key_encryption="file:issuer.secret")
    assert code_of(folder, "publish", site(folder)) == "issuer-published-by-broker"
    assert not (folder.path / "site").exists()


def test_where_the_broker_publishes_a_rotation_says_from_when_it_signs(folder: Folder) -> None:
    folder.configure(url=URL, key_encryption="file:issuer.secret")
    assert " signs from 20" in folder.keys("rotate")
    assert [*folder.phases().values()] == ["signing"]  # the first: nobody caches another
    folder.keys("rotate")
    assert sorted(folder.phases().values()) == ["next", "signing"]


def test_no_key_is_made_for_an_algorithm_that_nothing_uses(folder: Folder) -> None:
    assert code_of(folder, "rotate", "--algorithm", "RS256") == "algorithm-unused"
    assert code_of(folder, "rotate", "--algorithm", "HS256") == "config-invalid"


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> None:
    as_a_user(monkeypatch)


@pytest.mark.usefixtures("aws")
def test_keys_of_kms_follow_each_other_by_their_arns(folder: Folder) -> None:
    kms = FakeKms({ARN: an_ec_key(), OTHER: an_ec_key()})
    with kms_in_a_thread(kms) as url:
        head = f'[aws]\nendpoint_url = "{url}"'
        folder.configure(head=head, url=URL, kms_key=ARN)
        folder.keys("rotate")
        assert [key["kms_key"] for key in folder.listed()] == [ARN]
        first = folder.listed()[0]["kid"]
        assert code_of(folder, "rotate") == "signing-key-of-kms"
        retire = ["retire", "--because", "x", "--", first]
        assert code_of(folder, *retire) == "signing-key-last"
        assert folder.phases() == {first: "signing"}
        assert f'kms_key = "{OTHER}"' in folder.keys("rotate", "--kms-key", OTHER)
        assert [key["kms_key"] for key in folder.listed()] == [ARN, OTHER]
        folder.keys(*retire)
    assert sorted(folder.phases().values()) == ["retired", "signing"]


@pytest.mark.usefixtures("aws")
def test_a_key_of_kms_that_may_not_sign_takes_nothing_over(folder: Folder) -> None:
    kms = FakeKms({ARN: an_ec_key()})
    kms.answers = [(200, kms.keys[ARN].described(ARN)), (400, failing("AccessDeniedException"))]
    folder.keys("publish", site(folder))
    with kms_in_a_thread(kms) as url:
        folder.configure(
            head=f'[aws]\nendpoint_url = "{url}"', url=URL, key_encryption="file:issuer.secret"
        )
        assert code_of(folder, "rotate", "--kms-key", ARN) == "aws-kms-denied"
    assert [*folder.phases().values()] == ["signing"]


def test_what_is_no_arn_of_kms_is_refused_before_anything_is_asked(folder: Folder) -> None:
    assert code_of(folder, "rotate", "--kms-key", "alias/issuer") == "config-invalid"
