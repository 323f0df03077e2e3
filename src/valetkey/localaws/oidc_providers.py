"""OpenID Connect providers of IAM: what one may be, and the two calls that the storage lacks.

Standard: `CreateOpenIDConnectProvider` and its like (IAM API reference), "IAM and AWS STS quotas".
Thumbprints are checked and kept, and nothing hangs on them: AWS needs none where a public
authority signed the issuer's certificate.
"""

import re

from valetkey.localaws.faults import AwsError
from valetkey.localaws.identities import Identities, ProviderRecord
from valetkey.localaws.models import Params
from valetkey.localaws.oidc_urls import is_provider_url, provider_name

MAX_PROVIDERS = 100  # of an account
MAX_CLIENT_IDS = 100  # of a provider
MAX_CLIENT_ID = 255  # characters
MAX_THUMBPRINTS = 5
CLIENT_IDS = frozenset(
    {"AddClientIDToOpenIDConnectProvider", "RemoveClientIDFromOpenIDConnectProvider"}
)

_ADDING = "AddClientIDToOpenIDConnectProvider"
_CREATING = "CreateOpenIDConnectProvider"
_MISSING_IS_FINE = frozenset({"DeleteOpenIDConnectProvider"})  # it is gone, as was asked
_THUMBPRINT = re.compile(r"[0-9A-Fa-f]{40}", re.ASCII)


def check_provider(operation: str, params: Params, identities: Identities) -> None:
    """Return if IAM would go on with an operation on a provider, or if it is not on one.

    Raises AwsError InvalidInput, EntityAlreadyExists, NoSuchEntity or LimitExceeded.
    """
    if operation == _CREATING:
        _check_new(params, identities)
    elif "OpenIDConnectProviderArn" in params and operation not in _MISSING_IS_FINE:
        _known(params["OpenIDConnectProviderArn"], identities)
    thumbprints = params.get("ThumbprintList", [])
    if not all(_THUMBPRINT.fullmatch(one) for one in thumbprints):
        raise _invalid("A thumbprint has 40 hexadecimal digits.")
    if len(thumbprints) > MAX_THUMBPRINTS:
        raise _invalid(f"Thumbprint list must contain at most {MAX_THUMBPRINTS} entries.")


def change_client_ids(operation: str, params: Params, identities: Identities) -> None:
    """Add an audience to a provider, or take it away: what is so already is no error.

    Raises AwsError.
    """
    provider = _known(params["OpenIDConnectProviderArn"], identities)
    client_id = params["ClientID"]
    kept = [one for one in provider.client_ids if one != client_id]
    if operation == _ADDING:
        kept = [*provider.client_ids, *([] if client_id in provider.client_ids else [client_id])]
    _check_client_ids(kept)
    identities.set_client_ids(provider.arn, kept)


def _check_new(params: Params, identities: Identities) -> None:
    url = params["Url"]
    if not is_provider_url(url):
        raise _invalid("Invalid Open ID Connect Provider URL")
    providers = identities.providers()
    if provider_name(url) in {provider_name(one.url) for one in providers}:
        message = f"Provider with url {url} already exists."
        raise AwsError("EntityAlreadyExists", message, status=409)
    if len(providers) >= MAX_PROVIDERS:
        raise _too_many("OpenIdConnectProvidersPerAccount", MAX_PROVIDERS)
    client_ids = params.get("ClientIDList", [])
    if len(set(client_ids)) != len(client_ids):
        raise _invalid("A client id comes twice.")
    _check_client_ids(client_ids)


def _check_client_ids(client_ids: list[str]) -> None:
    if not all(1 <= len(one) <= MAX_CLIENT_ID for one in client_ids):
        raise _invalid(f"A client id has 1 to {MAX_CLIENT_ID} characters.")
    if len(client_ids) > MAX_CLIENT_IDS:
        raise _too_many("ClientIdsPerOpenIdConnectProvider", MAX_CLIENT_IDS)


def _known(arn: str, identities: Identities) -> ProviderRecord:
    found = identities.provider(arn)
    if found is None:
        message = f"OpenIDConnect Provider not found for arn {arn}"
        raise AwsError("NoSuchEntity", message, status=404)
    return found


def _too_many(quota: str, most: int) -> AwsError:
    return AwsError("LimitExceeded", f"Cannot exceed quota for {quota}: {most}", status=409)


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidInput", message, status=400)
