"""The fuzz is no ornament: each hole that is planted in the local AWS is found by it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from tests.fuzz import (
    dynamodb_batches,
    dynamodb_items,
    dynamodb_partiql,
    dynamodb_queries,
    presigned,
    s3_reads,
    s3_writes,
    services,
)
from tests.fuzz.campaign import Breach, Maker, Tally
from tests.fuzz.running import run_batch
from tests.fuzz.service_holes import SERVICE_HOLES, URL_HOLES, Plant
from valetkey.iam import Principal
from valetkey.localaws import (
    callers,
    decisions,
    dynamodb_context,
    dynamodb_partiql_plans,
    dynamodb_partiql_shapes,
    s3_context,
    s3_request,
    s3_service,
    sqs_queues,
    ssm_service,
)
from valetkey.localaws.dynamodb_context import DynamoAsks
from valetkey.localaws.s3_context import S3Asks
from valetkey.localaws.storage import Storage

BATCHES = 50
WORLDS = 3
REQUESTS = 60
SEED = 8  # every seed finds every hole, sooner or later: these ones in their first batch
SEEDS = {
    "a copy that does not read its source": 1,
    "tags of an object that are not seen": 18,
    "a missing object told from a forbidden one": 24,
    "an index taken for its table": 19,
    "a list of keys by its first one": 14,
    "a session policy that does not limit": 15,
    "a role's own tag above the session's": 0,
    "a header that nobody signed": 23,
    "a version that nobody signed": 1,
    "an age in seconds": 16,
    "a presigned URL taken for a signed header": 19,
    "a secret's policy that is not asked": 21,
    "a policy that stays when it is taken away": 22,
    "a permission without its condition": 2,
    "a batch of secrets that is not asked for": 22,
    "a receipt handle that hides in any queue": 20,
    "a FIFO queue taken for another": 21,
    "a version read as the object": 5,
    "a listing whose prefix is not seen": 12,
    "dots that the storage resolves": 2,
    "a batch read by its first key": 19,
    "an item shown by a failed condition": 5,
    "parameters by the first name": 12,
    "a presigned URL that is good for ever": 0,
    "a URL to look at that opens": 24,
    "a presigned URL without an age": 16,
    "a request of nobody that is root's": 0,
    "a queue's policy that is not asked": 0,
    "a function's policy that is not asked": 7,
    "a permission for everybody": 4,
    "secrets by the first name": 4,
    "a receipt handle that opens any queue": 0,
    "a batch allowed by another action": 18,
    "a qualifier that is not seen": 11,
}


def _unread_source(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(S3Asks, "_source_asks", lambda *_, **__: [])


def _plain_version(patch: pytest.MonkeyPatch) -> None:
    original = s3_request.read_s3

    def read(request: Any) -> Any:
        call = original(request)
        return replace(call, operation=replace(call.operation, versioned=call.operation.actions))

    patch.setattr("valetkey.localaws.s3_service.read_s3", read)


def _lower_case(patch: pytest.MonkeyPatch) -> None:
    original = S3Asks._ask
    patch.setattr(
        S3Asks, "_ask", lambda self, action, arn, *more: original(self, action, arn.lower(), *more)
    )


def _no_prefix(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(s3_context, "_LISTS", ("delimiter", "max-keys"))


def _untagged(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(S3Asks, "existing_tags", lambda *_: {})


def _resolved_dots(patch: pytest.MonkeyPatch) -> None:
    original = Storage.call_s3

    def call(self: Storage, method: str, bucket: str, **more: Any) -> Any:
        key = more["key"]
        if key is not None and "/../" in key:
            before, _, after = key.partition("/../")
            more["key"] = f"{before.rpartition('/')[0]}/{after}"
        return original(self, method, bucket, **more)

    patch.setattr(Storage, "call_s3", call)


def _told_missing(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(s3_service, "_READS", frozenset())


def _first_read_key(patch: pytest.MonkeyPatch) -> None:
    original = dynamodb_context._get_keys

    def first(request: Any, schema: Any) -> tuple[list[str], set[str]]:
        leading, attributes = original(request, schema)
        return leading[:1], attributes

    patch.setattr(dynamodb_context, "_get_keys", first)


def _first_written_key(patch: pytest.MonkeyPatch) -> None:
    original = dynamodb_context._write_keys

    def first(requests: Any, schema: Any) -> tuple[list[str], set[str]]:
        leading, attributes = original(requests, schema)
        return leading[:1], attributes

    patch.setattr(dynamodb_context, "_write_keys", first)


def _first_part(patch: pytest.MonkeyPatch) -> None:
    original = DynamoAsks._transaction
    patch.setattr(DynamoAsks, "_transaction", lambda *given: original(*given)[:1])


def _index_as_table(patch: pytest.MonkeyPatch) -> None:
    original = DynamoAsks._ask

    def ask(self: DynamoAsks, *given: Any, **more: Any) -> Any:
        return original(self, *given, **{**more, "index": None})

    patch.setattr(DynamoAsks, "_ask", ask)


def _item_on_failure(patch: pytest.MonkeyPatch) -> None:
    original = dynamodb_context._returned
    name = "ReturnValuesOnConditionCheckFailure"
    patch.setattr(
        dynamodb_context,
        "_returned",
        lambda part: original({key: part[key] for key in part if key != name}),
    )


def _first_listed(patch: pytest.MonkeyPatch) -> None:
    original = DynamoAsks.on_parts

    def on_parts(self: DynamoAsks, action: str, name: str, parts: Any, **more: Any) -> Any:
        return original(self, action, name, parts[:1], **more)

    patch.setattr(DynamoAsks, "on_parts", on_parts)


def _or_as_and(patch: pytest.MonkeyPatch) -> None:
    def conjuncts(condition: Any) -> Any:
        if isinstance(condition, dynamodb_partiql_shapes.AnyOf):
            return tuple(one for part in condition.parts for one in conjuncts(part))
        return dynamodb_partiql_shapes.conjuncts(condition)

    patch.setattr(dynamodb_partiql_plans, "conjuncts", conjuncts)


def _session_ignored(patch: pytest.MonkeyPatch) -> None:
    original = decisions.decide

    def decide(caller: callers.Caller, *given: Any) -> Any:
        return original(replace(caller, policies=replace(caller.policies, session=None)), *given)

    patch.setattr("valetkey.localaws.gate.decide", decide)


def _remembered_for_all(patch: pytest.MonkeyPatch) -> None:
    original, known = decisions.decide, dict[Any, Any]()

    def decide(caller: callers.Caller, ask: Any, request: Any) -> Any:
        key = (caller.session and caller.session.role_arn, ask.action, ask.resource)
        return known.setdefault(key, original(caller, ask, request))

    patch.setattr("valetkey.localaws.gate.decide", decide)


def _role_tags_win(patch: pytest.MonkeyPatch) -> None:

    def principal(**given: Any) -> Any:
        tags = {**given.get("tags", {}), **given.get("role_tags", {})}
        return Principal(**{**given, "tags": tags})

    patch.setattr("valetkey.localaws.callers.Principal", principal)


def _untagged_queue(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(sqs_queues.Queues, "tags", lambda *_: {})


def _undecided_parameters(patch: pytest.MonkeyPatch) -> None:
    original = ssm_service._Call.decide
    patch.setattr(
        ssm_service._Call,
        "decide",
        lambda call, name, *more: (
            call.stored.get(name)
            if name != call.params.get("Names", [name])[0]
            else original(call, name, *more)
        ),
    )


_READS, _LISTS = (s3_reads.pick_read,), (s3_reads.pick_listing,)
EXTRAS = {
    "a queue whose tags are not seen": "sqs",
    "parameters by the first name": "ssm",
    **{hole: extra for hole, (_, extra) in SERVICE_HOLES.items()},
}
HOLES: dict[str, tuple[Plant, Sequence[Maker]]] = {
    "a copy that does not read its source": (_unread_source, [s3_writes.pick_copy]),
    "a version read as the object": (_plain_version, _READS),
    "prefixes compared ignoring case": (_lower_case, _READS),
    "a listing whose prefix is not seen": (_no_prefix, _LISTS),
    "tags of an object that are not seen": (_untagged, _READS),
    "dots that the storage resolves": (_resolved_dots, _READS),
    "a missing object told from a forbidden one": (_told_missing, _READS),
    "a batch read by its first key": (_first_read_key, [dynamodb_batches.pick_batch_get]),
    "a batch written by its first key": (_first_written_key, [dynamodb_batches.pick_batch_write]),
    "a transaction by its first part": (_first_part, [dynamodb_batches.pick_transact_get]),
    "an index taken for its table": (_index_as_table, [dynamodb_queries.pick_query]),
    "an item shown by a failed condition": (_item_on_failure, [dynamodb_items.pick_write]),
    "a list of keys by its first one": (_first_listed, [dynamodb_partiql.pick_partiql]),
    "an OR read as AND": (_or_as_and, [dynamodb_partiql.pick_partiql]),
    "a queue whose tags are not seen": (_untagged_queue, [services.pick_extra]),
    "parameters by the first name": (_undecided_parameters, [services.pick_extra]),
    "a session policy that does not limit": (_session_ignored, _READS),
    "a decision remembered for everybody": (_remembered_for_all, _READS),
    "a role's own tag above the session's": (_role_tags_win, _READS),
    **{hole: (plant, [presigned.pick_presigned]) for hole, plant in URL_HOLES.items()},
    **{hole: (plant, [services.pick_extra]) for hole, (plant, _) in SERVICE_HOLES.items()},
}


@pytest.mark.slow
@pytest.mark.parametrize("hole", HOLES)
def test_a_planted_hole_is_found(hole: str, monkeypatch: pytest.MonkeyPatch) -> None:
    plant, makers = HOLES[hole]
    extras = (EXTRAS[hole],) if hole in EXTRAS else services.EXTRAS
    plant(monkeypatch)
    first = SEEDS.get(hole, SEED)
    with pytest.raises(Breach):
        for number in range(first, first + BATCHES):
            run_batch(
                number, Tally(), worlds=WORLDS, requests=REQUESTS, makers=makers, extras=extras
            )
