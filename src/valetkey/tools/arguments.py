"""The arguments of one tool call: what is decided, recorded and sent is the one `text` here."""

from dataclasses import dataclass

from valetkey.tools.definition import Json


@dataclass(frozen=True, slots=True)
class Arguments:
    """Arguments that the tool's JSON Schema accepts.

    `text` is their canonical JSON (RFC 8785) and goes upstream; `value` is `text` read back;
    `digest` its SHA-256, hexadecimal. `context` is what Cedar sees as `context.input`, as
    Cedar's JSON: the declared members alone, without those that are null.
    """

    value: dict[str, Json]
    text: bytes
    digest: str
    context: str


@dataclass(frozen=True, slots=True)
class ArgumentFault:
    """Why arguments are refused. `place` is a JSON pointer (RFC 6901), shortened where it is long.

    `what` is a sentence for the caller; neither has a value of the arguments in it, and no
    character that a terminal would obey.
    """

    place: str
    what: str
