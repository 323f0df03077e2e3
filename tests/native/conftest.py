"""Both programs, one after the other."""

import pytest

from tests.native.programs import PYTHON, STATIC, needs_static


@pytest.fixture(params=["python", pytest.param("static", marks=needs_static)])
def program(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """The words that start one of the two programs."""
    return PYTHON if request.param == "python" else (str(STATIC),)
