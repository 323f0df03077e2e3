"""A person at a machine: a home with an AWS profile, and grants as `valetkey grant` writes them."""

from pathlib import Path
from subprocess import CompletedProcess

from tests.cli.warm import warm
from tests.e2e.processes import bare
from tests.e2e.world import AwsSide

PROFILE = "work"


class Person:
    """A clean home below `folder`, whose profile `work` is the broker's user of the demo's world.

    That user may assume the demo's role, which wants the tag `user_id`, and whatever `let` names.
    """

    def __init__(self, folder: Path, aws: AwsSide) -> None:
        self.aws = aws
        self.home = folder / "home"
        (self.home / ".aws").mkdir(parents=True)
        self.valetkey = self.home / ".valetkey"
        self.env = bare(self.home)
        self.write_profile(aws.world.broker_key_id, aws.world.broker_secret)

    def write_profile(self, key_id: str, secret: str, token: str | None = None) -> None:
        """Write `~/.aws` anew, as a person pastes keys."""
        session = f"aws_session_token = {token}\n" if token else ""
        (self.home / ".aws" / "credentials").write_text(
            f"[{PROFILE}]\naws_access_key_id = {key_id}\naws_secret_access_key = {secret}\n"
            + session
        )
        (self.home / ".aws" / "config").write_text(
            f"[profile {PROFILE}]\nregion = {self.aws.aws.region}\n"
            f"endpoint_url = {self.aws.aws.endpoint}\n"
        )

    def grant(self, name: str, role: str | None = None, **more: str) -> None:
        """Write a grant's file as `valetkey grant` would; by default of the demo's role, as Alice.

        Values of `more` are TOML.
        """
        members = {
            "name": f'"{name}"',
            "role": f'"{role or self.aws.world.role_arn}"',
            "profile": f'"{PROFILE}"',
            "region": f'"{self.aws.aws.region}"',
            "endpoint_url": f'"{self.aws.aws.endpoint}"',
        }
        if role is None:
            members["tags"] = '{ user_id = "alice" }'
        folder = self.valetkey / "grants.d"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lines = "".join(f"{key} = {value}\n" for key, value in (members | more).items())
        (folder / f"{name}.toml").write_text(f"[[grants]]\n{lines}")

    def run(self, *arguments: str, **env: str) -> CompletedProcess[str]:
        """Run `valetkey …` there to its end."""
        return warm().run(*arguments, folder=Path.cwd(), environ=self.env | env)
