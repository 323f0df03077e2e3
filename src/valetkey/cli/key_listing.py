"""The signing keys as `valetkey keys list` shows them: as the broker's API does."""

from typing import Any

import msgspec

from valetkey.broker.own_issuer import OwnIssuer
from valetkey.web.keys import key_documents


async def key_rows(own: OwnIssuer, now: float) -> list[dict[str, Any]]:
    """Return every key of the issuer as JSON has it, the oldest first. Instants are text."""
    return [msgspec.to_builtins(document) for document in await key_documents(own, now)]
