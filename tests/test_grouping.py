"""Tests that share something dear run on one worker, whatever version of pytest names them."""

from tests.grouping import ByGroup, group_of

MODULE = "tests/mcp/test_conformance.py"


def test_a_module_with_a_group_is_one_unit_of_work() -> None:
    scheduler = object.__new__(ByGroup)
    ids = [f"{MODULE}::{name}" for name in ("test_one[2025-11-25]", "test_one[a@b]", "test_other")]
    assert {scheduler._split_scope(each) for each in ids} == {"mcp-conformance"}


def test_groups_are_read_however_they_are_marked() -> None:
    assert group_of("tests/cdk/test_constructs.py") == "cdk"
    assert group_of("tests/e2e/test_web_identity.py") == "e2e-web-identity"
    assert group_of("tests/test_secret.py") is None


def test_a_test_without_a_group_runs_anywhere() -> None:
    scheduler = object.__new__(ByGroup)
    assert scheduler._split_scope("tests/test_secret.py::test_a") == "tests/test_secret.py::test_a"
