"""What `[[issuers]]` means: what the file says, and a provider's preset where it says nothing."""

from valetkey.identity import MAX_LEEWAY, MAX_LIFETIME, PRESETS, Issuer, Provider, issuer_url
from valetkey.settings.errors import SettingsError
from valetkey.settings.references import seconds
from valetkey.settings.shape import ANY_TYPES, IssuerTable

MAX_TOKEN_LIFETIME = 30 * 86_400
"""Seconds. A token that opens runs for longer than a month is a password."""


def understand_issuer(table: IssuerTable) -> Issuer:
    """Return the issuer that a table means. Raises `config-invalid`, `provider-unknown` or its own.

    The preset's own audiences are accepted beside the configured ones, never in their place.
    """
    provider = _provider(table)
    preset = None if provider is None else PRESETS[provider]
    algorithms = table.algorithms
    if algorithms is None and preset is not None:
        algorithms = preset.algorithms
    if algorithms is None:
        raise SettingsError(
            "config-invalid",
            f"issuer `{table.name}` lacks `algorithms`",
            hint="name them, or a `provider` whose preset does",
        )
    own = () if preset is None else preset.other_audiences(table.url)
    lifetime = MAX_LIFETIME if preset is None else preset.max_lifetime
    if table.max_lifetime is not None:
        lifetime = seconds("max_lifetime", table.max_lifetime, most=MAX_TOKEN_LIFETIME)
    return Issuer(
        name=table.name,
        url=issuer_url(table.url),
        audiences=table.audiences,
        algorithms=algorithms,
        leeway=seconds("leeway", table.leeway, most=MAX_LEEWAY),
        max_lifetime=lifetime,
        types=(preset.types if preset else ANY_TYPES) if table.types is None else table.types,
        other_audiences=(*table.other_audiences, *own),
        jwks_uri=table.jwks_uri,
        provider=provider,
        single_use=table.single_use,
    )


def _provider(table: IssuerTable) -> Provider | None:
    if table.provider is None:
        return None
    try:
        return Provider(table.provider)
    except ValueError:
        known = ", ".join(provider.value for provider in Provider)
        raise SettingsError(
            "provider-unknown",
            f"issuer `{table.name}`: there is no preset for provider `{table.provider}`",
            hint=f"one of {known}; or none, and `algorithms`",
        ) from None
