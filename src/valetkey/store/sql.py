# ruff: noqa: S105, S608 - statements, no passwords; built of constants of this file alone
"""Every statement of the SQLite dialect, in one place. Parameters are positional.

It holds text alone. Tables and their migrations are in `schema`.
"""

from typing import Final

BEGIN: Final = "BEGIN IMMEDIATE"
COMMIT: Final = "COMMIT"
ROLLBACK: Final = "ROLLBACK"
BEGIN_TO_READ: Final = "BEGIN"
SAVE: Final = "SAVEPOINT one_change"
UNDO: Final = "ROLLBACK TO one_change"
KEEP: Final = "RELEASE one_change"

READ_TREE: Final = "SELECT size, root, frontier FROM audit_head"
READ_HEAD: Final = "SELECT size, root FROM audit_head"
WRITE_TREE: Final = "UPDATE audit_head SET size = ?, root = ?, frontier = ?"
TOUCH_TREE: Final = "UPDATE audit_head SET size = size"
ADD_HEAD: Final = "INSERT INTO audit_heads (size, root) VALUES (?, ?)"
READ_HEADS: Final = "SELECT size, root FROM audit_heads ORDER BY size"
READ_LEAVES: Final = "SELECT idx, leaf, hash FROM audit_leaves WHERE idx > ? ORDER BY idx LIMIT ?"

# Leaves go in by one statement for a power of two of rows: each statement gives up the
# interpreter lock once, and a busy event loop makes the writer wait for it again each time.
_LEAF_ROW: Final = "(?, ?, ?)"
ADD_LEAVES: Final = {
    rows: "INSERT INTO audit_leaves (idx, leaf, hash) VALUES " + ", ".join([_LEAF_ROW] * rows)
    for rows in (1, 2, 4, 8, 16, 32, 64, 128)
}

# One row for any number of runs, for the same reason. Ids hold no white space (`schema`).
READ_STANDINGS: Final = (
    "SELECT group_concat(state || ' ' || expires_at || ' ' || hex(token_digest) || ' ' ||"
    " previous_until || ' ' || coalesce(hex(previous_digest), '') || ' ' || policy_version ||"
    " ' ' || id, char(10))"
    " FROM runs WHERE id IN (SELECT value FROM json_each(?))"
)
READ_STANDING: Final = (
    "SELECT state, expires_at, token_digest, previous_until, previous_digest, policy_version"
    " FROM runs WHERE id = ?"
)
READ_STATE: Final = "SELECT state FROM runs WHERE id = ?"

RUN_COLUMNS: Final = (
    "id, subject_issuer, subject, actor_issuer, actor, actor_rule, tags, attributes, grants,"
    " policy_version, opened_at, expires_at, state, token_digest, previous_digest,"
    " previous_until, ended_at, because, facts"
)
ADD_RUN: Final = f"INSERT INTO runs ({RUN_COLUMNS}) VALUES ({', '.join('?' * 19)})"
READ_RUN: Final = f"SELECT {RUN_COLUMNS} FROM runs WHERE id = ?"
# Newest first. Each filter is one of these and its parameters; `after` names the last run seen.
READ_RUNS: Final = f"SELECT {RUN_COLUMNS} FROM runs"
OF_STATE: Final = "state = ?"
OF_OPENER: Final = "actor_issuer = ? AND actor = ?"
OF_SUBJECT: Final = "subject_issuer = ? AND subject = ?"
AFTER_RUN: Final = "seq < (SELECT seq FROM runs WHERE id = ?)"
NEWEST_FIRST: Final = "ORDER BY seq DESC LIMIT ?"
# Every open run but those that are under the version already.
READ_OPEN_ELSEWHERE: Final = (
    "SELECT id, policy_version, grants FROM runs WHERE state = 'open' AND expires_at > ?"
    " AND policy_version <> ?"
)
REBIND_RUN: Final = "UPDATE runs SET policy_version = ?, grants = ? WHERE id = ?"
FINISH_RUN: Final = "UPDATE runs SET state = ?, ended_at = ?, because = ? WHERE id = ?"
ROTATE_TOKEN: Final = (
    "UPDATE runs SET"
    " previous_until = iif(token_digest = :expected, :until, previous_until),"
    " previous_digest = :expected, token_digest = :new"
    " WHERE id = :run AND state = 'open' AND expires_at > :now AND (token_digest = :expected"
    " OR (previous_digest = :expected AND previous_until > :now))"
)

READ_BINDING: Final = "SELECT issuer, subject FROM work_bindings WHERE key = ? AND value = ?"
ADD_BINDING: Final = (
    "INSERT INTO work_bindings (key, value, issuer, subject, run) VALUES (?, ?, ?, ?, ?)"
)
READ_TOKEN_USE: Final = "SELECT 1 FROM token_uses WHERE issuer = ? AND token_id = ?"
ADD_TOKEN_USE: Final = "INSERT INTO token_uses (issuer, token_id, until) VALUES (?, ?, ?)"
FORGET_TOKEN_USES: Final = "DELETE FROM token_uses WHERE until < ?"

READ_ISSUER: Final = "SELECT url FROM issuers WHERE name = ?"
ADD_ISSUER: Final = "INSERT INTO issuers (name, url) VALUES (?, ?)"
KEY_COLUMNS: Final = (
    "kid, issuer, algorithm, public, created_at, published_at, signs_from, retired_at, kms_key,"
    " sealed"
)
READ_KEYS: Final = f"SELECT {KEY_COLUMNS} FROM signing_keys ORDER BY seq"
READ_KEY_IDS: Final = "SELECT kid FROM signing_keys"
ADD_KEY: Final = f"INSERT INTO signing_keys ({KEY_COLUMNS}) VALUES ({', '.join('?' * 10)})"
PUBLISH_KEY: Final = (
    "UPDATE signing_keys SET published_at = ?, signs_from = ?"
    " WHERE kid = ? AND published_at IS NULL AND retired_at IS NULL"
)
RETIRE_KEY: Final = (
    "UPDATE signing_keys SET retired_at = ?, sealed = NULL WHERE kid = ? AND retired_at IS NULL"
)
TAKE_OVER: Final = (
    "UPDATE signing_keys SET signs_from = ? WHERE kid = ? AND retired_at IS NULL AND signs_from > ?"
)
WIPE_KEY: Final = "UPDATE signing_keys SET sealed = NULL WHERE kid = ?"
DROP_KEY: Final = "DELETE FROM signing_keys WHERE kid = ?"

READ_POLICY: Final = "SELECT document FROM policies WHERE version = ?"
ADD_POLICY: Final = "INSERT INTO policies (version, document) VALUES (?, ?)"
READ_ACTIVE: Final = "SELECT version FROM active_policy"
PUT_ACTIVE: Final = (
    "INSERT INTO active_policy (id, version) VALUES (1, ?)"
    " ON CONFLICT (id) DO UPDATE SET version = excluded.version"
)
