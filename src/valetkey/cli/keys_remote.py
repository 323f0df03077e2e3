"""`valetkey keys rotate|retire --broker`: what a broker does with its signing keys when asked."""

import json
from urllib.parse import quote

from valetkey.cli.asking import ask
from valetkey.cli.output import printable
from valetkey.errors import ValetkeyError


def rotate_there(broker: str, token_file: str | None, *, is_plain: bool) -> None:
    """Have the broker's next key take over, and say from when on."""
    _check_plain(is_plain)
    key = ask("POST", "/v1/keys/rotate", broker=broker, token_file=token_file, body=b"")
    since = key["signs_from"]
    what = f"signs from {since}" if since else "waits to be published: `valetkey keys publish DIR`"
    print(printable(f"{key['kid']} {what}"))


def retire_there(
    broker: str, token_file: str | None, kid: str, *, because: str, is_plain: bool
) -> None:
    """Withdraw a key of the broker's."""
    _check_plain(is_plain)
    body = json.dumps({"because": because}).encode()
    path = f"/v1/keys/{quote(kid, safe='')}/retire"
    ask("POST", path, broker=broker, token_file=token_file, body=body)
    print(printable(f"{kid} is retired; `valetkey keys list --broker {broker}` says what signs"))


def _check_plain(is_plain: bool) -> None:
    if not is_plain:
        raise ValetkeyError(
            "usage",
            "which key of which kind is chosen where the broker runs",
            hint="drop --algorithm, --kms-key, --leave-none and --new-secret, or --broker",
        )
