"""One hand-out in the words of four readers."""

import json
import subprocess
from pathlib import Path

from botocore.credentials import ProcessProvider

from valetkey.sandbox.export import ExportFormat, export_text
from valetkey.sandbox.run_grant import RunGrant

# What a shell would make something of, though no key of AWS's has ever looked so.
CREDENTIALS = {
    "AccessKeyId": "ASIAEXAMPLE000000001",
    "SecretAccessKey": "s3cr'et/+$(touch taken)`id`",
    "Token": 'tok"en\\n== $HOME',
    "Expiration": "2026-11-21T20:00:00Z",
    "RoleArn": "arn:aws:iam::111122223333:role/AgentTenantData",
}
PLAIN = RunGrant("tenant-data", None, endpoint_url=None, credentials_url="http://127.0.0.1:1/x")
LOCAL = RunGrant(
    "tenant-data",
    "eu-west-1",
    endpoint_url="http://127.0.0.1:4566",
    credentials_url="http://127.0.0.1:1/x",
)
KEYS = {
    "AccessKeyId": CREDENTIALS["AccessKeyId"],
    "SecretAccessKey": CREDENTIALS["SecretAccessKey"],
    "SessionToken": CREDENTIALS["Token"],
    "Expiration": CREDENTIALS["Expiration"],
}


def test_claude_code_gets_its_credentials_and_when_to_ask_again() -> None:
    said = export_text(CREDENTIALS, LOCAL, form=ExportFormat.claude)
    assert json.loads(said) == {"Credentials": KEYS}


def test_the_version_for_a_profile_is_an_integer() -> None:
    said = json.loads(export_text(CREDENTIALS, LOCAL, form=ExportFormat.process))
    assert said == {"Version": 1, **KEYS}
    assert type(said["Version"]) is int


def test_botocore_takes_what_a_profile_prints(tmp_path: Path) -> None:
    text = export_text(CREDENTIALS, PLAIN, form=ExportFormat.process)
    file = tmp_path / "said.json"
    file.write_text(text.replace("2026", "2126"))  # it would ask again for what is past
    profiles = {"profiles": {"p": {"credential_process": f"cat {file}"}}}
    frozen = ProcessProvider("p", lambda: profiles).load().get_frozen_credentials()
    assert (frozen.access_key, frozen.secret_key, frozen.token) == (
        CREDENTIALS["AccessKeyId"],
        CREDENTIALS["SecretAccessKey"],
        CREDENTIALS["Token"],
    )


def test_an_sdk_gets_the_container_document_as_it_came() -> None:
    assert json.loads(export_text(CREDENTIALS, LOCAL, form=ExportFormat.json)) == CREDENTIALS


def evaluated(text: str) -> dict[str, str]:
    """Return the variables of AWS that a shell has after it evaluated `text`."""
    done = subprocess.run(
        ["sh", "-euc", 'eval "$1"; env -0', "sh", text],
        env={"PATH": "/usr/bin:/bin", "AWS_PROFILE": "theirs", "AWS_DEFAULT_PROFILE": "theirs"},
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
    )
    pairs = dict(line.split("=", 1) for line in done.stdout.split("\0") if "=" in line)
    return {name: value for name, value in pairs.items() if name.startswith("AWS_")}


def test_a_shell_gets_every_value_as_it_is_and_no_profile_in_its_way() -> None:
    assert evaluated(export_text(CREDENTIALS, PLAIN, form=ExportFormat.env)) == {
        "AWS_ACCESS_KEY_ID": CREDENTIALS["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": CREDENTIALS["SecretAccessKey"],
        "AWS_SESSION_TOKEN": CREDENTIALS["Token"],
        "AWS_CREDENTIAL_EXPIRATION": CREDENTIALS["Expiration"],
    }


def test_a_shell_gets_the_grants_region_and_endpoint() -> None:
    found = evaluated(export_text(CREDENTIALS, LOCAL, form=ExportFormat.env))
    assert found["AWS_REGION"] == found["AWS_DEFAULT_REGION"] == "eu-west-1"
    assert found["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4566"
