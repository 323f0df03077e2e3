"""One law of web identity: tags in the token = tags in the STS session = tags in the audit leaf.

Real tokens open real runs in a real store; what the broker signs is read by the code with which
the local AWS makes its sessions. That the law can fail is shown by brokers that break it.
"""

import asyncio
import string
from collections.abc import Callable, Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import event, example, given, settings
from hypothesis import strategies as st

from tests.fakes.own_issuer import key_set
from tests.fakes.platform import Platform, platform, web_grant
from tests.fakes.sts import FakeSession, FakeSts
from valetkey.audit import TokenIssued, read_leaf
from valetkey.broker import HandOut, Opened, OpenRequest, hand_out, open_run
from valetkey.broker.minting import Minted, mint
from valetkey.credentials import AssumedRole, WebIdentityRequest
from valetkey.credentials.token_claims import sts_claims
from valetkey.errors import ValetkeyError
from valetkey.identity import parse_unverified
from valetkey.localaws.session_tags import session_tags
from valetkey.localaws.web_identity_claims import read_claims
from valetkey.localaws.web_identity_keys import read_keys
from valetkey.localaws.web_identity_token import read_web_token
from valetkey.runs import RUN_TAG, parse_template
from valetkey.secret import Secret

SIGNS = "_.:/=+-@"
LETTERS = st.characters(categories=["L", "N"], codec="utf-8") | st.sampled_from(SIGNS + " ")
KEYS = st.text(string.ascii_letters + string.digits + SIGNS + "éΩж中", min_size=1, max_size=24)
LEGAL = st.text(LETTERS, min_size=1, max_size=256).map(str.strip).filter(bool)
SUBJECTS = st.text(string.ascii_letters + string.digits + "|:/@.-_ ", min_size=1, max_size=255)
"""Of OpenID Connect Core §2, `sub`: ASCII."""
VALUES = LEGAL | st.text(max_size=8)
WORK = "work"


def _is_free(key: str) -> bool:
    return key.lower() not in {RUN_TAG, WORK} and not key.lower().startswith("aws:")


def _tags(values: st.SearchStrategy[str]) -> st.SearchStrategy[dict[str, str]]:
    some = st.dictionaries(KEYS.filter(_is_free), values, min_size=1, max_size=49)
    return some.filter(lambda tags: len({key.lower() for key in tags}) == len(tags))


LARGE = {f"key-{number}": f"{number:02}" + "v" * 190 for number in range(49)}


class AwsSts(FakeSts):
    """STS by web identity as the local AWS has it, of the token alone."""

    jwks: Callable[[], Any]

    async def assume_role_with_web_identity(
        self, request: WebIdentityRequest, token: Secret
    ) -> AssumedRole:
        read = read_web_token(token.reveal())
        read_keys(await self.jwks()).check(read)
        claims = read_claims(read.claims, self.clock())
        assert claims.roles == (str(request.role),)
        tags = session_tags(claims.tags, claims.transitive_keys, inherited={})
        self.presented.append((request, parse_unverified(token)))
        return await self._answer(
            request,
            FakeSession(tags.all, tags.transitive, claims.source_identity),
            subject=claims.subject,
            audience=claims.audience,
            provider=request.provider,
        )


@dataclass
class Chain:
    """A broker, an STS and a log that last over all examples."""

    runner: asyncio.Runner
    here: Platform
    sts: AwsSts

    def check(self, tags: Mapping[str, str], *, subject: str = "alice", task: str = "t") -> bool:
        """Assert the law for one principal and request; say whether there was a session."""
        return self.runner.run(self._check(tags, subject, task=task))

    async def _check(self, tags: Mapping[str, str], subject: str, *, task: str) -> bool:
        claims = {f"c{number}": value for number, value in enumerate(tags.values())}
        templates = [
            parse_template(key, f"{{subject.c{number}}}", path_segment=False)
            for number, key in enumerate(tags)
        ]
        if len(tags) < 49:
            templates.append(
                parse_template(WORK, "{request.task_id}", path_segment=False, shared=True)
            )
            tags = {**tags, WORK: task}
        self.here.broker = replace(self.here.broker, templates=tuple(templates))
        token, attributes = self.here.subject(subject, **claims), {"task_id": task}
        before = len(await self.here.store.leaves())
        sessions = len(self.sts.sessions)
        try:
            opened = await open_run(
                self.here.broker,
                OpenRequest(
                    actor_token=self.here.actor(), subject_token=token, attributes=attributes
                ),
            )
            if isinstance(opened, Opened):
                given = await hand_out(self.here.broker, opened.token, "tenant-data")
                assert isinstance(given, HandOut)
        except ValetkeyError:
            assert len(self.sts.sessions) == sessions, "a refusal that left a session behind"
            return False
        assert isinstance(opened, Opened)
        leaves = [read_leaf(each.leaf) for each in (await self.here.store.leaves())[before:]]
        owed = {**tags, RUN_TAG: opened.run.id}
        self._equal(owed, {each.kind: each.members for each in leaves})
        return True

    def _equal(self, owed: dict[str, str], leaves: dict[str, Mapping[str, Any]]) -> None:
        (session,), (_, token) = self.sts.sessions[-1:], self.sts.presented[-1]
        assert _said(token.claims) == owed
        assert session.tags == owed
        assert session.transitive == set(owed)
        assert session.source_identity == owed[RUN_TAG]
        assert leaves["token-issued"]["tags"] == owed
        assert {**leaves["run-opened"]["tags"], RUN_TAG: owed[RUN_TAG]} == owed


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    folder: Path = tmp_path_factory.mktemp("chain")

    async def start(stack: AsyncExitStack) -> tuple[Platform, AwsSts]:
        here = await stack.enter_async_context(platform(folder, grants=(web_grant(),), signs=True))
        own, sts = here.broker.own, AwsSts(here.clock)
        assert own is not None
        sts.jwks = lambda: key_set(own.ring, now=here.clock.now)
        here.broker = replace(here.broker, sts=sts)
        return here, sts

    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        here, sts = runner.run(start(stack))
        yield Chain(runner, here, sts)
        runner.run(stack.aclose())


