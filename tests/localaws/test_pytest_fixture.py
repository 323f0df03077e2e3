"""The pytest plugin in suites of strangers: each test here runs one of its own."""

import pytest

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.slow

SEED = """
[[roles]]
name = "Agent"

[roles.policies.own]
Effect = "Allow"
Action = "s3:GetObject"
Resource = "arn:aws:s3:::traces/${aws:PrincipalTag/tenant}/*"

[[buckets]]
name = "traces"
objects = { "a/1" = "of a", "b/1" = "of b" }
"""
INI = """\
[pytest]
addopts = -p no:cacheprovider -p no:asyncio --strict-markers
filterwarnings = error
"""


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A suite that asks for the plugin, on a machine that leads to another AWS."""
    pytester.makeconftest('pytest_plugins = ["valetkey.localaws.pytest"]')
    pytester.makefile(".toml", aws=SEED)
    pytester.makefile(".ini", pytest=INI)
    for name, value in (
        ("AWS_PROFILE", "prod"), ("AWS_ENDPOINT_URL", "http://192.0.2.1"),
        ("AWS_ENDPOINT_URL_S3", "http://192.0.2.1"), ("AWS_ACCESS_KEY_ID", "AKIAREAL"),
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:1/"), ("no_proxy", "a.example"),
        ("AWS_SESSION_TOKEN", "of-the-machine"), ("HTTP_PROXY", "http://192.0.2.1"),
    ):  # fmt: skip
        monkeypatch.setenv(name, value)
    return pytester


def run(suite: pytest.Pytester, source: str, *, passed: int = 0, failed: int = 0) -> str:
    """Run a suite of one file in a process of its own, and return what it said."""
    suite.makepyfile(test_theirs=source)
    result = suite.runpytest_subprocess()
    result.assert_outcomes(passed=passed, failed=failed)
    return result.stdout.str()


def test_a_stranger_asserts_isolation_in_a_few_lines(suite: pytest.Pytester) -> None:
    run(
        suite,
        """
        import pytest
        from botocore.exceptions import ClientError

        @pytest.mark.aws_seed("aws.toml")
        def test_a_tenant_reads_its_own_prefix_alone(local_aws):
            s3 = local_aws.session("Agent", tags={"tenant": "a"}).client("s3")
            assert s3.get_object(Bucket="traces", Key="a/1")["Body"].read() == b"of a"
            with pytest.raises(ClientError, match="AccessDenied"):
                s3.get_object(Bucket="traces", Key="b/1")

        @pytest.mark.aws_seed({"buckets": [{"name": "only"}]}, "aws.toml")
        def test_more_seeds(local_aws):
            buckets = local_aws.session().client("s3").list_buckets()["Buckets"]
            assert {one["Name"] for one in buckets} == {"only", "traces"}

        def test_nothing_is_left(local_aws):
            assert local_aws.session().client("s3").list_buckets()["Buckets"] == []
        """,
        passed=3,
    )


def test_code_under_test_finds_the_local_aws_and_no_other(suite: pytest.Pytester) -> None:
    run(
        suite,
        """
        import json, os, subprocess, sys
        import boto3, pytest

        def who():
            return boto3.client("sts").get_caller_identity()["Arn"]

        @pytest.mark.aws_seed("aws.toml")
        def test_as_anybody(local_aws, local_aws_environment):
            assert who().endswith(":root")
            assert boto3.client("s3").meta.endpoint_url == local_aws.endpoint
            local_aws_environment.become("Agent", tags={"tenant": "b"})
            assert who().endswith("assumed-role/Agent/local")
            body = boto3.client("s3").get_object(Bucket="traces", Key="b/1")["Body"]
            assert body.read() == b"of b"
            local_aws_environment.become()
            assert who().endswith(":root")
            assert "AWS_SESSION_TOKEN" not in os.environ

        @pytest.mark.aws_seed("aws.toml")
        def test_as_a_child(local_aws_environment):
            local_aws_environment.become("Agent", tags={"tenant": "b"})
            code = "import boto3; print(boto3.client('sts').get_caller_identity()['Arn'])"
            out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
            assert out.stdout.strip().endswith("assumed-role/Agent/local"), out.stderr

        def test_nothing_else_is_there(local_aws_environment):
            left = {name for name in os.environ if name.startswith("AWS_")}
            assert left == {
                "AWS_ENDPOINT_URL", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_CONFIG_FILE",
                "AWS_SHARED_CREDENTIALS_FILE", "AWS_EC2_METADATA_DISABLED",
                "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
            }
            assert os.environ["no_proxy"] == "a.example,127.0.0.1,localhost"

        def test_afterwards_all_is_as_before():
            assert os.environ["AWS_PROFILE"] == "prod"
            assert boto3.DEFAULT_SESSION is None
        """,
        passed=4,
    )


def test_one_aws_can_be_shared_and_seeded_by_the_ini_file(suite: pytest.Pytester) -> None:
    suite.makefile(".ini", pytest=f"{INI}aws_seed = aws.toml\n")
    run(
        suite,
        """
        import boto3, pytest

        @pytest.fixture
        def local_aws(shared_local_aws):
            return shared_local_aws

        @pytest.mark.parametrize("attempt", [1, 2])
        def test_it_is_the_same(attempt, local_aws, local_aws_environment):
            s3 = boto3.client("s3")
            assert len(s3.list_objects_v2(Bucket="traces")["Contents"]) == attempt + 1
            s3.put_object(Bucket="traces", Key=f"new/{attempt}", Body=b"")
        """,
        passed=2,
    )
    run(
        suite,
        """
        def test_a_test_without_a_mark_has_the_ini_files_seed(local_aws):
            assert local_aws.session().client("s3").list_buckets()["Buckets"]
        """,
        passed=1,
    )


def test_a_bad_seed_is_an_error_that_names_the_place(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        test_theirs="""
        import pytest

        @pytest.mark.aws_seed({"buckets": [{"nmae": "b"}]})
        def test_never_runs(local_aws):
            pass
        """
    )
    result = suite.runpytest_subprocess()
    result.assert_outcomes(errors=1)
    assert "buckets[0]" in result.stdout.str()
    assert "[bad-seed]" in result.stdout.str()


def test_a_suite_that_does_not_ask_for_it_does_not_load_it(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        test_theirs="""
        import sys

        def test_not_there(request):
            assert not any(name.startswith("valetkey") for name in sys.modules)
        """
    )
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)


def test_the_marks_of_a_class_and_its_test_are_both_in_force(suite: pytest.Pytester) -> None:
    run(
        suite,
        """
        import pytest

        @pytest.mark.aws_seed("aws.toml")
        class TestTheirs:
            @pytest.mark.aws_seed({"buckets": [{"name": "more"}]})
            def test_both(self, local_aws):
                buckets = local_aws.session().client("s3").list_buckets()["Buckets"]
                assert {one["Name"] for one in buckets} == {"more", "traces"}
        """,
        passed=1,
    )


def test_a_mark_that_would_seed_nothing_is_an_error(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        test_theirs="""
        import pytest

        @pytest.mark.aws_seed(seed={"buckets": [{"name": "only"}]})
        def test_a_name(local_aws):
            pass

        @pytest.mark.aws_seed()
        def test_nothing(local_aws):
            pass

        @pytest.mark.aws_seed("aws.toml")
        def test_the_shared_one(shared_local_aws):
            pass
        """
    )
    result = suite.runpytest_subprocess()
    result.assert_outcomes(errors=3)
    said = result.stdout.str()
    assert "takes seeds one after the other" in said and "seeds no `shared_local_aws`" in said


def test_a_mark_that_names_what_the_shared_one_has_is_none(suite: pytest.Pytester) -> None:
    suite.makefile(".ini", pytest=f"{INI}aws_seed = aws.toml\n")
    run(
        suite,
        """
        import pytest

        @pytest.mark.aws_seed("aws.toml")
        def test_the_shared_one(shared_local_aws):
            assert shared_local_aws.session("Agent", tags={"tenant": "a"})
        """,
        passed=1,
    )
