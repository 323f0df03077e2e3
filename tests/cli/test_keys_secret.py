"""`valetkey keys` where the wrapping secret is another: refused, and the way out, step by step."""

import asyncio
import shlex
from pathlib import Path

import pytest

from tests.cli.key_world import URL, Folder
from valetkey.cli.commands import app
from valetkey.cli.key_publishing import upload_lines
from valetkey.credentials import SigningKey
from valetkey.credentials.sealing import unseal
from valetkey.errors import ValetkeyError
from valetkey.secret import Secret
from valetkey.settings import read_settings
from valetkey.store import SqliteStore
from valetkey.wiring.serving import running

HEAD = '[broker]\nlisten = "127.0.0.1:8700"\n[aws]\nregion = "eu-west-1"'


@pytest.fixture
def folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Folder:
    """An issuer whose broker has made its first key."""
    made = Folder(tmp_path, capsys)
    made.configure(head=HEAD, url=URL, key_encryption="file:issuer.secret")
    start_and_stop(made)
    return made


def start_and_stop(folder: Folder) -> None:
    async def work() -> None:
        settings = read_settings(folder.path / "valetkey.toml")
        async with running(settings, url="http://127.0.0.1:8700"):
            pass

    asyncio.run(work())


def stored(folder: Folder) -> list[SigningKey]:
    async def work() -> list[SigningKey]:
        store = await SqliteStore.open(folder.path / "valetkey.db")
        try:
            return await store.signing_keys()
        finally:
            await store.close()

    return asyncio.run(work())


def with_new_secret(folder: Folder, **issuer: str) -> Secret:
    path = folder.path / "new.secret"
    app(["keys", "secret", str(path)], standalone_mode=False)
    folder.configure(head=HEAD, url=URL, key_encryption="file:new.secret", **issuer)
    folder.capsys.readouterr()
    return Secret(path.read_text().strip())


def code_of(folder: Folder, *arguments: str) -> str:
    with pytest.raises(ValetkeyError) as caught:
        folder.keys(*arguments)
    return caught.value.code


def test_with_another_secret_nothing_is_made_beside_a_running_broker(folder: Folder) -> None:
    [key] = stored(folder)
    with_new_secret(folder)
    assert code_of(folder, "rotate") == "signing-secret-differs"
    retire = ("retire", "--because", "it leaked", "--", key.kid)
    assert code_of(folder, *retire) == "signing-secret-differs"
    assert stored(folder) == [key]


@pytest.mark.parametrize("has_next", [False, True])
def test_the_guides_way_out_of_a_lost_secret_leaves_nothing_under_it(
    folder: Folder, *, has_next: bool
) -> None:
    if has_next:
        folder.keys("rotate")
    old = stored(folder)
    new = with_new_secret(folder)
    with pytest.raises(ValetkeyError) as refused:
        start_and_stop(folder)
    assert refused.value.code == "signing-key-sealed"
    assert "--new-secret" in str(refused.value.hint)
    for number, key in enumerate(old, 1):
        said = folder.keys("retire", "--new-secret", "--because", "leaked", "--", key.kid)
        assert ("start the broker" in said) is (number == len(old))
        assert ("retire " + old[-1].kid in said) is (number < len(old))
    assert all(key.retired_at is not None for key in stored(folder))
    start_and_stop(folder)
    [made] = [key for key in stored(folder) if key.retired_at is None]
    unseal(made, new)
    assert folder.phases()[made.kid] == "signing"


def test_with_static_documents_the_new_key_is_published_and_signs(folder: Folder) -> None:
    [old] = stored(folder)
    new = with_new_secret(folder, publish="static")
    folder.keys("retire", "--new-secret", "--because", "leaked", "--", old.kid)
    folder.keys("publish", str(folder.path / "site"))
    [made] = [key for key in stored(folder) if key.retired_at is None]
    unseal(made, new)
    assert folder.published() == [made.kid]
    assert folder.phases() == {old.kid: "retired", made.kid: "signing"}
    start_and_stop(folder)


def test_a_new_secret_that_is_the_old_one_is_told(folder: Folder) -> None:
    [key] = stored(folder)
    retire = ("retire", "--new-secret", "--because", "it leaked", "--", key.kid)
    assert code_of(folder, *retire) == "signing-secret-same"
    assert stored(folder) == [key]


def test_a_key_that_does_not_open_is_never_published(folder: Folder) -> None:
    folder.configure(head=HEAD, url=URL, key_encryption="file:issuer.secret", publish="static")
    folder.keys("rotate")
    with_new_secret(folder, publish="static")
    site = str(folder.path / "site")
    assert code_of(folder, "publish", site) == "signing-secret-differs"
    assert not (folder.path / "site").exists()


def test_where_nothing_signs_until_it_is_published_that_is_said(folder: Folder) -> None:
    folder.configure(head=HEAD, url=URL, key_encryption="file:issuer.secret", publish="static")
    [key] = stored(folder)
    assert "no token is signed until" in folder.keys("retire", "--because", "x", "--", key.kid)


def test_a_key_that_is_retired_twice_says_since_when_it_is(folder: Folder) -> None:
    [key] = stored(folder)
    retire = ("retire", "--because", "x", "--", key.kid)
    folder.keys(*retire)
    with pytest.raises(ValetkeyError) as refused:
        folder.keys(*retire)
    assert "was retired before, at 20" in refused.value.message


@pytest.mark.parametrize("name", ["a b;$(x)", "-x"])
def test_what_is_printed_to_be_pasted_names_the_file_and_does_no_more(name: str) -> None:
    [line] = upload_lines([Path(name) / "jwks.json"], issuer=URL, cache_time=60)
    found = shlex.split(line)[3]
    assert Path(found) == Path(name) / "jwks.json"
    assert not found.startswith("-")
