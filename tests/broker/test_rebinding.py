"""What an open run can't take along: tools of a version that asks what it was not asked."""

import json
from dataclasses import replace
from typing import Any

import pytest

from tests.fakes.platform import grant
from tests.fakes.tools import BOUND
from valetkey.broker import make_policy
from valetkey.broker.rebinding import has_asked, unfit_servers
from valetkey.tools.bundle import make_bundle

NOW = make_policy((grant(),), (), make_bundle(replace(BOUND, policies=())))
TOOLS: dict[str, Any] = {"servers": {"billing": {}, "search": {}}, "tags": list(BOUND.tags)}


def earlier(**changes: Any) -> str:
    return json.dumps({"tools": {**TOOLS, **changes}})


@pytest.mark.parametrize(
    ("before", "unfit", "words"),
    [
        (NOW.document, [], ""),
        (earlier(), [], ""),
        (earlier(tags=[*BOUND.tags, "more"]), [], ""),
        (earlier(tags=BOUND.tags[1:]), ["billing", "search"], "run was opened: `department`"),
        (earlier(servers={"billing": {}}), ["search"], "`search` is a server of tools now"),
        ('{"grants":{}}', ["billing", "search"], "`actor`, `department`, `issuer`"),
        (None, ["billing", "search"], "can't be read"),
        ("not JSON", ["billing", "search"], "can't be read"),
        ("5", ["billing", "search"], "can't be read"),
        (earlier(tags=5), ["billing", "search"], "can't be read"),
        ('{"tools":{}}', ["billing", "search"], "can't be read"),
    ],
)
def test_only_tools_whose_tags_were_all_asked_for_are_taken_along(
    before: str | None, unfit: list[str], words: str
) -> None:
    found = unfit_servers(NOW, before)
    assert sorted(found) == unfit
    assert all(words in why for why in found.values())


def test_a_policy_without_tools_takes_every_run() -> None:
    assert unfit_servers(make_policy((grant(),)), None) == {}


def test_the_reason_stays_short_whatever_the_number_of_tags() -> None:
    tags = tuple(f"tag-{number:03}" for number in range(300))
    policy = make_policy((), (), make_bundle(replace(BOUND, policies=(), tags=tags)))
    (why,) = set(unfit_servers(policy, earlier()).values())
    assert why.endswith("`tag-007` and 292 more")


def test_what_was_asked_is_told_of_a_version_that_can_be_read() -> None:
    assert has_asked(earlier(), BOUND.tags)
    assert not has_asked(earlier(), ("suspended",))
    assert not has_asked(None, ())
