"""The way to an endpoint as every AWS SDK finds it: which proxy, and which CAs are believed.

Proxies: HTTPS_PROXY, HTTP_PROXY, NO_PROXY. CAs: AWS_CA_BUNDLE or a profile's `ca_bundle`, else the
system's (AWS SDKs and Tools reference, "General configuration settings").
"""

import ipaddress
import ssl
from urllib.parse import urlsplit

from botocore.utils import get_environ_proxies

from valetkey.aws.errors import AwsError


def proxy_to(url: str) -> str | None:
    """Return the URL of the proxy for `url`, None to go straight. Loopback is never behind one."""
    parts = urlsplit(url)
    if _is_loopback(parts.hostname or ""):
        return None
    found: str | None = get_environ_proxies(url).get(parts.scheme)
    if not found:
        return None
    return found if "://" in found else f"http://{found}"


def trust_in(ca_bundle: str | None) -> ssl.SSLContext | bool:
    """Return whom TLS believes: the CAs in the file, or True for the system's.

    Raises `aws-configuration` for a file that holds none.
    """
    if not ca_bundle:
        return True
    try:
        return ssl.create_default_context(cafile=ca_bundle)
    except (OSError, ssl.SSLError) as error:
        raise AwsError(
            "aws-configuration",
            "the CA bundle of the AWS configuration can't be used",
            hint="AWS_CA_BUNDLE or `ca_bundle` names a PEM file with the CAs to believe",
            detail=f"{ca_bundle}: {error}",
        ) from None


def check_private(url: str) -> None:
    """Raise `aws-endpoint-plain` where what is sent to `url` could be read on its way.

    A token is all that a thief of it needs, unlike a signed request: it goes by https, or to
    this machine's loopback address.
    """
    parts = urlsplit(url)
    if parts.scheme != "https" and not _is_loopback(parts.hostname or ""):
        raise AwsError(
            "aws-endpoint-plain",
            f"plain http to STS at `{url}` would show our token to the network",
            hint="use https, or an AWS on this machine's loopback address; see `endpoint_url`, "
            "AWS_ENDPOINT_URL and AWS_ENDPOINT_URL_STS",
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
