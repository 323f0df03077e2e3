"""The condition keys that every request brings, whatever it asks for."""

from valetkey.iam import ContextValue
from valetkey.localaws.faults import Service
from valetkey.localaws.http import Incoming

TLS_VERSION = "1.3"  # of what loopback stands in for: the newest that AWS's endpoints speak


def surroundings(
    request: Incoming, service: Service, *, region: str, account: str, secure_transport: bool
) -> dict[str, ContextValue]:
    """Return the condition keys that every request to a service has ("AWS global condition
    context keys", and what S3 has for all of its actions).

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
    if service is Service.S3:
        found["s3:ResourceAccount"] = account
        if secure_transport:
            found["s3:TlsVersion"] = TLS_VERSION
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
