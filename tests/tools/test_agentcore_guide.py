"""Policies of Amazon Bedrock AgentCore's guide, as plain Cedar, run here unchanged."""

from datetime import datetime
from pathlib import Path

import pytest

from tests.settings.test_tools import GOOD, put, tools
from tests.tools.asking import NOW, bundle, decided, policy
from tests.tools.guide_rows import ARGUMENTS, CONTRACT, ROWS, TAGS, TOOLS
from valetkey.tools import Verdict
from valetkey.tools.bundle import make_bundle
from valetkey.tools.lock import write_lock


@pytest.mark.parametrize("row", ROWS)
def test_a_policy_of_the_guide_decides_as_the_guide_says(row: str) -> None:
    text, allowed, denied = ROWS[row]
    made = bundle(text, *TOOLS, tags=TAGS)
    for calls, verdict in ((allowed, Verdict.ALLOW), (denied, Verdict.DENY)):
        for each in calls:
            now = NOW if each.at is None else datetime.fromisoformat(each.at).timestamp()
            arguments = {**ARGUMENTS[each.tool], **each.arguments}
            found = decided(made, each.tool, arguments, now=now, tags=each.tags)
            assert (found.verdict, found.errors) == (verdict, ()), each


def test_the_guides_target_is_one_of_a_configuration(tmp_path: Path) -> None:
    text = GOOD.replace('name = "billing-tools"', 'name = "InsuranceAPI"')
    put(tmp_path, text)
    mine = [each for each in TOOLS if each.server == "InsuranceAPI"]
    (tmp_path / "tools.lock").write_text(write_lock(mine))
    (tmp_path / "policies" / "guide.cedar").write_text(policy("permit", CONTRACT))
    made = make_bundle(tools(tmp_path, text).source)
    assert decided(made, CONTRACT, ARGUMENTS[CONTRACT], now=NOW).verdict is Verdict.ALLOW


def test_all_of_the_guides_plain_policies_are_there() -> None:
    assert len(ROWS) == 23
