"""The functions of one local AWS: registered from Python, since nothing is deployed here."""

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from valetkey.localaws.errors import LocalAwsError
from valetkey.localaws.lambda_names import FunctionName, is_function_name, is_qualifier
from valetkey.localaws.tags import tags_trouble


@dataclass(frozen=True, slots=True)
class Invocation:
    """Who invokes a function, and how: what its answer may depend on beside the event."""

    function_arn: str
    request_type: str  # RequestResponse or Event
    caller_arn: str
    caller_account: str
    client_context: str | None


NOT_JSON = "the answer is not what JSON can say"
JSON_HINT = "texts, numbers, booleans, lists and tables are; write a date as a text"

Answerer = Callable[[Any, Invocation], Any]


@dataclass(slots=True)
class Function:
    """A function with its tags; `qualifiers` are the versions and aliases that it has."""

    name: str
    answer: Answerer
    tags: dict[str, str]
    qualifiers: frozenset[str]


@dataclass(slots=True)
class Functions:
    """The functions of one account and region, by name."""

    account: str
    region: str
    known: dict[str, Function] = field(default_factory=dict)

    def add(
        self,
        name: str,
        answer: Any,
        *,
        tags: Mapping[str, str] | None = None,
        qualifiers: Collection[str] = (),
    ) -> str:
        """Register a function and return its ARN. Raises LocalAwsError for what AWS refuses.

        `answer` is called with the event, decoded from JSON, and an Invocation, and returns what
        JSON can say; anything that can't be called is the answer to every event.
        """
        tags = dict(tags or {})
        if not is_function_name(name) or name in self.known:
            raise LocalAwsError("bad-function", f"`{name}` is no function's name, or taken")
        if not all(is_qualifier(one) for one in qualifiers):
            raise LocalAwsError("bad-function", "a qualifier is a version or an alias")
        if tags_trouble(tags.items()) is not None:
            raise LocalAwsError("bad-function", "a tag is too long, reserved or there twice")
        called = answer if callable(answer) else _fixed(answer)
        self.known[name] = Function(name, called, tags, frozenset(qualifiers))
        return self.arn(FunctionName(name, None))

    def arn(self, name: FunctionName) -> str:
        """Return the ARN of a function, its version or its alias."""
        return name.arn(account=self.account, region=self.region)

    def find(self, name: FunctionName) -> Function | None:
        """Return the function, None where it or the version or alias does not exist."""
        found = self.known.get(name.name)
        if found is None or name.qualifier in {None, "$LATEST"}:
            return found
        return found if name.qualifier in found.qualifiers else None

    def tags(self, name: FunctionName) -> dict[str, str]:
        """Return the function's tags, which its versions and aliases share."""
        found = self.known.get(name.name)
        return {} if found is None else dict(found.tags)


def written_json(value: Any, default: Callable[[Any], Any] | None = None) -> str | None:
    """Return the value as JSON, None for what JSON has no word for: a date, NaN, no end.

    `default` is json's own: what is written for what JSON does not know.
    """
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, default=default)
    except (TypeError, ValueError, RecursionError):
        return None


def _fixed(value: Any) -> Answerer:
    text = written_json(value)
    if text is None:
        raise LocalAwsError("bad-function", NOT_JSON, hint=JSON_HINT)

    def answer(event: Any, invocation: Invocation) -> Any:
        return json.loads(text)

    return answer
