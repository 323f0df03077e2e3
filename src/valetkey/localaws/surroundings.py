"""The condition keys that every request brings, whatever it asks for."""

from valetkey.iam import ContextValue
from valetkey.localaws.http import Incoming


def surroundings(
    request: Incoming, *, region: str, account: str, secure_transport: bool
) -> dict[str, ContextValue]:
    """Return the global condition keys of a request ("AWS global condition context keys").

    `secure_transport` is what `aws:SecureTransport` says: loopback stands in for TLS.
    """
    found: dict[str, ContextValue] = {
        "aws:SourceIp": request.source_ip,
        "aws:SecureTransport": "true" if secure_transport else "false",
        "aws:RequestedRegion": region,
        "aws:ResourceAccount": account,
        "aws:ViaAWSService": "false",
        "aws:PrincipalIsAWSService": "false",
    }
    agent = request.header("user-agent")
    if agent is not None:
        found["aws:UserAgent"] = agent
    referer = request.header("referer")
    if referer is not None:
        found["aws:Referer"] = referer
    return found


def tag_context(tags: dict[str, str], *, prefix: str = "aws:RequestTag") -> dict[str, ContextValue]:
    """Return one key a tag, and for request tags the multivalued `aws:TagKeys` too."""
    found: dict[str, ContextValue] = {f"{prefix}/{key}": value for key, value in tags.items()}
    if prefix == "aws:RequestTag" and tags:
        found["aws:TagKeys"] = tuple(tags)
    return found
