"""One valid record of each kind, and small logs made of them."""

from valetkey.audit import (
    AuditRead,
    BrokerStarted,
    CredentialsHandedOut,
    CredentialsVended,
    HandOutRefused,
    Head,
    KeyCreated,
    KeyRetired,
    KeysPublished,
    McpPassed,
    OpenRefused,
    PolicyActivated,
    Record,
    RequestRefused,
    RunEnded,
    RunOpened,
    RunRebound,
    RunRevoked,
    StoredLeaf,
    TokenIssued,
    TokenRefused,
    TokenRotated,
    ToolDecided,
    Tree,
    VendFailed,
    leaf_bytes,
    leaf_hash,
)

AT = 1_800_000_000_000
RUN = "r-" + "a" * 26
ROLE = "arn:aws:iam::111122223333:role/AgentTenantData"

RECORDS: tuple[Record, ...] = (
    BrokerStarted(at=AT, program="0.1.0", config_digest="ab" * 32, policy_version="1"),
    RunOpened(
        at=AT,
        run=RUN,
        subject_issuer="https://id.example.com",
        subject="alice",
        actor_issuer="https://cluster.example.com",
        actor="orchestrator",
        actor_rule="orchestrator",
        tags={"user_id": "alice"},
        grants=("tenant-data",),
        policy_version="1",
        expires_at=1_800_003_600,
    ),
    OpenRefused(at=AT, code="subject-not-admitted", reason="no rule", actor="orchestrator"),
    CredentialsVended(
        at=AT,
        run=RUN,
        grant="tenant-data",
        role_arn=ROLE,
        session_name=f"vk-{RUN}",
        request_id="c6104cbe-af31-11e0-8154-cbc7ccf896c7",
        access_key_id="ASIAIOSFODNN7EXAMPLE",
        expires_at=1_800_003_600,
        duration=3600,
        packed_policy_size=12,
    ),
    VendFailed(at=AT, run=RUN, grant="tenant-data", role_arn=ROLE, code="sts-unreachable"),
    CredentialsHandedOut(
        at=AT,
        run=RUN,
        grant="tenant-data",
        role_arn=ROLE,
        session_name=f"vk-{RUN}",
        access_key_id="ASIAIOSFODNN7EXAMPLE",
        expires_at=1_800_003_600,
        fresh="yes",
    ),
    HandOutRefused(at=AT, code="grant-not-of-run", run=RUN, grant="other"),
    TokenRotated(at=AT, run=RUN, previous_until=1_800_000_060),
    RunEnded(at=AT, run=RUN, by="the run"),
    RunRevoked(at=AT, run=RUN, by="alice", because="laptop lost"),
    RequestRefused(at=AT, code="run-token-malformed", route="GET /v1/credentials/{grant}"),
    TokenIssued(
        at=AT,
        run=RUN,
        grant="tenant-data",
        audience="sts.amazonaws.com",
        subject="grant:tenant-data",
        jti="t-1",
        key_id="k-1",
        expires_at=1_800_000_300,
        holder="broker",
        role_arn=ROLE,
        tags={"user_id": "alice", "valetkey_run": RUN},
    ),
    TokenRefused(at=AT, code="invalid-target", run=RUN, grant="billing"),
    KeyCreated(at=AT, key_id="k-1", algorithm="ES256", by="schedule", signs_from=1_800_003_600),
    KeysPublished(at=AT, key_ids=("k-1", "k-2"), by="account:alice"),
    KeyRetired(at=AT, key_id="k-1", by="account:alice", because="it leaked"),
    AuditRead(at=AT, by_issuer="https://id.example.com", by="auditor", first=0, count=2),
    ToolDecided(
        at=AT,
        run=RUN,
        server="billing",
        tool="refund",
        decision="deny",
        code="tool-forbidden",
        via="mcp",
        policy_version="1",
        mode="enforce",
        digest="ab" * 32,
        rules=("refunds.cedar#large",),
    ),
    McpPassed(
        at=AT, run=RUN, server="billing", method="prompts/get", decision="allow", code="allowed"
    ),
    PolicyActivated(at=AT, policy_version="2", by="start", running="keep"),
    RunRebound(
        at=AT, run=RUN, policy_version="2", previous_version="1", by="account:ops", because="leak"
    ),
)


def log_of(leaves: list[bytes], batches: list[int]) -> tuple[list[StoredLeaf], list[Head]]:
    """Return rows and heads as a store writes them: `batches` holds the size of each commit."""
    rows = [StoredLeaf(i, leaf, leaf_hash(leaf)) for i, leaf in enumerate(leaves)]
    heads: list[Head] = []
    tree, start = Tree(), 0
    for count in batches:
        tree = tree.extend(row.hash for row in rows[start : start + count])
        start += count
        heads.append(Head(tree.size, tree.root()))
    return rows, heads


def sample_leaves() -> list[bytes]:
    """Return one leaf of each kind of record."""
    return [leaf_bytes(record) for record in RECORDS]
