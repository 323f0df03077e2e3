"""What the directory says of the person that a run is opened for, where that is needed."""

from collections.abc import Mapping

from valetkey.broker.broker import Broker
from valetkey.identity import Principal, Refusal
from valetkey.runs import Source


def is_asked(broker: Broker) -> bool:
    """Say whether a tag, or what tool policies may ask, needs the directory."""
    if broker.tools is not None and broker.tools.directory:
        return True
    return any(template.uses(Source.DIRECTORY) for template in broker.templates)


async def ask_directory(broker: Broker, subject: Principal) -> Mapping[str, str] | Refusal | None:
    """Return the subject's attributes; None where nothing needs one, and then nothing is asked.

    Who is unknown there is refused as `subject-not-in-directory`. Raises what the directory raises
    when it can't be read: that is not the same as unknown.
    """
    if not is_asked(broker):
        return None
    found = None
    if broker.directory is not None:
        found = await broker.directory.look_up(subject.issuer_name, subject.subject)
    if found is None:
        return Refusal(
            code="subject-not-in-directory",
            public="the directory does not know the subject",
            reasons=(f"{subject.label} is not in the directory, and tags or facts need it",),
        )
    return found
