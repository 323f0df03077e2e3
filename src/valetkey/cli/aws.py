"""`valetkey aws`: a local AWS that enforces IAM, until it is ended."""

import json
import signal
import threading
from typing import TYPE_CHECKING, Annotated

import typer

from valetkey.cli.options import AsJson
from valetkey.errors import ValetkeyError

if TYPE_CHECKING:
    from valetkey.localaws import LocalAws


def aws(
    port: Annotated[
        int, typer.Option(help="The port on 127.0.0.1; 0 takes a free one.", min=0, max=65_535)
    ] = 0,
    as_json: AsJson = False,
    account: Annotated[str, typer.Option(help="The account's 12 digits.")] = "111122223333",
    region: Annotated[str, typer.Option(help="The one region it has.")] = "eu-west-1",
) -> None:
    """Run a local AWS that really enforces IAM: STS, IAM, S3 and DynamoDB for any SDK.

    It listens on loopback only and prints its address and the root's keys. Everything it stores
    is gone when it ends, by Ctrl-C or SIGTERM. With --json the first line is one JSON object.
    """
    local = _local_aws(account, region)
    ended = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: ended.set())
    local.start(port)
    try:
        _announce(local, as_json=as_json)
        ended.wait()
    finally:
        local.stop()


def _local_aws(account: str, region: str) -> "LocalAws":
    try:
        from valetkey.localaws import LocalAws
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] == "valetkey":
            raise
        raise ValetkeyError(
            "extra-missing",
            f"the local AWS needs `{error.name}`, which is not installed",
            hint="pip install 'valetkey[localaws]'",
        ) from error
    return LocalAws(account=account, region=region)


def _announce(local: "LocalAws", *, as_json: bool) -> None:
    found = {
        "endpoint": local.endpoint,
        "region": local.region,
        "account": local.account,
        "access_key_id": local.root_access_key_id,
        "secret_access_key": local.root_secret_access_key,
    }
    if as_json:
        print(json.dumps(found), flush=True)
        return
    print(
        f"A local AWS is at {found['endpoint']}\n\n"
        f"  export AWS_ENDPOINT_URL={found['endpoint']}\n"
        f"  export AWS_REGION={found['region']}\n"
        f"  export AWS_DEFAULT_REGION={found['region']}\n"
        f"  export AWS_ACCESS_KEY_ID={found['access_key_id']}\n"
        f"  export AWS_SECRET_ACCESS_KEY={found['secret_access_key']}\n\n"
        f"These are the root's keys of account {found['account']}. "
        "Ctrl-C ends it; nothing is kept.",
        flush=True,
    )
