"""The room costs nothing until a construct is named, and says what is missing."""

import subprocess
import sys

import pytest

import valetkey.cdk
from valetkey.errors import ValetkeyError


def test_importing_the_room_starts_nothing() -> None:
    program = "import sys, valetkey.cdk; sys.exit('aws_cdk' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_without_cdk_the_constructs_say_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(valetkey.cdk, "find_spec", lambda name: None)
    with pytest.raises(ValetkeyError) as caught:
        _ = valetkey.cdk.SessionRole
    assert caught.value.code == "cdk-missing"
    assert "valetkey[cdk]" in (caught.value.hint or "")


def test_there_are_no_other_names() -> None:
    with pytest.raises(AttributeError):
        _ = valetkey.cdk.Bucket
