"""The fuzzer finds a gateway that sends what it did not decide, or that keeps no record."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.fuzz_gateway.bends import MARK
from tests.fuzz_gateway.campaign import Breach, Tally, run_requests
from valetkey.broker.tool_call import AllowedCall, DeniedCall, decide_call
from valetkey.gateway import calling, passing
from valetkey.identity import Refusal
from valetkey.tools.exact_json import canonical

REQUESTS = 400
SEED = 5


async def test_arguments_that_are_not_the_decided_ones_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hole(*asked: Any, **named: Any) -> AllowedCall | DeniedCall | Refusal:
        broker, caller, server, tool, arguments = asked
        decided = await decide_call(broker, caller, server, tool, {"amount": 1}, **named)
        if not isinstance(decided, AllowedCall):
            return decided
        return replace(decided, arguments=replace(decided.arguments, text=canonical(arguments)))

    monkeypatch.setattr(calling, "decide_call", hole)
    with pytest.raises(Breach, match="undecided at"):
        await run_requests(tmp_path, SEED, Tally(), requests=REQUESTS)


async def test_a_prompt_without_a_record_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hole(*_: Any, **__: Any) -> None:
        """Record nothing, and let it pass."""

    monkeypatch.setattr(passing, "note_passed", hole)
    with pytest.raises(Breach, match="undecided at"):
        await run_requests(tmp_path, SEED, Tally(), requests=REQUESTS)


async def test_a_header_that_a_caller_sent_is_found_at_a_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calling, "param_headers", lambda *_: {"x-anything": MARK})
    with pytest.raises(Breach, match="the caller's alone"):
        await run_requests(tmp_path, SEED, Tally(), requests=REQUESTS)
