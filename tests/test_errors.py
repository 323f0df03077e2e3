"""What an error shows to whoever has only its traceback."""

import traceback

from valetkey.errors import ValetkeyError


def shown(error: ValetkeyError) -> str:
    return "".join(traceback.format_exception(error))


def test_an_error_that_nobody_catches_says_what_to_do() -> None:
    error = ValetkeyError("run-missing", "there is no run here", hint="start one", detail="private")
    assert shown(error).splitlines()[-2:] == [
        "valetkey.errors.ValetkeyError: there is no run here [run-missing]",
        "hint: start one",
    ]


def test_its_private_detail_is_not_shown() -> None:
    assert "private" not in shown(ValetkeyError("x", "y", hint="z", detail="private"))