@settings(deadline=None, max_examples=100)
@given(tags=_tags(LEGAL) | _tags(VALUES), subject=SUBJECTS, task=LEGAL | VALUES)
@example(tags=LARGE, subject="alice", task="t")
@example(tags={"k": "𐐷" * 128}, subject="alice", task="t")
def test_tags_in_the_token_are_those_of_the_session_and_of_the_audit_leaf(
    chain: Chain, tags: dict[str, str], subject: str, *, task: str
) -> None:
    """Where there is no session, nothing was left behind."""
    event("a session" if chain.check(tags, subject=subject, task=task) else "refused")


@pytest.mark.parametrize(
    "tags",
    [
        {"user_id": "v" * 256},
        {"user_id": "é" * 256},
        {"user_id": "中" * 256},
        {"user_id": "𐐷" * 128},
        {"user id": "a b", "Ж": "ж/ß:=+-@._"},
        {f"key-{number}": f"value-{number}" for number in range(49)},
        LARGE,
    ],
    ids=["ascii", "two bytes", "three bytes", "four bytes", "spaces", "49", "49 large"],
)
def test_the_largest_tags_that_are_allowed_arrive_whole(chain: Chain, tags: dict[str, str]) -> None:
    assert chain.check(tags), "these are within what AWS takes"


def test_a_token_too_large_for_sts_is_refused_and_loses_no_tag(chain: Chain) -> None:
    """Lesson 28: fail, and say so; a dropped tag would be somebody else's data."""
    assert not chain.check({f"key-{number}": "中" * 256 for number in range(49)})


def _without_claim(*arguments: Any, **named: Any) -> dict[str, Any]:
    claims = sts_claims(*arguments, **named)
    return {name: value for name, value in claims.items() if not name.endswith("/tags")}


def _truncating(*arguments: Any, **named: Any) -> dict[str, Any]:
    claims: dict[str, Any] = sts_claims(*arguments, **named)
    tags = claims["https://aws.amazon.com/tags"]["principal_tags"]
    tags["user_id"] = [tags["user_id"][0][:255]]
    return claims


async def _signs_others(own: Any, claims: dict[str, Any], **how: Any) -> Minted:
    tags: Any = {"principal_tags": {}, "transitive_tag_keys": []}
    return await mint(own, {**claims, "https://aws.amazon.com/tags": tags}, **how)


def _records_others(**members: Any) -> TokenIssued:
    return TokenIssued(**{**members, "tags": {"user_id": "alice"}})


BROKEN = [
    ("token_plan.sts_claims", _without_claim),
    ("token_plan.sts_claims", _truncating),
    ("obtain.mint", _signs_others),
    ("token_plan.TokenIssued", _records_others),
]


@pytest.mark.parametrize(("part", "broken"), BROKEN, ids=[f.__name__ for _, f in BROKEN])
def test_the_law_catches_a_broker_that_breaks_it(
    chain: Chain, monkeypatch: pytest.MonkeyPatch, part: str, *, broken: Callable[..., Any]
) -> None:
    """With the broker's own check of the token put out of action, the law must see it."""
    assert chain.check({"user_id": "v" * 256})
    monkeypatch.setattr("valetkey.broker.token_plan.transitive_tags_said", _owed)
    monkeypatch.setattr(f"valetkey.broker.{part}", broken)
    with pytest.raises(AssertionError):
        chain.check({"user_id": "v" * 256})


def _owed(claims: Mapping[str, Any]) -> dict[str, str]:
    """Say what the broker wants to hear of its own token."""
    return {"user_id": "v" * 256, WORK: "t", RUN_TAG: claims["valetkey_run"]}


def _said(claims: Mapping[str, Any]) -> dict[str, str]:
    tags = claims.get("https://aws.amazon.com/tags", {"principal_tags": {}})["principal_tags"]
    return {key: value for key, (value,) in tags.items()}


@pytest.mark.parametrize("broken", [_without_claim, _truncating])
def test_the_broker_itself_refuses_to_sign_other_tags_than_the_runs(
    chain: Chain, monkeypatch: pytest.MonkeyPatch, broken: Callable[..., Any]
) -> None:
    monkeypatch.setattr("valetkey.broker.token_plan.sts_claims", broken)
    before = len(chain.sts.presented)
    assert not chain.check({"user_id": "v" * 256})
    assert len(chain.sts.presented) == before
