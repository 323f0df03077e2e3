"""What a seed makes is there as if API calls had made it, or nothing is."""

import math
import time
from datetime import date
from functools import reduce
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.localaws.seeds import ROLE, TWO_TENANTS, bad, seed, sown
from tests.localaws.world import code_of
from valetkey.localaws import LocalAws, LocalAwsError

DEEP: list[Any] = reduce(lambda inner, _: [inner], range(3000), [])


def test_tenants_of_a_seed_are_kept_apart() -> None:
    with sown(seed(**TWO_TENANTS)) as aws:
        s3 = aws.session("Agent", tags={"tenant": "a"}).client("s3")
        assert s3.get_object(Bucket="traces", Key="a/1")["Body"].read() == b"of a"
        with pytest.raises(ClientError) as caught:
            s3.get_object(Bucket="traces", Key="b/1")
        assert code_of(caught.value) == "AccessDenied"


def test_the_account_and_region_of_a_seed_are_kept() -> None:
    assert "`account`" in bad(account="999900001111")
    assert "`region`" in bad(region="us-east-1")
    aws = LocalAws(account="999900001111", region="us-east-1")
    try:
        bucket = {"name": "there", "objects": {"k": "v"}}
        made = aws.seed(seed(account="999900001111", region="us-east-1", buckets=[bucket]))
        assert made.made == {"bucket": {"there": "arn:aws:s3:::there"}}
    finally:
        aws.stop()


@pytest.mark.parametrize(
    ("tables", "place"),
    [
        ({"buckets": [{"name": "NO_bucket"}]}, "bucket `NO_bucket`: InvalidBucketName"),
        ({"tables": [{"name": "No", "key": "k:S"}]}, "table `No`: "),
        ({"tables": [{"name": "Nos", "key": "k:S", "items": [{"x": 1}]}]}, "`Nos`: items[0]: "),
        ({"roles": [{"name": "A"}, {"name": "A"}]}, "role `A`: EntityAlreadyExists"),
        ({"roles": [{"name": "A", "managed": ["no"]}]}, "role `A`: managed: "),
        ({"roles": [{"name": "A", "boundary": "no"}]}, "role `A`: boundary: "),
        ({"roles": [{"name": "A", "max_session": "1"}]}, "role `A`: "),
        ({"roles": [{"name": "A", "max_session": "13h"}]}, "role `A`: "),
        ({"roles": [{"name": "A", "max_session": "59m"}]}, "role `A`: "),
        ({"roles": [{"name": "A", "policies": {"p": {"Effect": "x"}}}]}, "`A`: policies.p: $."),
        ({"users": [{"name": "u", "access_keys": 3}]}, "user `u`: "),
        ({"users": [{"name": "u", "tags": {"k": "1", "K": "2"}}]}, "user `u`: InvalidInput"),
        ({"secrets": [{"name": "s", "value": "env:NO"}]}, "secret `s`: value: "),
        ({"secrets": [{"name": "s", "value": {"n": math.nan}}]}, "secret `s`: value: "),
        ({"functions": [{"name": "f", "answer": {"d": date(2026, 1, 1)}}]}, "function `f`: "),
        ({"functions": [{"name": "f", "answer": [math.inf]}]}, "function `f`: "),
        ({"functions": [{"name": "f", "answer": DEEP}]}, "function `f`: "),
        ({"roles": [{"name": "A", "policies": {"p": {"x": DEEP}}}]}, "nested too deeply"),
    ],
)
def test_what_cannot_be_made_is_named(tables: dict[str, Any], place: str) -> None:
    assert place in bad(**tables)


@pytest.mark.parametrize("region", ["eu-west-1", "us-east-1"])
@pytest.mark.parametrize(
    ("kind", "one"),
    [
        ("queues", {"name": "there", "tags": {"tenant": "b"}, "messages": ["x"]}),
        ("buckets", {"name": "there", "tags": {"tenant": "b"}, "objects": {"k": "v"}}),
        ("tables", {"name": "there", "key": "k:S"}),
        ("secrets", {"name": "there", "value": "v"}),
        ("parameters", {"name": "there", "value": "v"}),
        ("functions", {"name": "there"}),
        ("roles", {"name": "there"}),
        ("users", {"name": "there"}),
    ],
)
def test_a_seed_makes_nothing_that_is_there(region: str, kind: str, one: dict[str, Any]) -> None:
    aws = LocalAws(region=region)
    tables: dict[str, Any] = {kind: [one]}
    try:
        aws.seed(seed(**tables))
        with pytest.raises(LocalAwsError) as caught:
            aws.seed(seed(**tables))
        assert caught.value.code == "bad-seed"
        assert f"{kind.removesuffix('s')} `there`: " in caught.value.message
    finally:
        aws.stop()


def test_an_answer_that_no_json_says_is_seen_before_anything_is_made() -> None:
    aws = LocalAws()
    functions = [{"name": "f", "answer": date(2026, 1, 1)}]
    try:
        with pytest.raises(LocalAwsError):
            aws.seed(seed(buckets=[{"name": "first"}], functions=functions))
        assert aws.start().session().client("s3").list_buckets()["Buckets"] == []
        with pytest.raises(LocalAwsError) as caught:
            aws.add_function("f", {"d": date(2026, 1, 1)})
        assert caught.value.code == "bad-function"
    finally:
        aws.stop()


def test_nothing_is_made_where_a_mistake_can_be_seen_before() -> None:
    aws = LocalAws()
    broken = {"name": "b", "objects": {"k": "file:missing"}}
    try:
        with pytest.raises(LocalAwsError):
            aws.seed(seed(roles=[{"name": "A"}], buckets=[{"name": "first"}, broken]))
        aws.start()
        assert aws.session().client("iam").list_roles()["Roles"] == []
        assert aws.session().client("s3").list_buckets()["Buckets"] == []
    finally:
        aws.stop()


def test_a_seed_can_be_added_to_what_runs() -> None:
    with sown(seed(**TWO_TENANTS)) as aws:
        aws.seed(seed(buckets=[{"name": "more"}]))
        names = [one["Name"] for one in aws.session().client("s3").list_buckets()["Buckets"]]
        assert set(names) == {"more", "traces"}


def test_a_seed_is_not_counted_as_called_and_ignores_the_clock() -> None:
    aws = LocalAws(clock=lambda: time.time() + 10**6)
    try:
        aws.seed(seed(**TWO_TENANTS))
        assert aws.calls("iam:CreateRole") == 0
    finally:
        aws.stop()


def test_nothing_of_the_machine_changes_how_a_seed_is_made(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "config").write_text("[profile of-the-machine]\nregion = us-west-2\n")
    for name, value in (
        ("AWS_PROFILE", "not-there"), ("AWS_CONFIG_FILE", str(tmp_path / "config")),
        ("AWS_ENDPOINT_URL", "http://192.0.2.1"), ("AWS_USE_FIPS_ENDPOINT", "true"),
        ("AWS_USE_DUALSTACK_ENDPOINT", "true"), ("HTTP_PROXY", "http://192.0.2.1"),
    ):  # fmt: skip
        monkeypatch.setenv(name, value)
    aws = LocalAws()
    try:
        made = aws.seed(seed(**TWO_TENANTS))
        assert made.made["role"] == {"Agent": ROLE}
    finally:
        aws.stop()
