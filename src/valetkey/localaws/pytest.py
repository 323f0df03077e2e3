"""Fixtures for anybody's test suite: a local AWS that enforces IAM, for each test.

    pytest_plugins = ["valetkey.localaws.pytest"]      # in the root conftest.py

- `local_aws`: a started `LocalAws` of the test's own. `@pytest.mark.aws_seed("aws.toml")` says what
  is in it, beside the test's file, after the marks of its class and module; without a mark the ini
  option `aws_seed` does, if set.
- `shared_local_aws`: one for the whole session, seeded by the ini option.
- `local_aws_environment`: every `AWS_*` variable leads to `local_aws`, and to no other AWS.

No entry point registers it: a suite that does not ask for it does not load it.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

from valetkey.localaws.errors import LocalAwsError
from valetkey.localaws.local_aws import DEFAULT_ACCOUNT, DEFAULT_REGION, LocalAws
from valetkey.localaws.seed_reading import Seed, read_seed, seed_of

MARK = "aws_seed"
_LEADS_ELSEWHERE = ("AWS_", "BOTO_", "BOTOCORE_", "EC2_", "AMAZON_")
_LOOPBACK = "127.0.0.1,localhost"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the ini option `aws_seed`: seed files, relative to the ini file."""
    parser.addini(MARK, "seed files of the local AWS of tests without a mark", "paths", [])


def pytest_configure(config: pytest.Config) -> None:
    """Make the mark known, for `--strict-markers`."""
    config.addinivalue_line(
        "markers", f"{MARK}(*seeds): what the local AWS has: files beside the test's, or mappings"
    )


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Refuse a mark whose seed the shared AWS does not have: it would be in nothing."""
    if "shared_local_aws" not in getattr(item, "fixturenames", ()):
        return
    known = {path.resolve() for path in item.config.getini(MARK)}
    for seed in (one for mark in item.iter_markers(MARK) for one in mark.args or (None,)):
        where = None if seed is None or isinstance(seed, Mapping) else item.path.parent / seed
        if where is None or where.resolve() not in known:
            why = f"the mark `{MARK}` seeds no `shared_local_aws`, which is there before the test"
            hint = f"name it in the ini option `{MARK}`, or call `local_aws.seed(…)` in the test"
            raise LocalAwsError("bad-seed", why, hint=hint)


@pytest.fixture
def local_aws(request: pytest.FixtureRequest) -> Iterator[LocalAws]:
    """A started local AWS of this test's own, with what its seed says."""
    marks = list(request.node.iter_markers(MARK))[::-1]  # a module's come before a test's
    folder = Path(request.path).parent
    seeds = [seed for mark in marks for seed in _of_mark(mark, folder)]
    with _started(seeds if marks else _of_ini(request.config)) as aws:
        yield aws


@pytest.fixture(scope="session")
def shared_local_aws(pytestconfig: pytest.Config) -> Iterator[LocalAws]:
    """One started local AWS for all tests: quicker, and they see what others left in it."""
    with _started(_of_ini(pytestconfig)) as aws:
        yield aws


@dataclass(frozen=True, slots=True)
class Environment:
    """The process's environment while `local_aws_environment` lasts."""

    aws: LocalAws
    patch: pytest.MonkeyPatch

    def become(self, role: str | None = None, **how: Any) -> None:
        """Put other credentials there: those that `LocalAws.session` gives for the same words."""
        session = self.aws.session(role, **how)
        keys = session.get_credentials().get_frozen_credentials()
        self.patch.setenv("AWS_ACCESS_KEY_ID", keys.access_key)
        self.patch.setenv("AWS_SECRET_ACCESS_KEY", keys.secret_key)
        if keys.token is None:
            self.patch.delenv("AWS_SESSION_TOKEN", raising=False)
        else:
            self.patch.setenv("AWS_SESSION_TOKEN", keys.token)
        self.patch.setattr(boto3, "DEFAULT_SESSION", session)


@pytest.fixture
def local_aws_environment(local_aws: LocalAws, monkeypatch: pytest.MonkeyPatch) -> Environment:
    """Lead every SDK of this process and its children to `local_aws`, as its root at first.

    What the machine has of AWS is out of reach: variables, profiles, metadata. A client that was
    made before, or is given another endpoint, is not led.
    """
    for name in list(os.environ):
        if name.upper().startswith(_LEADS_ELSEWHERE):
            monkeypatch.delenv(name)
    for name, value in _variables(local_aws).items():
        monkeypatch.setenv(name, value)
    for name in ("NO_PROXY", "no_proxy"):
        known = os.environ.get(name)
        monkeypatch.setenv(name, f"{known},{_LOOPBACK}" if known else _LOOPBACK)
    found = Environment(local_aws, monkeypatch)
    found.become()
    return found


def _variables(aws: LocalAws) -> Mapping[str, str]:
    return {
        "AWS_ENDPOINT_URL": aws.endpoint,
        "AWS_REGION": aws.region,
        "AWS_DEFAULT_REGION": aws.region,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "BOTO_CONFIG": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def _of_mark(mark: pytest.Mark, folder: Path) -> Sequence[Seed]:
    if mark.kwargs or not mark.args:
        why = f"the mark `{MARK}` takes seeds one after the other, without names"
        raise LocalAwsError("bad-seed", why, hint=f'write @pytest.mark.{MARK}("aws.toml")')
    return [
        seed_of(one, folder) if isinstance(one, Mapping) else read_seed(folder / one)
        for one in mark.args
    ]


def _of_ini(config: pytest.Config) -> Sequence[Seed]:
    return [read_seed(path) for path in config.getini(MARK)]


@contextmanager
def _started(seeds: Sequence[Seed]) -> Iterator[LocalAws]:
    """Give a local AWS of the first account and region that a seed names, with all seeds."""
    tables = [seed.tables for seed in seeds]
    aws = LocalAws(
        account=next((one.account for one in tables if one.account), DEFAULT_ACCOUNT),
        region=next((one.region for one in tables if one.region), DEFAULT_REGION),
    )
    try:
        for seed in seeds:
            aws.seed(seed)
        yield aws.start()
    finally:
        aws.stop()
