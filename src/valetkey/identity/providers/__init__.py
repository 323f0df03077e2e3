"""Presets: what is known of the tokens of providers that many use."""

from collections.abc import Mapping
from types import MappingProxyType

from valetkey.identity.providers import auth0, cognito, entra, github, kubernetes, okta
from valetkey.identity.providers.preset import NO_TYPE, Members, Preset, Provider

PRESETS: Mapping[Provider, Preset] = MappingProxyType(
    {
        Provider.COGNITO: cognito.PRESET,
        Provider.ENTRA: entra.PRESET,
        Provider.OKTA: okta.PRESET,
        Provider.AUTH0: auth0.PRESET,
        Provider.KUBERNETES: kubernetes.PRESET,
        Provider.GITHUB_ACTIONS: github.PRESET,
    }
)

__all__ = ["NO_TYPE", "PRESETS", "Members", "Preset", "Provider"]
