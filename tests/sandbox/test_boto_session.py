"""The boto3 session of a run: one way to credentials, whatever lies around (invariant 15)."""

import copy
import json
import pickle
import threading
from collections.abc import Iterator
from pathlib import Path

import boto3
import botocore.session
import pytest

from tests.sandbox.boto_world import ONCE, Aws, Run, key_of
from valetkey.errors import ValetkeyError
from valetkey.sandbox.errors import BrokerDeniedError


@pytest.fixture
def aws() -> Iterator[Aws]:
    server = Aws()
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def surroundings(aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """All that botocore's own chain looks at, each with a key of its own, all within reach."""
    (tmp_path / "config").write_text(
        "[default]\nregion = us-west-2\naws_access_key_id = AKIACONFIG\n"
        f"aws_secret_access_key = x\nendpoint_url = {aws.url}/ambient\n[profile ambient]\n"
        "aws_access_key_id = AKIAPROFILE\naws_secret_access_key = x\nregion = us-west-2\n"
    )
    (tmp_path / "credentials").write_text(
        "[default]\naws_access_key_id = AKIAFILE\naws_secret_access_key = x\n"
    )
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAAMBIENT")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{aws.url}/container")
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", f"{aws.url}/metadata")
    monkeypatch.setenv("AWS_BEARER_TOKEN_BEDROCK", "ambient-bearer")
    monkeypatch.delenv("AWS_EC2_METADATA_DISABLED", raising=False)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    return tmp_path


def test_a_request_is_signed_with_the_runs_key(aws: Aws) -> None:
    run = Run(aws.url)
    run.session().client("dynamodb", config=ONCE).list_tables()
    assert [key_of(seen) for seen in aws.seen] == ["ASIARUN1"]


@pytest.mark.usefixtures("surroundings")
def test_nothing_ambient_is_used_while_the_run_is_open(aws: Aws) -> None:
    run = Run(aws.url)
    session = run.session()
    session.client("dynamodb", config=ONCE).list_tables()
    session.resource("dynamodb", config=ONCE).meta.client.list_tables()
    assert [key_of(seen) for seen in aws.seen] == ["ASIARUN1"] * 2
    assert session.region_name == "eu-west-1"


@pytest.mark.usefixtures("surroundings")
@pytest.mark.parametrize("left", ["all", "files", "container", "metadata"])
def test_nothing_ambient_is_used_when_the_run_is_over(
    aws: Aws, monkeypatch: pytest.MonkeyPatch, left: str
) -> None:
    """Each next member of botocore's chain gets its turn to be wrongly asked."""
    if left != "all":
        monkeypatch.delenv("AWS_ACCESS_KEY_ID")
        monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    if left in {"container", "metadata"}:
        monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    if left == "metadata":
        monkeypatch.delenv("AWS_CONTAINER_CREDENTIALS_FULL_URI")
    run = Run(aws.url)
    session = run.session()
    client = session.client("dynamodb", config=ONCE)
    run.revoke()
    for call in (
        client.list_tables,
        session.client("s3", config=ONCE).list_buckets,
        run.session().client("sqs", config=ONCE).list_queues,
    ):
        with pytest.raises(BrokerDeniedError):
            call()
    with pytest.raises(BrokerDeniedError):
        session.get_credentials().get_frozen_credentials()
    assert aws.seen == []
    ambient = botocore.session.Session().get_credentials()
    if left == "metadata":  # which is asked, and has no role
        assert aws.seen
    else:
        keys = {"all": "AKIAAMBIENT", "files": "AKIAFILE", "container": "ASIACONTAINER"}
        assert ambient.access_key == keys[left]


@pytest.mark.usefixtures("surroundings")
def test_an_ambient_profile_that_is_not_there_is_no_obstacle(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "gone")
    Run(aws.url).session().client("dynamodb", config=ONCE).list_tables()
    assert len(aws.seen) == 1


@pytest.mark.usefixtures("surroundings")
def test_an_ambient_bearer_token_does_not_win_over_the_runs_key(aws: Aws) -> None:
    bedrock = Run(aws.url).session().client("bedrock-runtime", config=ONCE)
    bedrock.invoke_model(modelId="m", body=b"{}")
    assert [key_of(seen) for seen in aws.seen] == ["ASIARUN1"]


@pytest.mark.usefixtures("surroundings")
def test_an_ambient_endpoint_is_not_the_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1")
    client = Run().session().client("s3", config=ONCE)
    assert client.meta.endpoint_url == "https://s3.eu-west-1.amazonaws.com"


