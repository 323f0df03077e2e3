"""How much a caller may ask of the gateway at once, and how long anything may take."""

from typing import Final

MAX_BODY: Final = 4 * 1024 * 1024
"""Bytes of a message: what the SDKs' servers take by default."""
LARGE_BODY: Final = 65_536
"""Bytes beyond which a message waits for its turn: reading it takes milliseconds."""
MAX_LARGE: Final = 64
"""Large messages of all runs that are taken in at once: 256 MiB."""
BODY_SECONDS: Final = 30
"""A body that trickles in holds a place; four megabytes need no longer."""
MAX_AUTHORIZATION: Final = 16_384
MAX_ID: Final = 256
"""Characters of a request's id."""
MAX_METHOD: Final = 128
MAX_NAME: Final = 256
"""Characters of a tool's or a prompt's name in a request."""
MAX_URI: Final = 8_192
MAX_TRACE: Final = 8_192
"""Characters of one member of `_meta` that is passed on (W3C Trace Context, Baggage)."""
PAGE: Final = 500
"""Tools in one answer to `tools/list`."""
MAX_PAGES: Final = 20
"""Pages that are asked of one server where several servers' lists become one."""

CALLS_PER_RUN: Final = 64
"""Requests that a run may have under way at the gateway."""
STREAMS_PER_RUN: Final = 16
"""Streams that a run may hold open without a request of its own in them."""
MAX_CALLS: Final = 1_024
MAX_STREAMS: Final = 2_048
"""The same of all runs. `valetkey serve` has 4,096 places for connections: a quarter of them is
left for runs that are opened and given credentials, whatever is going on at the gateway."""

SESSIONS_PER_RUN: Final = 64
MAX_SESSIONS: Final = 10_000
SESSION_SECONDS: Final = 30 * 60
"""A session that nobody used for so long is over."""
ASKED_PER_SESSION: Final = 64
"""Requests of servers that wait for the client's answer."""

QUIET_SECONDS: Final = 15.0
"""After this long without a word an answer becomes a stream and says that it is alive. The run's
state is looked at as often."""
GREETING_SECONDS: Final = 20.0
"""How long `initialize` waits to hear what a server offers besides tools."""
MAX_SUBSCRIPTIONS: Final = 64
"""Resources that one subscription may name."""
