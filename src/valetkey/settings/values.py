"""The configuration as the program has it: frozen, checked, in the rooms' own types."""

from dataclasses import dataclass
from pathlib import Path

from valetkey.credentials import Grant
from valetkey.identity import Issuer, TrustRule
from valetkey.runs import TagTemplate


@dataclass(frozen=True, slots=True)
class AwsSettings:
    """Where AWS is for the broker. None: as botocore finds it in the broker's surroundings."""

    region: str | None
    profile: str | None
    endpoint_url: str | None


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that the file says, understood. Durations are in seconds.

    `public_url` is how sandboxes reach the broker; None: where it listens.
    """

    path: Path
    digest: str
    host: str
    port: int
    public_url: str | None
    store: Path
    run_seconds: int
    max_run_seconds: int
    aws: AwsSettings
    issuers: tuple[Issuer, ...]
    rules: tuple[TrustRule, ...]
    templates: tuple[TagTemplate, ...]
    grants: tuple[Grant, ...]
