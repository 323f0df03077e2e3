"""What `[issuer]`, `[directory]` and `[login]` mean. Nothing is opened or asked here."""

import re
from base64 import urlsafe_b64decode
from binascii import Error as NotBase64
from collections.abc import Iterable, Mapping
from enum import Enum
from pathlib import Path
from typing import TypeVar

from valetkey.credentials import (
    MAX_TOKEN_SECONDS,
    Grant,
    GrantSource,
    KeySchedule,
    TokenGrant,
)
from valetkey.identity import Issuer, Power, TrustRule, issuer_url
from valetkey.secret import Secret
from valetkey.settings.errors import SettingsError
from valetkey.settings.grants import read_algorithm
from valetkey.settings.references import check_private, referred, seconds
from valetkey.settings.shape import DirectoryTable, LoginTable, OwnIssuerTable
from valetkey.settings.values import (
    DirectorySettings,
    LoginSettings,
    OwnIssuerSettings,
    Publish,
    SubjectForm,
)

WRAPPING_SECRET_BYTES = 32
MAX_CACHE_SECONDS = 86_400
MAX_KEY_LIFETIME = 400 * 86_400
_KMS_KEY = re.compile(r"arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:(?:key|alias)/[\w/-]{1,256}", re.ASCII)
_Chosen = TypeVar("_Chosen", bound=Enum)
_COLUMN = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}", re.ASCII)


def own_issuer(
    table: OwnIssuerTable | None,
    grants: Iterable[Grant | TokenGrant],
    rules: Iterable[TrustRule],
    environ: Mapping[str, str],
    *,
    folder: Path,
) -> OwnIssuerSettings | None:
    """Return valetkey as an issuer, or None where no grant needs one and none is configured."""
    grants = tuple(grants)
    if table is None:
        _check_not_needed(grants)
        return None
    if (table.key_encryption is None) == (table.kms_key is None):
        raise SettingsError(
            "config-invalid",
            "`[issuer]` needs exactly one of `key_encryption` and `kms_key`",
            hint='`valetkey keys secret FILE`, then `key_encryption = "file:FILE"`',
        )
    if table.kms_key is not None:
        check_kms_key(table.kms_key)
    own = read_algorithm(table.algorithm, of="`[issuer]`")
    algorithms = dict.fromkeys((own, *(g.algorithm for g in grants if g.algorithm is not None)))
    if table.kms_key is not None and len(algorithms) > 1:
        raise SettingsError(
            "config-unsupported", "`[issuer]`: one key of AWS KMS signs by one algorithm alone"
        )
    cache_time = seconds("cache_time", table.cache_time, most=MAX_CACHE_SECONDS)
    least = 2 * (cache_time + MAX_TOKEN_SECONDS)
    return OwnIssuerSettings(
        url=issuer_url(table.url),
        algorithms=tuple(algorithms),
        publish=_choice(Publish, "publish", table.publish),
        schedule=KeySchedule(
            key_lifetime=seconds(
                "key_lifetime", table.key_lifetime, least=least, most=MAX_KEY_LIFETIME
            ),
            cache_time=cache_time,
        ),
        subject=_subject_form(table, rules),
        wrapping_secret=_wrapping_secret(table.key_encryption, environ, folder),
        kms_key=table.kms_key,
    )


def check_kms_key(arn: str) -> None:
    """Raise `config-invalid` for what is not the ARN of a key, or of an alias, of AWS KMS."""
    if not _KMS_KEY.fullmatch(arn):
        raise SettingsError("config-invalid", f"`kms_key`: `{arn}` is no ARN of AWS KMS")


def _check_not_needed(grants: Iterable[Grant | TokenGrant]) -> None:
    for grant in grants:
        if isinstance(grant, TokenGrant) or grant.source is GrantSource.WEB_IDENTITY:
            raise SettingsError(
                "config-invalid",
                f"grant `{grant.name}` needs valetkey to sign tokens, and there is no `[issuer]`",
                hint="write `[issuer]` with its `url` and `key_encryption`",
            )


def _subject_form(table: OwnIssuerTable, rules: Iterable[TrustRule]) -> SubjectForm:
    form = _choice(SubjectForm, "subject", table.subject)
    issuers = {rule.issuer for rule in rules if rule.may is Power.BE_WORKED_FOR}
    if form is SubjectForm.SUB and len(issuers) > 1:
        raise SettingsError(
            "config-invalid",
            f"`[issuer]`: equal subjects of {len(issuers)} issuers would be one `sub` to a tool",
            hint='write `subject = "issuer:sub"`',
        )
    return form


