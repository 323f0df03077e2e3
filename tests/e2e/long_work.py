"""A person's machine where hours pass in a moment, and the account's own records of its runs."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.e2e.moved_clock import MovedClock
from tests.e2e.person import Person
from tests.e2e.processes import VALETKEY, run
from tests.e2e.world import Agent, AwsSide, stored_leaves
from valetkey.demo.world import BUCKET

GRANT = "traces"
_RUN = (*VALETKEY, "run", "--grant", GRANT, "--")
_ASSUME = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]
_SIGN_IN = """
import boto3, json, sys
role, endpoint, region, key, secret = sys.argv[1:]
sts = boto3.client("sts", endpoint_url=endpoint, region_name=region,
                   aws_access_key_id=key, aws_secret_access_key=secret)
given = sts.assume_role(RoleArn=role, RoleSessionName="alice", DurationSeconds=3600)
print(json.dumps(given["Credentials"], default=str))
"""


class LongWork:
    """A person and their AWS under one clock, which a test moves; a grant that lists the bucket."""

    def __init__(self, folder: Path, clock: MovedClock) -> None:
        self.clock = clock
        self.side = AwsSide(folder, **clock.env)
        self.person = Person(folder, self.side)
        self.env = self.person.env | clock.env
        iam = self.side.client("iam")
        account = {"AWS": f"arn:aws:iam::{self.side.aws.account}:root"}
        self._signed_in = self.side.role("Alice", account)
        traces = self.side.role("Traces", account)
        self.side.let_broker_assume(self._signed_in, traces)
        iam.put_role_policy(
            RoleName="Alice", PolicyName="assume", PolicyDocument=_allow(_ASSUME, traces)
        )
        listing = _allow(["s3:ListBucket"], f"arn:aws:s3:::{BUCKET}")
        iam.put_role_policy(RoleName="Traces", PolicyName="list", PolicyDocument=listing)
        self.person.grant(GRANT, traces)

    def keep_signed_in(self) -> None:
        """Give the profile keys that do not expire."""
        world = self.side.world
        self.person.write_profile(world.broker_key_id, world.broker_secret)

    def sign_in(self) -> None:
        """Give the profile an hour's keys, as a company's sign-in program writes them."""
        aws, world = self.side.aws, self.side.world
        words = [self._signed_in, aws.endpoint, aws.region]
        words += [world.broker_key_id, world.broker_secret]
        done = run(sys.executable, "-c", _SIGN_IN, *words, env=self.env)
        assert done.returncode == 0, done.stderr
        given = json.loads(done.stdout)
        self.person.write_profile(
            given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"]
        )

    def start(self, *command: str) -> "subprocess.Popen[str]":
        """Start `command` under `valetkey run` without a terminal; its pipes are ours."""
        return subprocess.Popen(
            [*_RUN, *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self.env,
            cwd=self.person.home,
            start_new_session=True,
        )

    def agent(self, *command: str) -> Agent:
        """Start a program of tasks and answers under `valetkey run`."""
        return Agent([*_RUN, *command], self.env)

    def leaves(self, kind: str) -> list[dict[str, Any]]:
        """Return the records of a kind in this account's own audit log."""
        found = stored_leaves(self.person.valetkey / "valetkey.db")
        return [leaf for leaf in found if leaf["kind"] == kind]

    def runs(self) -> list[str]:
        """Return the ids of the runs that were opened here, the last one last."""
        return [leaf["run"] for leaf in self.leaves("run-opened")]


def _allow(actions: list[str], resource: str) -> str:
    statement = {"Effect": "Allow", "Action": actions, "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": statement})
