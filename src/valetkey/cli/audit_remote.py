"""The audit log of a broker over HTTP, page by page; every leaf is hashed here again."""

import base64
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from valetkey.audit import (
    AuditError,
    Broken,
    Head,
    StoredLeaf,
    Verified,
    canonical_json,
    verify,
)
from valetkey.cli.asking import bearer, with_way_out
from valetkey.cli.fetching import fetch
from valetkey.cli.sessions import canonical
from valetkey.errors import ValetkeyError
from valetkey.identity import JsonValue, StrictJsonError, parse_object
from valetkey.sandbox.document import problem_in
from valetkey.secret import Secret

PAGE: Final = 500
MAX_PAGE: Final = 8 * 1_048_576
"""Bytes: the broker stops a page at 1 MiB of leaves and one more."""
FOLLOW_SECONDS: Final = 2.0


@dataclass(frozen=True, slots=True)
class _Page:
    head: Head
    leaves: tuple[StoredLeaf, ...]
    next: int | None


@dataclass(frozen=True, slots=True)
class RemoteLog:
    """The log of one broker, read as one person."""

    url: str
    token: Secret
    token_file: str | None

    @classmethod
    def at(cls, broker: str, token_file: str | None) -> "RemoteLog":
        """Name the broker; the token is the file's, or that of who is signed in there."""
        return cls(canonical(broker), Secret(bearer(broker, token_file)), token_file)

    def leaves(self, *, run: str | None, follow: bool) -> Iterator[StoredLeaf]:
        """Yield the leaves from the beginning, those of one run where `run` is its id."""
        last = -1
        while True:
            page = self._page(last, run)
            yield from page.leaves
            seen = page.leaves[-1].index if page.leaves else last
            last = seen if page.next is None else page.next
            if page.next is None:
                if not follow:
                    return
                time.sleep(FOLLOW_SECONDS)

    def verify(self) -> Verified | Broken:
        """Compute the root over every leaf that the first answer's head counts, and compare."""
        page = self._page(-1, None)
        return verify(self._counted(page), [page.head], head=page.head)

    def _counted(self, page: _Page) -> Iterator[StoredLeaf]:
        size, last = page.head.size, -1
        while True:
            for leaf in page.leaves:
                if leaf.index >= size:
                    return
                last = leaf.index
                yield leaf
            if page.next is None or last + 1 >= size:
                return
            page = self._page(last, None)

    def _page(self, after: int, run: str | None) -> _Page:
        query = {"after": after, "limit": PAGE} | ({} if run is None else {"run": run})
        answer = fetch(
            f"{self.url}/v1/audit?{urlencode(query)}", bearer=self.token, most=MAX_PAGE, seconds=30
        )
        if answer.status != 200:
            raise with_way_out(problem_in(answer.status, answer.body), self.token_file)
        try:
            page = _read(parse_object(answer.body))
        except (StrictJsonError, ValueError, KeyError, TypeError, AttributeError):
            raise ValetkeyError(
                "audit-answer-unreadable", f"what `{self.url}` answers is no page of its log"
            ) from None
        if page.next is not None and page.next <= after:
            raise ValetkeyError("audit-answer-unreadable", f"the log of `{self.url}` goes in rings")
        return page


def _read(document: Any) -> _Page:
    head = document["head"]
    return _Page(
        Head(_integer(head["size"]), bytes.fromhex(head["root"])),
        tuple(_leaf(leaf) for leaf in document["leaves"]),
        None if document["next"] is None else _integer(document["next"]),
    )


def _integer(value: object) -> int:
    if type(value) is not int:
        raise ValueError
    return value


def _leaf(leaf: Any) -> StoredLeaf:
    """Return the bytes that were hashed: the one canonical form of the record (RFC 8785)."""
    if leaf["record"] is None:
        data = base64.b64decode(leaf["raw"], validate=True)
    else:
        try:
            data = canonical_json(_plain(leaf["record"]))
        except AuditError:
            raise ValueError from None
    return StoredLeaf(_integer(leaf["index"]), data, bytes.fromhex(leaf["hash"]))


def _plain(value: JsonValue) -> Any:
    """Return dictionaries and lists again: strict reading makes them immutable."""
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    return value
