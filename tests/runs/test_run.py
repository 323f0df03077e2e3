"""A run's identifier, its token and its states."""

import re

import pytest

from valetkey.runs import (
    PREVIOUS_TOKEN_GRACE,
    PrincipalRef,
    Run,
    RunError,
    RunId,
    RunState,
    is_run_id,
    may_become,
    new_run_id,
    new_run_token,
    opens,
    run_id_of,
)
from valetkey.secret import Secret

RUN_ID = new_run_id(bytes(range(16)))
TOKEN = new_run_token(RUN_ID, bytes(range(32)))


def a_run(state: RunState = RunState.OPEN, **changes: object) -> Run:
    members: dict[str, object] = {
        "id": RUN_ID,
        "subject": PrincipalRef("https://i.example", "alice"),
        "actor": PrincipalRef("https://c.example", "orchestrator"),
        "actor_rule": "orchestrator",
        "tags": {"user_id": "alice"},
        "attributes": {},
        "grants": ("tenant-data",),
        "policy_version": "v",
        "opened_at": 1000,
        "expires_at": 2000,
        "state": state,
        "token_digest": TOKEN.digest(),
    }
    return Run(**{**members, **changes})  # type: ignore[arg-type]


def test_a_run_id_is_a_source_identity_and_a_session_name_to_aws() -> None:
    assert re.fullmatch(r"[\w+=,.@-]{2,64}", RUN_ID, re.ASCII)
    assert re.fullmatch(r"[\w+=,.@-]{2,64}", f"vk-{RUN_ID}", re.ASCII)
    assert is_run_id(RUN_ID)


def test_a_run_id_shows_all_of_its_entropy() -> None:
    ids = {new_run_id((1 << bit).to_bytes(16, "big")) for bit in range(128)}
    assert len(ids) == 128


@pytest.mark.parametrize(
    "text", ["", "r-", "r-abc", "x-" + RUN_ID[2:], RUN_ID + "a", RUN_ID.upper()]
)
def test_what_is_no_run_id_is_not_taken_for_one(text: str) -> None:
    assert not is_run_id(text)


def test_a_token_names_its_run_and_opens_it() -> None:
    assert run_id_of(TOKEN) == RUN_ID
    assert opens(TOKEN, a_run(), now=1000)


def test_another_runs_secret_does_not_open_it() -> None:
    assert not opens(new_run_token(RUN_ID, bytes(32)), a_run(), now=1000)


def test_after_a_rotation_the_last_token_is_good_for_its_grace_alone() -> None:
    new = new_run_token(RUN_ID, bytes(32))
    rotated = a_run(
        token_digest=new.digest(),
        previous_digest=TOKEN.digest(),
        previous_until=1000 + PREVIOUS_TOKEN_GRACE,
    )
    assert opens(new, rotated, now=5000)
    assert opens(TOKEN, rotated, now=1000 + PREVIOUS_TOKEN_GRACE - 1)
    assert not opens(TOKEN, rotated, now=1000 + PREVIOUS_TOKEN_GRACE)


@pytest.mark.parametrize(
    "text", ["", "vkr_", "vkr_x_y", f"Bearer {TOKEN.reveal()}", "vkr_" + "a" * 80]
)
def test_a_malformed_token_is_refused_without_its_text(text: str) -> None:
    with pytest.raises(RunError) as caught:
        run_id_of(Secret(text))
    assert caught.value.code == "run-token-malformed"
    assert text == "" or text not in str(caught.value)


def test_a_run_moves_forward_and_never_goes_back() -> None:
    moves = {(a, b) for a in RunState for b in RunState if may_become(a, b)}
    assert moves == {
        (RunState.OPEN, RunState.ENDED),
        (RunState.OPEN, RunState.REVOKED),
        (RunState.ENDED, RunState.REVOKED),
    }


@pytest.mark.parametrize(
    ("run", "now", "live"),
    [
        (a_run(), 1999, True),
        (a_run(), 2000, False),
        (a_run(RunState.ENDED), 1500, False),
        (a_run(RunState.REVOKED), 1500, False),
    ],
)
def test_only_an_open_run_before_its_expiry_is_live(run: Run, now: float, live: bool) -> None:
    assert run.is_live(now) is live


def test_a_run_id_is_never_made_of_too_little_entropy() -> None:
    with pytest.raises(ValueError, match="16"):
        new_run_id(b"short")
    with pytest.raises(ValueError, match="32"):
        new_run_token(RunId("r-x"), b"short")
