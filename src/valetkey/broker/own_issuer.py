"""valetkey as an OIDC issuer: what a use case needs of it. The keys are the ring's."""

from dataclasses import dataclass

from valetkey.broker.key_ring import KeyRing
from valetkey.credentials import Algorithm
from valetkey.identity import IssuerUrl


@dataclass(frozen=True, slots=True)
class OwnIssuer:
    """The issuer `url`. `qualified` says that `sub` for tools is `<issuer name>:<subject>`.

    `algorithm` signs where a grant names none.
    """

    url: IssuerUrl
    algorithm: Algorithm
    qualified: bool
    ring: KeyRing
