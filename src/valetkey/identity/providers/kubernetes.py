"""Service accounts of a Kubernetes cluster: tokens that are projected into a pod.

https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/#schema-for-service-account-private-claims
"""

import re
from collections.abc import Mapping

from valetkey.identity.errors import TokenRejected
from valetkey.identity.providers.preset import DAY, NO_TYPE, Demanded, Members, Preset, text

_EKS = r"https://(?:oidc\.eks\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?|oidc-eks\.[a-z0-9-]+\.api\.aws)"
# any address may be a cluster's; on the hosts that clusters share, its id must be there
_URL = re.compile(rf"(?!{_EKS}(?:/|$)).+|{_EKS}/id/[0-9A-Z]{{32}}")
_OWN = "kubernetes.io"
# a name is taken once in each namespace, and whoever has a namespace gives the names in it
_PINNING = frozenset(f"{_OWN}.{name}" for name in ("namespace", "serviceaccount.uid", "pod.uid"))
_API_SERVER = re.compile(r"(?:https?://)?kubernetes\.default(?:\.svc(?:\.[a-z0-9.-]+)?)?/?")


def _check_claims(claims: Members, _url: str) -> None:
    said = claims.get("kubernetes.io")
    cluster = said if isinstance(said, Mapping) else {}
    account = _named(cluster, "serviceaccount")
    namespace = text(cluster, "namespace")
    if (
        not account
        or not namespace
        or text(claims, "sub") != f"system:serviceaccount:{namespace}:{account}"
    ):
        raise TokenRejected(
            "token-service-account", "the token has a `sub` that is not its service account's"
        )
    if not _named(cluster, "pod") and not _named(cluster, "node"):
        raise TokenRejected(
            "token-unbound",
            "the token is bound to no pod, so that it outlives whoever asked for it",
            hint="mount a projected `serviceAccountToken` volume, with an audience of its own",
        )


def _named(cluster: Members, kind: str) -> str | None:
    bound = cluster.get(kind)
    return text(bound, "name") if isinstance(bound, Mapping) and text(bound, "uid") else None


def _pins(name: str, _values: Demanded, _url: str) -> bool:
    """Only a cluster's tokens have claims in `kubernetes.io`, so its URL need not be known."""
    return name in _PINNING or not f"{name}.".startswith(f"{_OWN}.")


def _is_anybodys(audience: str, url: str) -> bool:
    """Say whether each pod's default token is for `audience`: whom it is shown to replays it."""
    return audience == url or _API_SERVER.fullmatch(audience.lower()) is not None


PRESET = Preset(
    algorithms=("RS256", "ES256", "ES384", "ES512"),  # as the cluster's key is
    types=(NO_TYPE, "JWT"),
    max_lifetime=DAY,
    url=_URL,
    url_hint="`aws eks describe-cluster` says it under `identity.oidc.issuer`",
    check_claims=_check_claims,
    is_anybodys=_is_anybodys,
    pins=_pins,
    pin_hint="check `sub`, `system:serviceaccount:NAMESPACE:NAME`, or `kubernetes.io.namespace`",
)
