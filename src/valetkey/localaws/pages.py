"""Pages of a listing. A token is a place in the list: it opens nothing that was not decided."""

from collections.abc import Sequence
from typing import Any, TypeVar

from valetkey.localaws.faults import AwsError
from valetkey.localaws.models import Params

_DIGITS = 9
Item = TypeVar("Item")


def page(
    items: Sequence[Item], params: Params, *, size: int, bad_token: str
) -> tuple[list[Item], dict[str, Any]]:
    """Return one page of `items` and the members that say where the next one begins.

    `size` holds where the request has no MaxResults. Raises AwsError `bad_token`.
    """
    token = params.get("NextToken", "0")
    if not (token.isascii() and token.isdecimal() and len(token) <= _DIGITS):
        raise AwsError(bad_token, "The NextToken is not one of this listing.")
    start = int(token)
    end = start + int(params.get("MaxResults", size))
    return list(items[start:end]), {"NextToken": str(end)} if end < len(items) else {}
