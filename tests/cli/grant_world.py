"""For `valetkey grant`: a local AWS with people and roles, a home folder with their profiles."""

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.cli.entry import warm_command
from tests.localaws.world import ACCOUNT, REGION, World, allow, document, trust

ALL = ("sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity")
ALICE = f"arn:aws:iam::{ACCOUNT}:user/alice"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
MFA = f"arn:aws:iam::{ACCOUNT}:mfa/alice"


def role_arn(name: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:role/{name}"


ROLES = {
    "Good": [trust(ALICE, *ALL)],
    "Long": [trust(ALICE, *ALL)],
    "Delegated": [trust(ROOT, *ALL)],
    "NoTags": [trust(ALICE, "sts:AssumeRole")],
    "NoSource": [trust(ALICE, "sts:AssumeRole", "sts:TagSession")],
    "External": [trust(ALICE, *ALL, StringEquals={"sts:ExternalId": "x-1"})],
    "Tagged": [trust(ALICE, *ALL, StringLike={"aws:RequestTag/user_id": "?*"})],
    "Chained": [trust(role_arn("Good"), *ALL)],
    "ForBob": [trust(f"arn:aws:iam::{ACCOUNT}:user/bob", *ALL)],
    "Fixable": [trust(role_arn("Nobody"))],
}


@dataclass(frozen=True)
class Keys:
    """One person's keys, as files of AWS have them."""

    given: Mapping[str, str]

    def section(self, name: str) -> str:
        lines = [
            f"[{name}]",
            f"aws_access_key_id = {self.given['AccessKeyId']}",
            f"aws_secret_access_key = {self.given['SecretAccessKey']}",
        ]
        if token := self.given.get("SessionToken"):
            lines.append(f"aws_session_token = {token}")
        return "\n".join(lines) + "\n"

    def variables(self) -> dict[str, str]:
        return {
            "AWS_ACCESS_KEY_ID": self.given["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": self.given["SecretAccessKey"],
        }


class GrantWorld:
    """Alice may assume, Bob may nothing; the roles of `ROLES`."""

    def __init__(self) -> None:
        self.world = World()
        self.alice = Keys(self.world.user("alice", allow(list(ALL))))
        self.bob = Keys(self.world.user("bob"))
        for name, trusts in ROLES.items():
            more = {"MaxSessionDuration": 4 * 3600} if name == "Long" else {}
            self.world.role(name, trusts, allow(["s3:*", *ALL]), **more)
        self.stale = self._expired_session()

    def _expired_session(self) -> Keys:
        self.world.clock.offset = -3600 - 60  # sessions of an hour; those long over are forgotten
        found = self.world.aws.session("Good").get_credentials().get_frozen_credentials()
        self.world.clock.offset = 0
        names = ("AccessKeyId", "SecretAccessKey", "SessionToken")
        return Keys(dict(zip(names, found, strict=False)))

    def close(self) -> None:
        self.world.close()

    def retrust(self, role: str, statement: object) -> None:
        """Put a trust policy of this one statement in the place of a role's own."""
        text = json.dumps({**json.loads(document()), "Statement": [statement]})
        iam = self.world.client("iam")
        iam.update_assume_role_policy(RoleName=role, PolicyDocument=text)


class Account:
    """A home folder with Alice's and Bob's profiles, in which commands run."""

    def __init__(self, world: GrantWorld, folder: Path) -> None:
        self.world = world
        self.folder = folder
        self.grants = folder / ".valetkey" / "grants.d"
        (folder / ".aws").mkdir()
        people = {"alice": world.alice, "bob": world.bob, "stale": world.stale}
        self.put("credentials", "".join(keys.section(name) for name, keys in people.items()))
        config = [f"[profile {name}]\nregion = {REGION}\n" for name in people]
        config += [
            f"[profile chained]\nregion = {REGION}\nsource_profile = alice\n"
            f"role_arn = {role_arn('Good')}\n",
            f"[profile mfa]\nregion = {REGION}\nsource_profile = alice\n"
            f"role_arn = {role_arn('Good')}\nmfa_serial = {MFA}\n",
            f"[profile nowhere]\nsource_profile = alice\nrole_arn = {role_arn('Good')}\n",
            "[profile sso]\nsso_session = work\nsso_account_id = 111122223333\n"
            "sso_role_name = Developer\n[sso-session work]\nsso_region = eu-west-1\n"
            "sso_start_url = https://example.awsapps.com/start\n",
            f"[profile elsewhere]\nregion = {REGION}\nendpoint_url = {self.endpoint}\n"
            "source_profile = alice\n",
        ]
        self.put("config", "".join(config))

    @property
    def endpoint(self) -> str:
        return self.world.world.aws.endpoint

    def put(self, name: str, text: str) -> None:
        (self.folder / ".aws" / name).write_text(text)

    def grant(self, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run `valetkey grant …` with AWS where the local one is, unless `environ` says else."""
        known: dict[str, Any] = {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_EC2_METADATA_DISABLED": "true",
        } | environ
        return warm_command("grant", *words, folder=self.folder, **known)

    def add(self, role: str, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run `valetkey grant aws g` for a role of the world, by Alice's profile unless told."""
        by = () if "--profile" in words or "AWS_PROFILE" in environ else ("--profile", "alice")
        return self.grant("aws", "g", "--role", role_arn(role), *by, *words, **environ)

    def files(self) -> list[str]:
        """Return the names of the files of stored grants."""
        return sorted(path.name for path in self.grants.iterdir()) if self.grants.is_dir() else []
