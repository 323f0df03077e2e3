"""Runs and records for the store's tests."""

import asyncio
import hashlib
from dataclasses import replace
from pathlib import Path

from valetkey.audit import (
    CredentialsHandedOut,
    HandOutRefused,
    RequestRefused,
    RunEnded,
    RunOpened,
    Verified,
    leaf_bytes,
    read_leaf,
)
from valetkey.broker.outcomes import OpenOutcome, TokenUse, UseOutcome
from valetkey.runs import PrincipalRef, Run, RunState, new_run_id
from valetkey.store import LogReader, SqliteStore

NOW = 1_800_000_000
ISSUER = "https://id.example.com"
ALICE = PrincipalRef(ISSUER, "alice")
BOB = PrincipalRef(ISSUER, "bob")
ORCHESTRATOR = PrincipalRef("https://cluster.example.com", "orchestrator")


def a_run(number: int = 0, *, subject: PrincipalRef = ALICE, life: int = 3600) -> Run:
    """An open run; equal numbers give equal ids."""
    entropy = hashlib.sha256(str(number).encode()).digest()
    return Run(
        id=new_run_id(entropy[:16]),
        subject=subject,
        actor=ORCHESTRATOR,
        actor_rule="orchestrator",
        tags={"user_id": subject.subject, "task_id": f"t-{number}"},
        attributes={"task_id": f"t-{number}"},
        grants=("tenant-data", "shared"),
        policy_version="1" * 32,
        opened_at=NOW,
        expires_at=NOW + life,
        state=RunState.OPEN,
        token_digest=hashlib.sha256(f"token {number}".encode()).digest(),
    )


def opened(run: Run) -> RunOpened:
    return RunOpened(
        at=NOW * 1000,
        run=run.id,
        subject_issuer=run.subject.issuer,
        subject=run.subject.subject,
        actor_issuer=run.actor.issuer,
        actor=run.actor.subject,
        actor_rule=run.actor_rule,
        tags=run.tags,
        grants=run.grants,
        policy_version=run.policy_version,
        expires_at=run.expires_at,
    )


def handed_out(run_id: str, *, fresh: str = "no") -> bytes:
    return leaf_bytes(
        CredentialsHandedOut(
            at=NOW * 1000,
            run=run_id,
            grant="tenant-data",
            role_arn="arn:aws:iam::111122223333:role/AgentTenantData",
            session_name=f"vk-{run_id}",
            access_key_id="ASIAIOSFODNN7EXAMPLE",
            expires_at=NOW + 3600,
            fresh=fresh,
        )
    )


def refused(run_id: str) -> bytes:
    return leaf_bytes(HandOutRefused(at=NOW * 1000, code="run-not-open", run=run_id))


def ended(run_id: str) -> RunEnded:
    return RunEnded(at=NOW * 1000, run=run_id, by="the test")


def noted(number: int) -> RequestRefused:
    """A small record that a test finds again by its number."""
    return RequestRefused(at=NOW * 1000, code=f"n-{number}", route="/")


async def open_one(
    store: SqliteStore,
    run: Run,
    *,
    bindings: dict[str, str] | None = None,
    token_ids: tuple[TokenUse, ...] = (),
) -> OpenOutcome:
    return await store.open_run(
        run, bindings=bindings or {}, token_ids=token_ids, record=opened(run)
    )


DIGESTS: dict[str, bytes] = {
    a_run(number).id: a_run(number).token_digest for number in range(1_000)
}


async def use(
    store: SqliteStore, run_id: str, *, now: float = NOW + 1, digest: bytes | None = None
) -> UseOutcome:
    """Use the run, with the token it was opened with if no other is given."""
    return await store.use_run(
        run_id,
        digest=digest or DIGESTS.get(run_id, b""),
        now=now,
        leaf=handed_out(run_id),
        refuse=lambda _: refused(run_id),
    )


def log(path: Path) -> list[tuple[str, str]]:
    """The verified log at `path`: each leaf's kind, and its run or else its code."""
    with LogReader(path) as reader:
        assert isinstance(reader.verify(), Verified)
        members = [read_leaf(row.leaf).members for row in reader.leaves()]
    return [(str(m["kind"]), str(m.get("run", m.get("code")))) for m in members]


async def all_of(store: SqliteStore, run: Run, callers: int) -> list[UseOutcome]:
    return list(await asyncio.gather(*(use(store, run.id) for _ in range(callers))))


def ended_run(run: Run, *, at: int) -> Run:
    return replace(run, state=RunState.ENDED, ended_at=at)
