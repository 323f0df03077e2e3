"""What `import valetkey` costs: nothing, until a session is asked for."""

import subprocess
import sys

import pytest

import valetkey
from tests.sandbox.conftest import bare_environment


def run_python(program: str, **more: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", program],
        env=bare_environment(**more),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_importing_valetkey_imports_nothing_more() -> None:
    """`credential_process` passes through it on each start."""
    program = "import sys; before = set(sys.modules); import valetkey;"
    done = run_python(program + "print(sorted(set(sys.modules) - before))")
    assert done.stdout == "['valetkey']\n"


def test_boto3_is_imported_when_a_session_is_made_and_not_before() -> None:
    program = "import sys, valetkey; valetkey.aws_session; print('boto3' in sys.modules)"
    assert run_python(program).stdout == "False\n"


def test_without_boto3_it_says_what_to_install() -> None:
    program = """
import sys
sys.modules["boto3"] = None
import valetkey
try:
    valetkey.aws_session("tenant-data")
except valetkey.errors.ValetkeyError as error:
    print(error.code, error.hint)
"""
    assert run_python(program).stdout == "boto3-missing pip install 'valetkey[boto3]'\n"


def test_what_valetkey_has_not_is_an_attribute_error() -> None:
    assert valetkey.__all__ == ["aws_session", "read_tenancy_map"]
    with pytest.raises(AttributeError):
        valetkey.aws_sesion  # type: ignore[attr-defined]  # noqa: B018
