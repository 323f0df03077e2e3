"""Runs and signing keys as rows, and back. The order is that of the columns in `sql`."""

import json
from typing import Any, TypeAlias

from valetkey.credentials import Algorithm, SigningKey
from valetkey.runs import PrincipalRef, Run, RunId, RunState

Row: TypeAlias = tuple[Any, ...]


def run_row(run: Run) -> Row:
    """Return the row of a run; maps and lists are JSON text."""
    return (
        run.id,
        run.subject.issuer,
        run.subject.subject,
        run.actor.issuer,
        run.actor.subject,
        run.actor_rule,
        _text(dict(run.tags)),
        _text(dict(run.attributes)),
        _text(list(run.grants)),
        run.policy_version,
        run.opened_at,
        run.expires_at,
        run.state.value,
        run.token_digest,
        run.previous_digest,
        run.previous_until,
        run.ended_at,
        run.because,
        _text(dict(run.facts)),
    )


def run_of(row: Row) -> Run:
    """Return the run of a row. An unknown state is a ValueError: it must not pass for open."""
    return Run(
        id=RunId(row[0]),
        subject=PrincipalRef(row[1], row[2]),
        actor=PrincipalRef(row[3], row[4]),
        actor_rule=row[5],
        tags=json.loads(row[6]),
        attributes=json.loads(row[7]),
        grants=tuple(json.loads(row[8])),
        policy_version=row[9],
        opened_at=row[10],
        expires_at=row[11],
        state=RunState(row[12]),
        token_digest=row[13],
        previous_digest=row[14],
        previous_until=row[15],
        ended_at=row[16],
        because=row[17],
        facts=json.loads(row[18]),
    )


def key_row(key: SigningKey) -> Row:
    """Return the row of a signing key; its public JWK is JSON text."""
    return (
        key.kid,
        key.issuer,
        key.algorithm.value,
        _text(dict(key.public)),
        key.created_at,
        key.published_at,
        key.signs_from,
        key.retired_at,
        key.kms_key,
        key.sealed,
    )


def key_of(row: Row) -> SigningKey:
    """Return the signing key of a row. An unknown algorithm is a ValueError."""
    return SigningKey(
        kid=row[0],
        issuer=row[1],
        algorithm=Algorithm(row[2]),
        public=json.loads(row[3]),
        created_at=row[4],
        published_at=row[5],
        signs_from=row[6],
        retired_at=row[7],
        kms_key=row[8],
        sealed=row[9],
    )


def _text(value: dict[str, str] | list[str]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
