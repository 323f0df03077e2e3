"""Opening a run: who may, for whom, with which tags. Every refusal is on record."""

from pathlib import Path
from typing import Any

import pytest

from tests.fakes.issuer import NOW, FakeIssuer, signing_key
from tests.fakes.platform import Platform, platform
from valetkey.broker import Opened, open_run
from valetkey.errors import ValetkeyError
from valetkey.identity import Refusal
from valetkey.runs import RunState, parse_template
from valetkey.secret import Secret


async def refused(here: Platform, **changes: Any) -> str:
    """Open with one thing changed; return the code, having checked that nothing was stored."""
    try:
        outcome = await open_run(here.broker, here.request(**changes))
    except ValetkeyError as error:
        code = error.code
    else:
        assert isinstance(outcome, Refusal), outcome
        code = outcome.code
    assert await here.store.runs() == []
    audit = await here.audit()
    assert [leaf["kind"] for leaf in audit] == ["open-refused"]
    assert audit[0]["code"] == code
    return code


async def test_a_run_is_opened_for_the_subject_of_the_persons_own_token(here: Platform) -> None:
    opened = await here.open("alice")
    run = opened.run
    assert (run.subject.issuer, run.subject.subject) == ("https://people.example", "alice")
    assert (run.actor.subject, run.actor_rule) == ("orchestrator", "orchestrator")
    assert run.tags == {"user_id": "alice", "task_id": "task-of-alice"}
    assert (run.opened_at, run.expires_at) == (NOW, NOW + 8 * 3600)
    assert await here.store.run(run.id) == run


async def test_the_record_of_an_opened_run_is_durable_when_its_token_leaves(here: Platform) -> None:
    opened = await here.open("alice")
    record = (await here.audit())[-1]
    assert record["kind"] == "run-opened"
    assert record["run"] == opened.run.id
    assert record["tags"] == {"user_id": "alice", "task_id": "task-of-alice"}
    assert opened.token.reveal() not in str(record)


async def test_only_the_digest_of_the_run_token_is_stored(here: Platform) -> None:
    opened = await here.open("alice")
    await here.store.close()
    stored = b"".join(p.read_bytes() for p in here.path.parent.glob("valetkey.db*"))
    assert opened.run.token_digest in stored
    assert opened.token.reveal().encode() not in stored
    assert opened.token.reveal().rsplit("_", 1)[1].encode() not in stored


async def test_a_field_in_the_request_never_says_whom_the_run_works_for(here: Platform) -> None:
    """Lessons 2 and 3: identity is the subject token's, not an attribute's."""
    assert await refused(here, attributes={"user_id": "bob", "task_id": "t"}) == (
        "attribute-not-allowed"
    )


async def test_an_actor_sets_only_attributes_that_its_rule_names(here: Platform) -> None:
    changes = {"actor_token": here.actor("second"), "attributes": {"task_id": "t", "repo": "r"}}
    assert await refused(here, **changes) == "attribute-not-allowed"


async def test_the_subject_may_not_open_runs_with_its_own_token(here: Platform) -> None:
    assert await refused(here, actor_token=here.subject("alice")) == "actor-not-admitted"


async def test_the_platforms_token_is_nobody_to_be_worked_for(here: Platform) -> None:
    assert await refused(here, subject_token=here.actor()) == "subject-not-admitted"


async def test_an_auditor_opens_nothing(here: Platform) -> None:
    assert await refused(here, actor_token=here.actor("auditor")) == "actor-not-admitted"


async def test_a_subject_that_no_rule_admits_is_refused(here: Platform) -> None:
    assert await refused(here, subject_token=here.subject(token_use="access")) == "not-admitted"


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"exp": NOW - 100, "iat": NOW - 700}, "token-expired"),
        ({"aud": "another"}, "token-audience"),
        ({"iss": "https://unknown.example"}, "token-issuer"),
    ],
)
async def test_a_bad_subject_token_is_one_clear_error_and_nothing_is_stored(
    here: Platform, claims: dict[str, Any], code: str
) -> None:
    assert await refused(here, subject_token=here.subject(**claims)) == code


async def test_a_token_signed_by_a_stranger_opens_nothing(here: Platform) -> None:
    stranger = FakeIssuer(here.cluster.url, [signing_key("cluster-1", "ES384")])
    stranger.keys = [signing_key("cluster-2")]
    forged = stranger.sign(stranger.claims(sub="orchestrator"))
    assert await refused(here, actor_token=forged) == "token-key-unknown"


async def test_an_unknown_grant_is_refused(here: Platform) -> None:
    assert await refused(here, grants=("tenant-data", "nope")) == "grant-unknown"


async def test_a_refusal_of_something_huge_is_still_on_record(here: Platform) -> None:
    assert await refused(here, grants=("x" * 70_000,)) == "grant-unknown"


