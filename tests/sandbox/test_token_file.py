"""Tokens in files."""

import os
from pathlib import Path

import pytest

from tests.sandbox.conftest import write_private
from valetkey.errors import ValetkeyError
from valetkey.sandbox.token_file import read_identity_token, read_run_token


def test_the_token_is_the_exact_content(tmp_path: Path) -> None:
    assert read_run_token(str(write_private(tmp_path / "t", "vkr_r-1_abc"))) == "vkr_r-1_abc"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666, 0o610])
def test_a_file_open_to_others_is_refused(tmp_path: Path, mode: int) -> None:
    path = write_private(tmp_path / "t", "token")
    path.chmod(mode)
    with pytest.raises(ValetkeyError) as caught:
        read_run_token(str(path))
    assert caught.value.code == "token-file-open-to-others"
    assert caught.value.hint is not None
    assert "chmod 600" in caught.value.hint


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_file_of_another_account_is_refused(tmp_path: Path) -> None:
    path = write_private(tmp_path / "t", "token")
    os.chown(path, 12345, -1)
    with pytest.raises(ValetkeyError) as caught:
        read_run_token(str(path))
    assert caught.value.code == "token-file-of-another"


@pytest.mark.parametrize("content", ["token\n", "token\r\n", "a\nb", "\n"])
def test_a_newline_is_refused_because_sdks_would_send_it(tmp_path: Path, content: str) -> None:
    with pytest.raises(ValetkeyError) as caught:
        read_run_token(str(write_private(tmp_path / "t", content)))
    assert caught.value.code == "token-file-newline"


@pytest.mark.parametrize("content", ["", " ", "a b", "a\x00b", "ä", "x" * 20_000])
def test_what_is_not_one_token_is_refused(tmp_path: Path, content: str) -> None:
    with pytest.raises(ValetkeyError) as caught:
        read_run_token(str(write_private(tmp_path / "t", content)))
    assert caught.value.code == "token-file-malformed"


def test_a_named_pipe_neither_blocks_nor_counts_as_a_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    for path in (tmp_path / "pipe", tmp_path):
        with pytest.raises(ValetkeyError) as caught:
            read_run_token(str(path))
        assert caught.value.code == "token-file-irregular"


@pytest.mark.parametrize("path", ["a\0b", "a\ud800b"])
def test_a_path_that_no_system_has_is_an_error_like_any_other(path: str) -> None:
    with pytest.raises(ValetkeyError) as caught:
        read_run_token(path)
    assert caught.value.code == "token-file-unreadable"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValetkeyError) as caught:
        read_run_token(str(tmp_path / "absent"))
    assert caught.value.code == "token-file-unreadable"
    assert "absent" in caught.value.message


def test_an_identity_token_may_end_in_a_newline_and_have_any_mode(tmp_path: Path) -> None:
    path = tmp_path / "t"
    path.write_text("ey.ab.c\n")
    path.chmod(0o644)
    assert read_identity_token(str(path)) == "ey.ab.c"


@pytest.mark.parametrize("content", ["", "\n", "a\n\n", "a b", "a\nb"])
def test_an_identity_token_is_one_word(tmp_path: Path, content: str) -> None:
    (tmp_path / "t").write_text(content)
    with pytest.raises(ValetkeyError) as caught:
        read_identity_token(str(tmp_path / "t"))
    assert caught.value.code == "token-file-malformed"
