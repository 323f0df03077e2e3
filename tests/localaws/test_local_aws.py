"""A local AWS as an object: isolated from others, loopback only, usable by the AWS CLI."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from tests.localaws.world import BUCKET, World, code_of
from valetkey.localaws import LocalAws, LocalAwsError
from valetkey.localaws.server import Server


def cli(world: World, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the real AWS CLI as root."""
    program = Path(sys.executable).with_name("aws")
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": "/nonexistent",
        "AWS_ENDPOINT_URL": world.aws.endpoint,
        "AWS_DEFAULT_REGION": world.aws.region,
        "AWS_ACCESS_KEY_ID": world.root["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": world.root["SecretAccessKey"],
        "AWS_MAX_ATTEMPTS": "1",
    }
    command = [sys.executable, str(program), *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_the_aws_cli_speaks_to_it(world: World, tmp_path: Path) -> None:
    done = cli(world, "sts", "get-caller-identity", "--query", "Arn", "--output", "text")
    assert done.stdout.strip() == f"arn:aws:iam::{world.aws.account}:root", done.stderr
    source = tmp_path / "file"
    source.write_bytes(b"z" * 9_000_000)  # above the CLI's threshold: a multipart upload
    done = cli(world, "s3", "cp", str(source), f"s3://{BUCKET}/cli/file", "--no-progress")
    assert done.returncode == 0, done.stderr
    done = cli(world, "s3", "ls", f"s3://{BUCKET}/cli/")
    assert "9000000 file" in done.stdout, done.stderr
    done = cli(world, "dynamodb", "list-tables", "--output", "text")
    assert "TaskEvents" in done.stdout, done.stderr


def test_two_of_one_account_share_nothing(world: World) -> None:
    other = World()
    try:
        s3, mine = other.client("s3"), world.client("s3")
        s3.put_object(Bucket=BUCKET, Key="only-there", Body=b"x")
        with pytest.raises(ClientError) as caught:
            mine.get_object(Bucket=BUCKET, Key="only-there")
        assert code_of(caught.value) == "NoSuchKey"
        with pytest.raises(ClientError) as caught:
            other.client("s3", world.root).list_buckets()
        assert code_of(caught.value) == "InvalidAccessKeyId"
    finally:
        other.close()
    assert mine.get_object(Bucket=BUCKET, Key="traces/bob/a")["Body"].read() == b"bob"


def test_stopping_forgets_everything() -> None:
    world = World()
    world.close()
    world.aws.stop()
    with pytest.raises(LocalAwsError) as caught:
        _ = world.aws.endpoint
    assert caught.value.code == "not-started"
    with world.aws as again:
        assert again.endpoint.startswith("http://127.0.0.1:")
        assert world.client("s3").list_buckets()["Buckets"] == []
    for client in world._clients:
        client.close()


def test_it_listens_on_loopback_only() -> None:
    aws = LocalAws()
    for host in ("0.0.0.0", "192.0.2.1", "localhost.example.com"):
        with pytest.raises(LocalAwsError) as caught:
            Server(aws._gate, host=host, port=0)
        assert caught.value.code == "not-loopback"


@pytest.mark.parametrize("account", ["", "12345678901", "1234567890123", "12345678901x"])
def test_an_account_has_twelve_digits(account: str) -> None:
    with pytest.raises(LocalAwsError) as caught:
        LocalAws(account=account)
    assert caught.value.code == "bad-account"


def test_a_region_that_aws_does_not_have_is_refused() -> None:
    with pytest.raises(LocalAwsError) as caught:
        LocalAws(region="mars-north-1")
    assert caught.value.code == "bad-region"


def test_a_taken_port_is_one_clear_error(world: World) -> None:
    port = int(world.aws.endpoint.rsplit(":", 1)[1])
    with pytest.raises(LocalAwsError) as caught:
        LocalAws().start(port)
    assert caught.value.code == "port-unavailable"


def test_a_port_that_is_bound_is_taken_and_waits_for_the_start() -> None:
    first = LocalAws()
    try:
        endpoint = first.bind().endpoint
        port = int(endpoint.rsplit(":", 1)[1])
        with pytest.raises(LocalAwsError):
            LocalAws().bind(port)
        with pytest.raises(LocalAwsError):
            first.bind()
        with pytest.raises(LocalAwsError):
            first.start(port + 1)
        assert first.start(port).endpoint == endpoint
        with pytest.raises(LocalAwsError) as caught:
            first.start()
        assert caught.value.code == "already-started"
    finally:
        first.stop()


def test_nothing_comes_back_after_a_stop_while_another_is_served() -> None:
    first, other = LocalAws(), LocalAws()
    try:
        first.start().session().client("iam").create_user(UserName="gone")
        other.start().session().client("iam").list_users()  # puts the first one aside
        first.stop()
        with first:
            assert first.session().client("iam").list_users()["Users"] == []
    finally:
        first.stop()
        other.stop()


def test_every_answer_is_dated_by_the_clock(moving: World) -> None:
    moving.clock.offset = 600
    answer = moving.client("sts").get_caller_identity()
    date = answer["ResponseMetadata"]["HTTPHeaders"]["date"]
    assert abs(time.mktime(time.strptime(date, "%a, %d %b %Y %H:%M:%S %Z")) - time.timezone
               - time.time() - 600) < 30  # fmt: skip
