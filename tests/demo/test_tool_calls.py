"""The demo's third part is a check: it fails where a policy lets through what it should not."""

from pathlib import Path

import pytest

from valetkey.demo.issuer import DemoIssuer
from valetkey.demo.tool_calls import HIDDEN, NOT_PERMITTED, REFUNDS, SEES, ThirdPart, expected
from valetkey.demo.tool_config import POLICY

FIRST, SECOND, _ = REFUNDS


@pytest.mark.slow
def test_the_third_part_fails_where_a_policy_is_too_wide(tmp_path: Path) -> None:
    wide = POLICY.replace("&&\n    context.input.amount <= 1000", "")
    assert wide != POLICY
    with DemoIssuer() as issuer:
        part = ThirdPart(tmp_path, issuer, say=lambda _: None, policy=wide)
        part.tell()
    assert f"alice: {SECOND}: expected {NOT_PERMITTED}, got ok" in part.failures
    assert len(part.failures) == 3  # and the server saw it, and the log has it


def test_a_guest_is_not_shown_what_engineering_is_refused() -> None:
    assert expected("carol", SEES) == HIDDEN
    assert expected("bob", FIRST) == NOT_PERMITTED
    assert expected("alice", FIRST) == "ok"
    assert expected("alice", SECOND) == NOT_PERMITTED
