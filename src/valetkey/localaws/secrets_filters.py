"""The filters of ListSecrets and BatchGetSecretValue: prefixes, all of them must hold."""

from collections.abc import Callable, Iterable, Mapping

from valetkey.localaws.faults import Service, Trouble, fault
from valetkey.localaws.models import Params
from valetkey.localaws.secrets_store import StoredSecret

_READ: Mapping[str, Callable[[StoredSecret], Iterable[str]]] = {
    "name": lambda secret: [secret.name],
    "description": lambda secret: [secret.description],
    "tag-key": lambda secret: secret.tags.keys(),
    "tag-value": lambda secret: secret.tags.values(),
}


def filtered(secrets: Iterable[StoredSecret], params: Params) -> list[StoredSecret]:
    """Return the secrets that pass every filter of the request.

    Raises AwsError for a filter or a negation that is not modelled.
    """
    found = list(secrets)
    for condition in params.get("Filters", ()):
        read = _READ.get(condition.get("Key", ""))
        wanted = condition.get("Values", ())
        if read is None or not wanted or any(value.startswith("!") for value in wanted):
            known = ", ".join(_READ)
            raise fault(
                Service.SECRETSMANAGER, Trouble.INVALID, f"filters are {known}, without negation"
            )
        found = [
            secret
            for secret in found
            if any(text.startswith(value) for text in read(secret) for value in wanted)
        ]
    return found
