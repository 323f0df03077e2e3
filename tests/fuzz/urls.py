"""Presigned URLs: signed by the SDK at any time, spoiled in one place, fetched by plain HTTP."""

import http.client
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import botocore.auth

from tests.fuzz.calls import Call
from tests.fuzz.exchange import Exchange, Outcome

BUCKET_WIDE = frozenset({"list_objects", "list_objects_v2", "list_object_versions"})
_VERBS = {"put_object": "PUT", "head_object": "HEAD"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """A request as its sender writes it: the target is a path with its query, percent-encoded."""

    verb: str
    target: str
    headers: Mapping[str, str]

    def with_query(self, changed: Mapping[str, str]) -> "Wanted":
        """Return the request with some parameters of its query replaced or added."""
        path, _, query = self.target.partition("?")
        found = {**dict(parse_qsl(query, keep_blank_values=True)), **changed}
        return replace(self, target=f"{path}?{urlencode(found, quote_via=quote)}")

    def unsigned(self) -> "Wanted":
        """Return the request without its signature."""
        path, _, query = self.target.partition("?")
        found = parse_qsl(query, keep_blank_values=True)
        kept = {name: value for name, value in found if not name.startswith("X-Amz-")}
        return replace(self, target=f"{path}?{urlencode(kept, quote_via=quote)}")

    def with_header(self, name: str, value: str) -> "Wanted":
        """Return the request with a header replaced or added."""
        return replace(self, headers={**self.headers, name: value})

    def with_path(self, path: str) -> "Wanted":
        """Return the request for another path, which is not encoded."""
        return replace(self, target=f"{quote(path)}?{self.target.partition('?')[2]}")


def _other_verb(wanted: Wanted, into: str) -> Wanted:
    verbs = {"GET": "HEAD", "HEAD": "GET", "PUT": "DELETE"}
    return replace(wanted, verb=verbs[wanted.verb])


def _other_key_id(wanted: Wanted, into: str) -> Wanted:
    query = dict(parse_qsl(wanted.target.partition("?")[2]))
    scope = query["X-Amz-Credential"].partition("/")[2]
    return wanted.with_query({"X-Amz-Credential": f"{into}/{scope}"})


def _other_signature(wanted: Wanted, into: str) -> Wanted:
    digit = "0" if wanted.target[-1] != "0" else "1"  # the signature stands last
    return replace(wanted, target=wanted.target[:-1] + digit)


SPOILERS: dict[str, Callable[[Wanted, str], Wanted]] = {
    "late": lambda wanted, _: wanted,  # signed too long ago, or for later
    "path": lambda wanted, into: wanted.with_path(into),
    "verb": _other_verb,
    "header": lambda wanted, into: wanted.with_header("x-amz-acl", "public-read-write"),
    "host": lambda wanted, into: wanted.with_header("host", into),
    "prefix": lambda wanted, into: wanted.with_query({"prefix": into}),
    "version": lambda wanted, into: wanted.with_query({"versionId": into}),
    "life": lambda wanted, _: wanted.with_query({"X-Amz-Expires": "604799"}),
    "token": lambda wanted, into: wanted.with_query({"X-Amz-Security-Token": into}),
    "key id": _other_key_id,
    "signature": _other_signature,
}


def fetch(exchange: Exchange, call: Call, keys: Mapping[str, Any]) -> Outcome:
    """Return what whoever holds the URL of this call gets, spoiled as the call says."""
    signing, body = call.presigned, call.arguments.get("Body")
    assert signing is not None
    client = exchange.presigner(keys)
    given = {name: value for name, value in call.arguments.items() if name != "Body"}
    with _signed_ago(signing.age):
        url = client.generate_presigned_url(call.method, Params=given, ExpiresIn=signing.expires)
    parts = urlsplit(url)
    headers = {"host": parts.netloc, **_header_arguments(client, call.method, given)}
    wanted = Wanted(_VERBS.get(call.method, "GET"), f"{parts.path}?{parts.query}", headers)
    if signing.spoil:
        wanted = SPOILERS[signing.spoil](wanted, signing.into)
    if signing.bare:
        wanted = wanted.unsigned()
    return _fetched(parts.netloc, wanted, body)


@contextmanager
def _signed_ago(seconds: int) -> Iterator[None]:
    """Let the SDK sign as it did so many seconds ago."""
    clock: Any = botocore.auth
    now: Callable[[], datetime] = clock.get_current_datetime
    clock.get_current_datetime = lambda: now() - timedelta(seconds=seconds)
    try:
        yield
    finally:
        clock.get_current_datetime = now


def _header_arguments(client: Any, method: str, arguments: Mapping[str, Any]) -> dict[str, str]:
    """Return the headers that the arguments become: the URL's holder has to send them."""
    name = client.meta.method_to_api_mapping[method]
    members = client.meta.service_model.operation_model(name).input_shape.members
    return {
        members[one].serialization["name"].lower(): str(value)
        for one, value in arguments.items()
        if members[one].serialization.get("location") == "header"
    }


def _fetched(place: str, wanted: Wanted, body: bytes | None) -> Outcome:
    connection = http.client.HTTPConnection(place, timeout=30)
    try:
        connection.request(wanted.verb, wanted.target, body=body, headers=dict(wanted.headers))
        answer = connection.getresponse()
        text = answer.read().decode("utf-8", "replace")
        status, headers = answer.status, dict(answer.getheaders())
    finally:
        connection.close()
    version = headers.get("x-amz-version-id")
    parsed = {"VersionId": version} if version else {}
    found = re.search("<Code>([A-Za-z0-9]+)</Code>", text)
    code = "" if status < 300 else found[1] if found else str(status)
    return Outcome(code, f"{headers}\n{text}", parsed)
