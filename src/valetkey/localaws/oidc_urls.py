"""The URLs that an OpenID Connect provider of IAM may have, and the ARNs that they make.

Standard: `CreateOpenIDConnectProvider` (IAM API reference): https, no port, no query. Loopback is
ours: an issuer on this machine speaks plain http at a port, which AWS could not reach.
"""

import re
from urllib.parse import urlsplit

MAX_URL = 255
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})

_HOST = r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?"
_PATH = r"(?:/[A-Za-z0-9._~%:@!$&'()+,;=-]+)*/?"
_PUBLIC = re.compile(rf"https://{_HOST}{_PATH}", re.ASCII)
_LOCAL = re.compile(
    rf"http://(?:127\.0\.0\.1|localhost|\[::1\])(?::[0-9]{{1,5}})?{_PATH}", re.ASCII
)


def is_loopback(host: str) -> bool:
    """Tell whether a host, as `urlsplit` gives it, is this machine."""
    return host in LOOPBACK


def is_provider_url(url: str) -> bool:
    """Tell whether a provider may have this URL: https, and on loopback plain http instead."""
    if len(url) > MAX_URL or {".", ".."} & set(url.split("/")):
        return False
    if _LOCAL.fullmatch(url):
        return True
    return _PUBLIC.fullmatch(url) is not None and not is_loopback(urlsplit(url).hostname or "")


def provider_name(url: str) -> str:
    """Return the part of a provider's URL that its ARN and its condition keys begin with."""
    return url.partition("://")[2]


def provider_url(name: str) -> str:
    """Return the URL of the provider of this name: the name alone says which scheme it has."""
    host = urlsplit(f"//{name}").hostname or ""
    return f"{'http' if is_loopback(host) else 'https'}://{name}"
