"""Worlds and requests without end: each call is sent, judged and counted."""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tests.fuzz import (
    dynamodb_batches,
    dynamodb_items,
    dynamodb_partiql,
    dynamodb_queries,
    grants,
    presigned,
    queues,
    s3_reads,
    s3_writes,
    services,
    urls,
)
from tests.fuzz.calls import Call
from tests.fuzz.exchange import Exchange, Outcome
from tests.fuzz.names import Tenant, pick_tenants
from tests.fuzz.oracle import Oracle
from tests.fuzz.pick import Pick
from tests.fuzz.places import Names
from tests.fuzz.policies import pick_documents
from tests.fuzz.stored import Stored
from tests.fuzz.world import World, build_world

Maker = Callable[[Pick, World, Tenant], Call]
MAKERS: tuple[Maker, ...] = (
    s3_reads.pick_read, s3_reads.pick_read, s3_reads.pick_listing, s3_reads.pick_bucket_read,
    s3_writes.pick_put, s3_writes.pick_delete, s3_writes.pick_multi_delete,
    s3_writes.pick_tagging, s3_writes.pick_copy, s3_writes.pick_part,
    dynamodb_items.pick_get, dynamodb_items.pick_write, dynamodb_queries.pick_query,
    dynamodb_queries.pick_query, dynamodb_queries.pick_scan, dynamodb_queries.pick_describe,
    dynamodb_batches.pick_batch_get, dynamodb_batches.pick_batch_write,
    dynamodb_batches.pick_transact_get, dynamodb_batches.pick_transact_write,
    dynamodb_partiql.pick_partiql, dynamodb_partiql.pick_partiql,
    services.pick_extra, services.pick_extra, services.pick_extra, services.pick_extra,
    services.pick_extra, services.pick_extra, presigned.pick_presigned, presigned.pick_presigned,
)  # fmt: skip


class Breach(AssertionError):  # noqa: N818 - what pytest shows is the name
    """The local AWS and the evaluator disagree, or a byte went where it may not."""


@dataclass(slots=True)
class Tally:
    """What was sent and how it ended."""

    by_service: Counter[str] = field(default_factory=Counter)
    by_kind: Counter[str] = field(default_factory=Counter)
    by_method: Counter[tuple[str, str]] = field(default_factory=Counter)
    worlds: int = 0

    @property
    def requests(self) -> int:
        """All requests of tenants; those that build worlds are not counted."""
        return self.by_kind.total()

    def summary(self) -> str:
        """Return the figures in one line."""
        services = ", ".join(f"{n} {count:,}" for n, count in sorted(self.by_service.items()))
        kinds = ", ".join(f"{count:,} {n}" for n, count in sorted(self.by_kind.items()))
        return f"{self.requests:,} requests in {self.worlds:,} worlds ({services}): {kinds}"

    def count(self, call: Call, kind: str) -> None:
        """Count one call."""
        self.by_service[call.service] += 1
        self.by_kind[kind] += 1
        self.by_method[f"{call.service} {call.manner}{call.method}", kind] += 1

    def add(self, other: "Tally") -> None:
        """Add another tally to this one."""
        self.by_service.update(other.by_service)
        self.by_kind.update(other.by_kind)
        self.by_method.update(other.by_method)
        self.worlds += other.worlds


def run_world(
    pick: Pick, exchange: Exchange, tally: Tally, *, requests: int,
    makers: Sequence[Maker] = MAKERS, extras: Sequence[str] = services.EXTRAS,
) -> None:  # fmt: skip
    """Build a world, send `requests` calls in it, and look at everybody's vault at the end.

    Raises Breach with the world and the call for the first that went wrong.
    """
    tally.worlds += 1
    names = Names(tally.worlds)
    tenants = pick_tenants(pick)
    documents = pick_documents(pick, names, tenants)
    world = World(
        names, tenants, documents, exchange, Stored(exchange.aws),
        versioned=pick.chance(2), extra=pick.one(extras),
    )  # fmt: skip
    services.make_extras(world)
    build_world(world)
    grants.make_policies(pick, world)
    oracle = Oracle(world)
    for _ in range(requests):
        me, world.honest = pick.one(tenants), not pick.chance(2)
        call = pick.one(makers)(pick, world, me)
        outcome, touched = _sent(world, me, call)
        verdict = oracle.judge(call, me, outcome)
        tally.count(call, verdict.kind)
        if verdict.wrong or touched:
            raise Breach(report(world, me, call, outcome, verdict.wrong or touched))
        _remember(world, me, call, outcome=outcome)
    _check_vaults(world)
    exchange.made("iam", "delete_role_policy", RoleName=names.role, PolicyName="p0")


