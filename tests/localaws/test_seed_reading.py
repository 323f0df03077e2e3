"""A seed file is read strictly: one sentence names the file, the place and the reason."""

from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from tests.localaws.seeds import seed
from valetkey.iam import Layer
from valetkey.localaws import LocalAwsError, read_seed
from valetkey.localaws.seed_shape import ObjectTable

ALLOW = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}


def refused(text: str, folder: Path) -> str:
    path = folder / "aws.toml"
    path.write_text(text)
    with pytest.raises(LocalAwsError) as caught:
        read_seed(path)
    assert caught.value.code == "bad-seed"
    return caught.value.message


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('[[roles]]\nname = "A"\nnmae = "x"', "`aws.toml`: `roles[0]`: "),
        ("[[roles]]\n", "`aws.toml`: `roles[0]`: "),
        ('[[rolls]]\nname = "A"', "`aws.toml`: "),
        ('[[buckets]]\nname = "b"\nversioning = "yes"', "`aws.toml`: `buckets[0].versioning`: "),
        ('[[users]]\nname = "u"\naccess_keys = [{ id = "x" }]', "`users[0].access_keys[0]`: "),
        ('[[tables]]\nname = "t"\nkey = 1', "`tables[0].key`: "),
        ("[[roles]\n", "`aws.toml`: "),
    ],
)
def test_a_mistake_is_named_by_file_and_place(text: str, place: str, tmp_path: Path) -> None:
    assert place in refused(text, tmp_path)


def test_a_file_that_is_not_there_or_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "aws.toml").write_bytes(b"\xff")
    for name in ("aws.toml", "nothing.toml"):
        with pytest.raises(LocalAwsError) as caught:
            read_seed(tmp_path / name)
        assert caught.value.code == "bad-seed"
        assert name in caught.value.message


def test_references_are_relative_to_the_seed_file(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("from a file\n")
    (tmp_path / "aws.toml").write_text("")
    found = read_seed(tmp_path / "aws.toml", {"NAME": "from the environment"})
    assert found.text("file:text", place="") == "from a file\n"
    assert found.text("env:NAME", place="") == "from the environment"
    assert found.text("https://example.com", place="") == "https://example.com"


@pytest.mark.parametrize("value", ["env:MISSING", "file:missing", "file:binary", "file:\0"])
def test_a_reference_that_leads_nowhere_is_an_error(value: str, tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff")
    with pytest.raises(LocalAwsError) as caught:
        seed(folder=tmp_path).text(value, place="secret `s`: value")
    assert caught.value.code == "bad-seed"
    assert "secret `s`: value" in caught.value.message


@pytest.mark.parametrize(
    ("value", "content"),
    [
        ("text", b"text"),
        ("base64:AAEC", b"\0\1\2"),
        ("file:binary", b"\xff"),
        (ObjectTable(text="file:binary"), b"file:binary"),
        (ObjectTable(text=""), b""),
        (ObjectTable(file="binary"), b"\xff"),
        (ObjectTable(base64="AAEC"), b"\0\1\2"),
    ],
)
def test_an_object_is_text_or_bytes(
    value: str | ObjectTable, content: bytes, tmp_path: Path
) -> None:
    (tmp_path / "binary").write_bytes(b"\xff")
    assert seed(folder=tmp_path).content(value, place="") == content


@pytest.mark.parametrize(
    "value", ["base64:A", "base64:!!", ObjectTable(), ObjectTable(text="a", file="b")]
)
def test_an_object_that_is_not_one_thing_is_an_error(value: str | ObjectTable) -> None:
    with pytest.raises(LocalAwsError) as caught:
        seed().content(value, place="here")
    assert caught.value.code == "bad-seed"


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (ALLOW, '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", '),
        ([ALLOW], '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", '),
        ({"Statement": [ALLOW]}, '{"Statement": [{"Effect": "Allow", '),
        ({"Version": "2008-10-17", "Statement": ALLOW}, '{"Version": "2008-10-17", '),
        ('{"Statement": []}', '{"Statement": []}'),
        ("file:policy.json", '{ "Statement": [] }'),
    ],
)
def test_a_policy_is_statements_or_a_document(written: Any, text: str, tmp_path: Path) -> None:
    (tmp_path / "policy.json").write_text('{ "Statement": [] }\n')
    assert seed(folder=tmp_path).policy(written, Layer.IDENTITY, place="").startswith(text)


def test_an_instant_of_toml_is_written_as_iam_reads_it() -> None:
    plus_one = datetime(2026, 1, 1, 1, tzinfo=timezone(timedelta(hours=1)))
    for value, text in (
        (plus_one, "2026-01-01T00:00:00Z"),
        (datetime(2026, 1, 1, tzinfo=UTC), "2026-01-01T00:00:00Z"),
        (date(2026, 1, 1), "2026-01-01"),
    ):
        statement: dict[str, object] = {
            **ALLOW,
            "Condition": {"DateLessThan": {"aws:CurrentTime": value}},
        }
        assert f'"{text}"' in seed().policy(statement, Layer.IDENTITY, place="")


@pytest.mark.parametrize(
    ("written", "layer", "place"),
    [
        ({**ALLOW, "Effect": "Alow"}, Layer.IDENTITY, "here: $.Statement[0].Effect: "),
        ([ALLOW, {**ALLOW, "Actoin": "x"}], Layer.IDENTITY, "here: $.Statement[1]"),
        ({**ALLOW, "Principal": "*"}, Layer.IDENTITY, "here: $.Statement[0]"),
        (ALLOW, Layer.TRUST, "here: $.Statement[0]"),
        ("file:policy.json", Layer.IDENTITY, "here: `policy.json`: $.Statement[0].Effect: "),
        ("s3:*", Layer.IDENTITY, "here: "),
    ],
)
def test_a_bad_policy_is_named_by_place_and_json_path(
    written: Any, layer: Layer, place: str, tmp_path: Path
) -> None:
    (tmp_path / "policy.json").write_text(
        '{"Statement": [{"Effect": "A", "Action": "s3:*", "Resource": "*"}]}'
    )
    with pytest.raises(LocalAwsError) as caught:
        seed(folder=tmp_path).policy(written, layer, place="here")
    assert caught.value.code == "bad-seed"
    assert place in caught.value.message


def test_a_seed_does_not_print_the_environment() -> None:
    assert "hush" not in repr(seed({"PASSWORD": "hush"}))


def test_a_file_that_is_nested_without_end_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "aws.toml"
    path.write_text("a = " + "[" * 50_000 + "]" * 50_000)
    with pytest.raises(LocalAwsError) as caught:
        read_seed(path)
    assert caught.value.code == "bad-seed" and "`aws.toml`" in caught.value.message