def test_what_a_caller_says_for_one_client_wins() -> None:
    session = Run("http://127.0.0.1:9").session(region="eu-central-1")
    assert session.client("s3").meta.endpoint_url == "http://127.0.0.1:9"
    client = session.client("s3", region_name="us-east-2", endpoint_url="http://127.0.0.1:8")
    assert (client.meta.endpoint_url, client.meta.region_name) == (
        "http://127.0.0.1:8",
        "us-east-2",
    )
    positional = session._session.create_client("s3", None, None, True, None, "http://127.0.0.1:7")
    assert positional.meta.endpoint_url == "http://127.0.0.1:7"


def test_the_region_is_the_callers_then_the_grants_then_the_environments(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-west-1")
    assert Run().session(region="eu-central-1").region_name == "eu-central-1"
    assert Run().session().region_name == "eu-west-1"
    assert Run(region=None).session().region_name == "us-west-1"


def test_boto3s_own_default_is_left_alone(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    """Platform calls beside the run's stay on the ambient role."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAAMBIENT")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    session = Run(aws.url).session()
    for factory in (session.client, boto3.client):
        factory(
            "dynamodb", region_name="eu-west-1", endpoint_url=aws.url, config=ONCE
        ).list_tables()
    assert [key_of(seen) for seen in aws.seen] == ["ASIARUN1", "AKIAAMBIENT"]
    assert botocore.session.Session().get_credentials().access_key == "AKIAAMBIENT"


def test_a_client_signs_with_the_credentials_of_now(aws: Aws) -> None:
    run = Run(aws.url)
    client = run.session().client("dynamodb", config=ONCE)
    client.list_tables()
    run.now += 3000
    client.list_tables()
    assert [key_of(seen) for seen in aws.seen] == ["ASIARUN1", "ASIARUN2"]


def test_the_properties_that_older_programs_read_are_of_now() -> None:
    run = Run()
    credentials = run.session().get_credentials()
    run.now += 3000
    assert (credentials.access_key, credentials.secret_key) == ("ASIARUN2", "the-secret-key")
    assert (credentials.token, credentials.account_id) == ("the-session-token", "111122223333")
    assert credentials.method == "valetkey"
    assert credentials.get_deferred_property("account_id")() == "111122223333"


def test_no_secret_has_a_text_form() -> None:
    """Invariant 10; botocore's own read-only credentials print theirs."""
    session = Run().session()
    credentials = session.get_credentials()
    frozen = credentials.get_frozen_credentials()
    for shown in (session, session._session, credentials, frozen, [frozen]):
        text = f"{shown!r} {shown!s} {shown}"
        assert "the-secret-key" not in text
        assert "the-session-token" not in text
        assert "ASIARUN" not in text
    assert "the-secret-key" not in json.dumps(vars(credentials), default=repr)
    assert (frozen.access_key, frozen.secret_key) == ("ASIARUN1", "the-secret-key")


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_nothing_of_it_is_pickled_or_copied(protocol: int) -> None:
    session = Run().session()
    credentials = session.get_credentials()
    for thing in (session, session._session, credentials, credentials.get_frozen_credentials()):
        with pytest.raises((TypeError, AttributeError, pickle.PicklingError)):
            pickle.dumps(thing, protocol)
    with pytest.raises(TypeError):
        copy.deepcopy(credentials)


def test_a_refusal_is_valetkeys_error_with_its_code(aws: Aws) -> None:
    run = Run(aws.url)
    client = run.session().client("s3", config=ONCE)
    run.revoke()
    with pytest.raises(ValetkeyError) as caught:
        client.generate_presigned_url("get_object", Params={"Bucket": "b", "Key": "k"})
    assert caught.value.code == "run-revoked"


def test_awss_service_descriptions_are_read_once_for_all_sessions() -> None:
    """Each is some megabytes: a worker with many runs and threads would hold gigabytes."""
    models = [
        session.client("s3")._service_model._service_description
        for session in (Run().session(), Run().session())
    ]
    assert models[0] is models[1]


def test_boto3_adds_its_path_to_what_is_shared_no_more_than_once() -> None:
    def paths() -> list[str]:
        found: list[str] = Run().session()._loader.search_paths
        return found

    assert paths() == paths()
    assert len(set(paths())) == len(paths())
    assert "s3" in Run().session().get_available_resources()


def test_a_folder_of_descriptions_that_was_named_is_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_DATA_PATH", str(tmp_path))
    (tmp_path / "valet" / "2026-11-21").mkdir(parents=True)
    (tmp_path / "valet" / "2026-11-21" / "service-2.json").write_text("{}")
    assert "valet" in Run().session().get_available_services()
    monkeypatch.delenv("AWS_DATA_PATH")
    assert "valet" not in Run().session().get_available_services()