def _sent(world: World, me: Tenant, call: Call) -> tuple[Outcome, str]:
    """Return the answer, and what the call touched that it does not name; empty for nothing."""
    keys = world.keys[me.number]
    if call.presigned is not None:
        return urls.fetch(world.exchange, call, keys), ""
    before = [world.stored.messages(queue) for queue in call.keeps]
    outcome = world.exchange.send(call.service, call.method, arguments=call.arguments, keys=keys)
    after = [world.stored.messages(queue) for queue in call.keeps]
    return outcome, "" if before == after else f"touched another queue: {before} then {after}"


def _remember(world: World, me: Tenant, call: Call, *, outcome: Outcome) -> None:
    """Keep what the call left behind, and the ids that later calls can name."""
    if outcome.denied:
        return
    for put in call.puts:
        world.put(put)
        if put.place.what == "object":
            world.name(me, put.place.name)
    if call.method == "create_multipart_upload":
        world.name(me, call.arguments["Key"])
    parsed = outcome.parsed
    if call.policy is not None and outcome.succeeded:
        carrier, text = call.policy
        world.policies = {one: now for one, now in world.policies.items() if one != carrier}
        world.policies |= {} if text is None else {carrier: text}
    if call.method == "receive_message":
        queues.remember_receipts(world, call, outcome)
    if call.method == "create_multipart_upload" and outcome.succeeded:
        world.uploads.append((parsed["Key"], parsed["UploadId"]))
    elif call.method == "upload_part" and outcome.succeeded:
        world.etags[call.arguments["UploadId"]] = parsed["ETag"]
    elif call.method in {"put_object", "copy_object", "delete_object"} and parsed.get("VersionId"):
        world.versions.append((call.arguments["Key"], parsed["VersionId"]))


def _check_vaults(world: World) -> None:
    """Return if nobody changed what its owner never writes; in a safe world only."""
    if not world.documents.safe:
        return
    for place, text in world.vaults.items():
        if place.what == "object":
            found = world.stored.body(world.names.bucket, place.name)
        else:
            seq, _, repo = place.name.partition("\0")
            item = world.stored.item(world.names.table, repo, seq)
            found = item["secret"]["S"] if len(item) == 6 else f"changed: {item}"
        if found != text:
            raise Breach(f"{place} of another was changed: {found}\n{world.documents}")
    for queue, text in world.messages.items():
        if text not in {body for _, body, _ in world.stored.messages(queue)}:
            raise Breach(f"a message of another was deleted from {queue}\n{world.documents}")


def report(world: World, me: Tenant, call: Call, outcome: Outcome, wrong: str) -> str:
    """Return all that is needed to see why."""
    documents = world.documents
    lines = [
        wrong,
        f"caller: {me}; tenants: {world.tenants}; versioned: {world.versioned}",
        f"call: {call.service}.{call.method}({json.dumps(dict(call.arguments), default=str)})",
        *(f"need: {need}" for need in (*call.needs, *call.parts.values())),
        f"answer: {outcome.code or 'success'}: {outcome.text[:2000]}",
        *(f"identity: {text}" for text in documents.identity),
        f"session: {documents.session[me.number]}",
        f"boundary: {documents.boundary}",
        f"bucket policy: {documents.bucket}",
        f"table policy: {documents.table}",
        f"other policies: {world.policies}",
        f"presigned: {call.presigned}",
    ]
    return "\n".join(lines)