def _wrapping_secret(
    reference: str | None, environ: Mapping[str, str], folder: Path
) -> Secret | None:
    if reference is None:
        return None
    if not reference.startswith(("file:", "env:")):
        raise SettingsError(
            "config-invalid", "`key_encryption` is a reference: `file:PATH` or `env:NAME`"
        )
    check_private(reference, folder, key="key_encryption")
    try:
        text = referred(reference, environ, folder)
    except SettingsError as error:
        raise SettingsError(
            error.code,
            f"`key_encryption`: {error.message}",
            hint="`valetkey keys secret FILE` writes a new one; keys that are sealed under a lost "
            "one are retired with `valetkey keys retire KEY --new-secret`",
        ) from None
    try:
        found = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (NotBase64, ValueError):
        found = b""
    if len(found) != WRAPPING_SECRET_BYTES:
        raise SettingsError(
            "config-invalid",
            f"`key_encryption`: `{reference}` is not {WRAPPING_SECRET_BYTES} bytes of base64url",
            hint="`valetkey keys secret FILE` writes one",
        )
    return Secret(text)


def directory(
    table: DirectoryTable | None, issuers: Iterable[Issuer], *, folder: Path
) -> DirectorySettings | None:
    """Return where else subjects are looked up, or None."""
    if table is None:
        return None
    _known_issuer("directory", table.issuer, issuers)
    for name in (table.match, *table.attributes, *([table.table] if table.table else [])):
        if not _COLUMN.fullmatch(name):
            raise SettingsError("config-invalid", f"`[directory]`: `{name}` is no column's name")
    if not table.attributes or table.match in table.attributes:
        raise SettingsError("config-invalid", "`[directory]` needs `attributes` besides `match`")
    scheme, _, where = table.source.partition(":")
    where = where.removeprefix("///") if scheme == "sqlite" else where
    if scheme not in {"file", "sqlite"} or not where:
        raise SettingsError(
            "config-unsupported" if scheme.startswith("postgres") else "config-invalid",
            f"`[directory]`: `{table.source}` is not `file:PATH` or `sqlite:///PATH`",
        )
    if (scheme == "sqlite") != (table.table is not None):
        raise SettingsError(
            "config-invalid", "`[directory]`: a `table` belongs to `sqlite:///PATH`"
        )
    return DirectorySettings(
        source=f"{scheme}:{folder / where}",
        issuer=table.issuer,
        match=table.match,
        attributes=table.attributes,
        table=table.table,
        unknown=_unknown(table),
    )


def _unknown(table: DirectoryTable) -> Mapping[str, str] | None:
    if table.unknown == "refuse":
        return None
    unknown = table.unknown
    if (
        isinstance(unknown, str)
        or set(unknown) != set(table.attributes)
        or not all(unknown.values())
    ):
        raise SettingsError(
            "config-invalid",
            '`[directory]`: `unknown` is "refuse", or a table with a value for every attribute',
        )
    return unknown


def login(table: LoginTable | None, issuers: Iterable[Issuer]) -> LoginSettings | None:
    """Return where people who operate valetkey sign in, or None."""
    if table is None:
        return None
    _known_issuer("login", table.issuer, issuers)
    if table.token not in {"id_token", "access_token"} or "openid" not in table.scopes:
        raise SettingsError(
            "config-invalid",
            "`[login]`: `token` is `id_token` or `access_token`, and `scopes` has `openid`",
        )
    return LoginSettings(table.issuer, table.client_id, table.scopes, table.token)


def _known_issuer(section: str, name: str, issuers: Iterable[Issuer]) -> None:
    if name not in [issuer.name for issuer in issuers]:
        raise SettingsError(
            "config-invalid", f"`[{section}]` names issuer `{name}`, which is not configured"
        )


def _choice(kind: type[_Chosen], key: str, text: str) -> _Chosen:
    try:
        return kind(text)
    except ValueError:
        known = " or ".join(f"`{each.value}`" for each in kind)
        raise SettingsError("config-invalid", f"`{key}` is {known}, not `{text}`") from None
