"""Pages of a SELECT: a token says where the next one begins, in this very statement.

A token is a place in a list that was decided on; it opens nothing by itself.
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from valetkey.localaws.dynamodb_keys import (
    TableSchema,
    canonical_attribute,
    invalid,
)
from valetkey.localaws.dynamodb_partiql_plans import Plan
from valetkey.localaws.faults import AwsError
from valetkey.localaws.models import Params
from valetkey.localaws.strict_json import read_json

_STATEMENT = ("Statement", "Parameters", "ConsistentRead")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page begins: the plan's part, and the last key before it, None for its start."""

    part: int = 0
    key: Mapping[str, Any] | None = None


def write_token(place: Place, params: Params) -> str:
    """Return the token for the place, for the same statement and parameters only."""
    value = {"part": place.part, "key": place.key, "of": _digest(params)}
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode()


def read_token(params: Params, plan: Plan, *, schema: TableSchema, source: TableSchema) -> Place:
    """Return where the request's page begins.

    `source` are the keys of the index, or the table's. Raises AwsError ValidationException for a
    token that is not of this statement.
    """
    if "NextToken" not in params:
        return Place()
    try:
        value = read_json(base64.b64decode(params["NextToken"], altchars=b"-_", validate=True))
    except (AwsError, ValueError) as error:
        raise _foreign() from error
    part, key = value.get("part"), value.get("key")
    if value.get("of") != _digest(params) or type(part) is not int:
        raise _foreign()
    if not 0 <= part < len(plan.parts):
        raise _foreign()
    if key is None:
        return Place(part)
    if not isinstance(key, dict) or set(key) != {*schema.keys, *source.keys}:
        raise _foreign()
    return Place(part, {name: canonical_attribute(name, key[name], schema) for name in key})


def _digest(params: Params) -> str:
    """Return what ties a token to its statement."""
    text = json.dumps([params.get(name) for name in _STATEMENT], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _foreign() -> AwsError:
    return invalid("NextToken does not match request")
