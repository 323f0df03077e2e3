"""The demo's two configurations: a broker that assumes the role, one that signs tokens for STS."""

from pathlib import Path

from valetkey.demo.issuer import AUDIENCE
from valetkey.demo.world import Aws

GRANT = "tenant-data"
_WHOSE_TOKENS = """\
[[issuers]]
name = "demo"
url = "{issuer}"
audiences = ["{audience}"]
algorithms = ["ES256"]

[[trust]]
name = "people"
issuer = "demo"
claims = {{ token_use = "id" }}
may = "be-worked-for"

[[trust]]
name = "orchestrator"
issuer = "demo"
claims = {{ sub = "service:orchestrator" }}
may = "open-runs"
for = ["people"]

[[trust]]
name = "operator"
issuer = "demo"
claims = {{ sub = "service:operator" }}
may = "revoke"

[tags]
user_id = "{{subject.sub}}"
"""
_SHARED = """\
[broker]
listen = "{listen}"
store = "sqlite:///{store}"

[aws]
region = "{region}"
endpoint_url = "{endpoint}"
{own}
{people}
[[grants]]
name = "{grant}"
role = "{role}"
source = "{source}"
duration = "{seconds}s"
"""
_OWN = """
[issuer]
url = "{url}"
key_encryption = "file:{secret}"
"""


def by_assume_role(path: Path, aws: Aws, *, issuer: str, role: str, seconds: int) -> Path:
    """Write the configuration of the first half: the broker has AWS keys of its own."""
    return _write(
        path,
        aws,
        listen="127.0.0.1:0",
        store="valetkey.db",
        own="",
        issuer=issuer,
        role=role,
        source="assume-role",
        seconds=seconds,
    )


def by_web_identity(
    path: Path, aws: Aws, *, issuer: str, role: str, listen: str, secret: str
) -> Path:
    """Write the configuration of the second half: the broker is an issuer, and has no AWS keys."""
    return _write(
        path,
        aws,
        listen=listen,
        store="web-identity.db",
        own=_OWN.format(url=f"http://{listen}", secret=secret),
        issuer=issuer,
        role=role,
        source="web-identity",
        seconds=3600,
    )


def whose_tokens(issuer: str) -> str:
    """Return what both brokers and the third believe: people's tokens, and who opens runs."""
    return _WHOSE_TOKENS.format(issuer=issuer, audience=AUDIENCE)


def _write(path: Path, aws: Aws, *, issuer: str, **values: object) -> Path:
    path.write_text(
        _SHARED.format(
            people=whose_tokens(issuer),
            region=aws.region,
            endpoint=aws.endpoint,
            grant=GRANT,
            **values,
        )
    )
    return path
