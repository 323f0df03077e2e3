"""A request under way: which of a server's messages are for whoever asked, and as what."""

from dataclasses import dataclass, replace
from typing import Final

import msgspec

from valetkey.gateway.incoming import malformed, with_progress, with_subscription
from valetkey.gateway.link import Incoming, Kind, MessageId
from valetkey.gateway.seat import Seat

PROGRESS: Final = "notifications/progress"
TOOLS_CHANGED: Final = "notifications/tools/list_changed"
UNKNOWN_METHOD: Final = msgspec.json.encode({"code": -32601, "message": "Method not found"})
"""What a server hears that asks for something which nobody declared."""


@dataclass(frozen=True, slots=True)
class Asked:
    """`ours` is the id towards the server, None of a stream that answers nothing; `theirs` the
    caller's; `progress` the caller's progress token as raw JSON.
    """

    ours: int | None
    theirs: MessageId | None = None
    progress: bytes | None = None

    def mine(self, incoming: Incoming, seat: Seat) -> Incoming | None:
        """Return the message as the caller hears it, None for one that is not for it.

        Raises `server-answer-malformed` for an answer to something that was not asked.
        """
        if incoming.kind is Kind.RESPONSE:
            return self._answer(incoming)
        if incoming.kind is Kind.REQUEST:
            return incoming
        if incoming.method == TOOLS_CHANGED:
            seat.note_changed_tools()
        if self.ours is None:
            return None if incoming.method == PROGRESS else incoming
        if incoming.method == PROGRESS:
            params = with_progress(incoming.params, self.ours, self.progress)
            return None if params is None else replace(incoming, params=params)
        return replace(incoming, params=with_subscription(incoming.params, self.ours, self.theirs))

    def _answer(self, incoming: Incoming) -> Incoming:
        nameless = incoming.id is None and incoming.error is not None  # it could not read ours
        if self.ours is None or not (nameless or incoming.id == self.ours):
            raise malformed("an answer to something that was not asked")
        return Incoming(
            kind=Kind.RESPONSE,
            id=self.theirs,
            result=with_subscription(incoming.result, self.ours, self.theirs),
            error=incoming.error,
            event_id=incoming.event_id,
        )
