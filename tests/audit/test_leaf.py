"""A record becomes one sequence of bytes, and only those bytes are read back."""

import json
import types
from dataclasses import fields, replace
from typing import get_args

import pytest

from tests.audit.samples import AT, RECORDS, RUN
from valetkey.audit import (
    MAX_LEAF_BYTES,
    AuditError,
    HandOutRefused,
    Record,
    RecordKind,
    RequestRefused,
    RunOpened,
    leaf_bytes,
    read_leaf,
)


def test_a_leaf_is_these_bytes_for_ever() -> None:
    refused = HandOutRefused(at=AT, code="run-revoked", run=RUN, grant="tenant-data")
    assert leaf_bytes(refused) == (
        b'{"at":1800000000000,"code":"run-revoked","grant":"tenant-data","kind":"hand-out-refused",'
        b'"run":"r-aaaaaaaaaaaaaaaaaaaaaaaaaa","v":1}'
    )


def test_every_kind_has_one_type_and_a_sample() -> None:
    kinds = [record.kind for record in get_args(Record)]
    assert sorted(k.value for k in kinds) == sorted(k.value for k in RecordKind)
    assert {type(record) for record in RECORDS} == set(get_args(Record))


@pytest.mark.parametrize("record", RECORDS, ids=lambda r: r.kind.value)
def test_every_record_comes_back_as_it_was_written(record: Record) -> None:
    leaf = read_leaf(leaf_bytes(record))
    assert (leaf.kind, leaf.version, leaf.at) == (record.kind.value, record.version, record.at)
    for field in fields(record):
        value = getattr(record, field.name)
        if value is None:
            assert field.name not in leaf.members
        else:
            written = list(value) if isinstance(value, tuple) else value
            assert leaf.members[field.name] == written


@pytest.mark.parametrize("record", RECORDS, ids=lambda r: r.kind.value)
def test_no_record_has_a_member_for_a_secret(record: Record) -> None:
    names = " ".join(field.name for field in fields(record))
    assert not any(word in names for word in ("secret", "token", "password", "session_token"))


def test_tags_of_any_mapping_are_written() -> None:
    opened = next(r for r in RECORDS if isinstance(r, RunOpened))
    frozen = replace(opened, tags=types.MappingProxyType(dict(opened.tags)))
    assert leaf_bytes(frozen) == leaf_bytes(opened)


def test_a_leaf_of_65535_bytes_is_the_largest() -> None:
    empty = len(leaf_bytes(RequestRefused(at=AT, code="", route="/")))
    largest = RequestRefused(at=AT, code="x" * (MAX_LEAF_BYTES - empty), route="/")
    assert len(leaf_bytes(largest)) == MAX_LEAF_BYTES
    with pytest.raises(AuditError) as refused:
        leaf_bytes(replace(largest, code=largest.code + "x"))
    assert refused.value.code == "record-too-large"


def test_size_counts_bytes_not_characters() -> None:
    with pytest.raises(AuditError) as refused:
        leaf_bytes(RequestRefused(at=AT, code="€" * 22_000, route="/"))
    assert refused.value.code == "record-too-large"


GOOD = b'{"at":1,"kind":"later-kind","v":9,"x":["a"]}'


def test_a_kind_of_a_later_program_is_read() -> None:
    assert read_leaf(GOOD).kind == "later-kind"


@pytest.mark.parametrize(
    "leaf",
    [
        b"",
        b"[]",
        b"null",
        b"\xff",
        GOOD + b"\n",
        GOOD.replace(b":1,", b": 1,"),
        GOOD.replace(b":1,", b":1.0,"),
        GOOD.replace(b":1,", b":01,"),
        GOOD.replace(b":1,", b":-0,"),
        GOOD.replace(b":1,", b":1e0,"),
        GOOD.replace(b":1,", b":NaN,"),
        GOOD.replace(b":1,", b":true,"),
        GOOD.replace(b":1,", b":" + b"9" * 5000 + b","),
        GOOD.replace(b":1,", b':"1",'),
        GOOD.replace(b'"at":1', b'"at":0,"at":1'),
        GOOD.replace(b'"a"', b'"\\u0061"'),
        GOOD.replace(b'"a"', b'"\\ud800"'),
        GOOD.replace(b'["a"]', b"[" * 20_000 + b"]" * 20_000),
        b'{"kind":"later-kind","at":1,"v":9}',
        b'{"at":1,"kind":"later-kind"}',
        b'{"kind":"later-kind","v":9}',
        GOOD.replace(b'"a"', b'"' + b"a" * MAX_LEAF_BYTES + b'"'),
    ],
    ids=lambda leaf: repr(leaf[:48]),
)
def test_other_bytes_are_no_leaf(leaf: bytes) -> None:
    with pytest.raises(AuditError) as refused:
        read_leaf(leaf)
    assert refused.value.code == "leaf-malformed"


def test_a_leaf_is_json_to_everybody_else() -> None:
    for record in RECORDS:
        assert json.loads(leaf_bytes(record))["kind"] == record.kind.value