async def test_an_attribute_longer_than_any_tag_is_refused(here: Platform) -> None:
    assert await refused(here, attributes={"task_id": "x" * 1025}) == "attribute-too-long"


async def test_a_run_without_grants_is_refused(here: Platform) -> None:
    assert await refused(here, grants=()) == "grant-unknown"


async def test_a_missing_attribute_is_refused(here: Platform) -> None:
    assert await refused(here, attributes={}) == "tag-value-missing"


async def test_a_tag_with_a_slash_is_refused(here: Platform) -> None:
    """Lesson 6: `a` would own `a/b`."""
    assert await refused(here, subject_token=here.subject("a/b")) == "tag-value-path-segment"


async def test_a_subject_of_300_characters_is_refused_and_not_truncated(here: Platform) -> None:
    """Lesson 5."""
    assert await refused(here, subject_token=here.subject("x" * 300)) == "token-subject"


async def test_a_work_value_of_257_characters_is_refused_and_not_truncated(here: Platform) -> None:
    assert await refused(here, attributes={"task_id": "x" * 257}) == "tag-value-too-long"


@pytest.mark.parametrize("seconds", [0, -1, 59, 12 * 3600 + 1])
async def test_a_life_outside_the_limits_is_refused(here: Platform, seconds: int) -> None:
    assert await refused(here, expires_in=seconds) == "run-duration"


async def test_a_work_tag_is_bound_to_its_first_subject(here: Platform) -> None:
    await here.open("alice", attributes={"task_id": "t-1"})
    outcome = await open_run(here.broker, here.request("bob", attributes={"task_id": "t-1"}))
    assert isinstance(outcome, Refusal)
    assert outcome.code == "work-tag-bound"
    assert len(await here.store.runs()) == 1


async def test_a_work_tag_stays_bound_after_its_run_ended(here: Platform) -> None:
    opened = await here.open("alice", attributes={"task_id": "t-1"})
    from valetkey.broker import end_own_run

    await end_own_run(here.broker, opened.token)
    outcome = await open_run(here.broker, here.request("bob", attributes={"task_id": "t-1"}))
    assert isinstance(outcome, Refusal)


async def test_the_same_subject_reuses_its_work_tag(here: Platform) -> None:
    await here.open("alice", attributes={"task_id": "t-1"})
    await here.open("alice", attributes={"task_id": "t-1"})
    assert len(await here.store.runs()) == 2


async def test_a_shared_work_tag_is_not_bound(tmp_path: Path) -> None:
    shared = parse_template("repo", "{request.repo}", path_segment=False, shared=True)
    templates = (parse_template("user_id", "{subject.sub}"), shared)
    async with platform(tmp_path, templates=templates) as here:
        await here.open("alice", attributes={"repo": "org/app"})
        await here.open("bob", attributes={"repo": "org/app"})


async def test_an_issuers_name_never_stands_for_another_issuer(here: Platform) -> None:
    """Invariant 3: the name is in tags, so two issuers' equal subjects would share them."""
    from dataclasses import replace

    await here.broker.start(program="0", config_digest="0")
    people, cluster = here.broker.issuers
    swapped = (replace(people, name="cluster"), replace(cluster, name="people"))
    with pytest.raises(ValetkeyError) as caught:
        await replace(here.broker, issuers=swapped).start(program="0", config_digest="0")
    assert caught.value.code == "issuer-renamed"


async def test_a_claim_with_two_meanings_makes_no_tag(tmp_path: Path) -> None:
    templates = (parse_template("tenant", "{subject.org.id}"),)
    async with platform(tmp_path, templates=templates) as here:
        claims: dict[str, Any] = {"org": {"id": "evil"}, "org.id": "acme"}
        subject = here.subject(**claims)
        assert await refused(here, subject_token=subject, attributes={}) == "tag-value-ambiguous"


async def test_a_failed_append_means_no_token_leaves(here: Platform) -> None:
    await here.store.close()
    with pytest.raises(ValetkeyError) as caught:
        await open_run(here.broker, here.request("alice"))
    assert caught.value.code.startswith("store-")


async def test_run_ids_and_tokens_are_never_the_same_twice(here: Platform) -> None:
    one, two = await here.open("alice"), await here.open("alice")
    assert one.run.id != two.run.id
    assert one.token != two.token
    assert one.run.state is RunState.OPEN


async def test_an_empty_token_is_refused(here: Platform) -> None:
    """Lesson 26."""
    assert await refused(here, actor_token=Secret("")) == "token-malformed"


async def test_opened_is_the_only_outcome_with_a_token(here: Platform) -> None:
    assert isinstance(await open_run(here.broker, here.request("alice")), Opened)
