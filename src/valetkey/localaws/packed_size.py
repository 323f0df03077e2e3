"""How full a session is: `PackedPolicySize`, modelled.

AWS packs session policies and tags into a binary form it does not document. This one deflates
them and compares with a limit that reproduces published cases roughly (six EKS tags: 74 %).
"""

import json
import zlib
from collections.abc import Mapping

PACKED_LIMIT_BYTES = 420
MAX_PLAIN_POLICY = 2048  # characters of session policies and their ARNs, before packing


def packed_percentage(
    *, policy: str | None, policy_arns: tuple[str, ...], tags: Mapping[str, str]
) -> int:
    """Return the per cent of the allotted space that policies and tags take; above 100 fails."""
    if policy is None and not policy_arns and not tags:
        return 0
    text = json.dumps([policy, policy_arns, dict(tags)], separators=(",", ":"), ensure_ascii=False)
    packed = len(zlib.compress(text.encode(), level=9, wbits=-15))
    return -(-packed * 100 // PACKED_LIMIT_BYTES)
