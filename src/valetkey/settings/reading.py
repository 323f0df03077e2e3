"""`valetkey.toml`, read once into frozen values.

Nothing is guessed; a wrong file gives one sentence that names the place.
"""

import hashlib
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import msgspec

from valetkey.credentials import Grant, GrantSource, check_grant, parse_role_arn
from valetkey.identity import ClaimCheck, Issuer, Power, TrustRule, issuer_url
from valetkey.runs import MAX_RUN_SECONDS, MIN_RUN_SECONDS, TagTemplate, parse_template
from valetkey.runs import check_keys as check_tag_keys
from valetkey.settings.checks import check_grants, check_rules, check_tags
from valetkey.settings.errors import SettingsError
from valetkey.settings.shape import (
    AwsTable,
    ConfigFile,
    GrantsFile,
    GrantTable,
    IssuerTable,
    TagTable,
    TenancySection,
    TrustTable,
)
from valetkey.settings.values import AwsSettings, Settings

GRANTS_FOLDER = "grants.d"
T = TypeVar("T")
MAX_LEEWAY = 300
MAX_TOKEN_LIFETIME = 30 * 86_400
"""Seconds. A token that opens runs for longer than a month is a password."""
_DURATION = re.compile(r"(0|[1-9][0-9]{0,6})(s|m|h|d)", re.ASCII)
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def read_settings(path: Path, environ: Mapping[str, str] = os.environ) -> Settings:
    """Read `path` and `grants.d/*.toml` beside it. Raises `SettingsError` or a room's own error."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise SettingsError(
            "config-unreadable",
            f"`{path}` can't be read: {error.strerror}",
            hint="`valetkey init` writes a commented one",
        ) from None
    extra = sorted((path.parent / GRANTS_FOLDER).glob("*.toml"))
    file = decode_file(path, raw, ConfigFile)
    grants = list(file.grants)
    for each in extra:
        try:
            more = each.read_bytes()
        except OSError as error:
            raise SettingsError(
                "config-unreadable", f"`{each.name}` can't be read: {error.strerror}"
            ) from None
        raw += b"\0" + more
        grants += decode_file(each, more, GrantsFile).grants
    return _understand(path, file, grants, environ, digest=hashlib.sha256(raw).hexdigest())


def decode_file(path: Path, raw: bytes, shape: type[T]) -> T:
    """Return what a TOML file says. Raises `config-invalid` with the file's name and the place."""
    try:
        return msgspec.toml.decode(raw, type=shape, strict=True)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise SettingsError("config-invalid", f"`{path.name}`: {_sentence(error)}") from None
    except RecursionError:
        raise SettingsError(
            "config-invalid", f"`{path.name}`: tables or lists are nested too deeply"
        ) from None


def _sentence(error: Exception) -> str:
    """Turn msgspec's words into ours: lower case, no period."""
    text = str(error).rstrip(".")
    return text[:1].lower() + text[1:]


def _understand(
    path: Path,
    file: ConfigFile,
    grants: list[GrantTable],
    environ: Mapping[str, str],
    *,
    digest: str,
) -> Settings:
    host, port = _listen(file.broker.listen)
    issuers = tuple(_issuer(table) for table in file.issuers)
    rules = tuple(_rule(table) for table in file.trust)
    templates = tuple(_templates(file))
    settings = Settings(
        path=path,
        digest=digest,
        host=host,
        port=port,
        public_url=_public_url(file.broker.public_url),
        store=_store(path, file.broker.store),
        run_seconds=_life("run_duration", file.broker.run_duration),
        max_run_seconds=_life("max_run_duration", file.broker.max_run_duration),
        aws=AwsSettings(file.aws.region, file.aws.profile, file.aws.endpoint_url),
        issuers=issuers,
        rules=rules,
        templates=templates,
        grants=tuple(_broker_grant(table, file.aws, environ, path.parent) for table in grants),
    )
    check_rules(settings)
    check_grants(settings.grants)
    check_tags(settings)
    return settings


def _listen(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not (host and len(port) <= 5 and port.isascii() and port.isdigit()) or int(port) > 65_535:
        raise SettingsError("config-invalid", f"`listen`: `{text}` is not HOST:PORT")
    return host.strip("[]"), int(port)


def _public_url(text: str | None) -> str | None:
    if text is None:
        return None
    url = urlsplit(text)
    if url.scheme not in {"http", "https"} or not url.netloc or url.query or url.fragment:
        raise SettingsError("config-invalid", f"`public_url`: `{text}` is not an http(s) URL")
    return text.rstrip("/")


def _store(path: Path, text: str) -> Path:
    if text.startswith("postgresql:"):
        raise SettingsError(
            "config-unsupported",
            "`store`: this version keeps its records in SQLite alone",
            hint='write `store = "sqlite:///valetkey.db"`',
        )
    name = text.removeprefix("sqlite:///")
    if name == text or not name:
        raise SettingsError("config-invalid", f"`store`: `{text}` is not `sqlite:///FILE`")
    return path.parent / name


def _seconds(key: str, text: str, *, most: int, least: int = 0) -> int:
    match = _DURATION.fullmatch(text)
    if match is None:
        raise SettingsError(
            "config-invalid", f"`{key}`: `{text}` is not a duration such as `90s`, `15m` or `1h`"
        )
    seconds = int(match[1]) * _UNITS[match[2]]
    if not least <= seconds <= most:
        raise SettingsError(
            "config-invalid", f"`{key}`: `{text}` is not within {least} to {most} seconds"
        )
    return seconds


def _life(key: str, text: str) -> int:
    return _seconds(key, text, least=MIN_RUN_SECONDS, most=MAX_RUN_SECONDS)


def _issuer(table: IssuerTable) -> Issuer:
    return Issuer(
        name=table.name,
        url=issuer_url(table.url),
        audiences=table.audiences,
        algorithms=table.algorithms,
        leeway=_seconds("leeway", table.leeway, most=MAX_LEEWAY),
        max_lifetime=_seconds("max_lifetime", table.max_lifetime, most=MAX_TOKEN_LIFETIME),
        types=table.types,
        other_audiences=table.other_audiences,
        jwks_uri=table.jwks_uri,
    )


def _rule(table: TrustTable) -> TrustRule:
    try:
        power = Power(table.may)
    except ValueError:
        powers = " | ".join(p.value for p in Power)
        raise SettingsError(
            "config-invalid", f"trust rule `{table.name}`: `may` is one of {powers}"
        ) from None
    return TrustRule(
        name=table.name,
        issuer=table.issuer,
        claims={path: ClaimCheck.of(value) for path, value in table.claims.items()},
        may=power,
        subjects_of=table.subjects_of,
        attributes=table.attributes,
    )


def _templates(file: ConfigFile) -> Iterable[TagTemplate]:
    check_tag_keys(tuple(file.tags))
    segments = None if file.tenancy is None else _path_segments(file.tenancy)
    for key, value in file.tags.items():
        table = TagTable(template=value) if isinstance(value, str) else value
        path_segment = table.path_segment
        if path_segment is None:
            # Without a map nobody can say that a policy does not use the tag as a path segment.
            path_segment = segments is None or key in segments
        yield parse_template(key, table.template, path_segment=path_segment, shared=table.shared)


def _path_segments(tenancy: TenancySection) -> frozenset[str]:
    return frozenset(
        key for table in tenancy.prefixes for key in re.findall(r"\{([^{}]+)\}", table.prefix)
    )


def _broker_grant(
    table: GrantTable, aws: AwsTable, environ: Mapping[str, str], folder: Path
) -> Grant:
    if table.tags:
        raise SettingsError(
            "config-invalid",
            f"grant `{table.name}`: a broker makes tags of verified claims, not of `tags`",
            hint="write them into `[tags]`; a grant has tags of its own only without a broker",
        )
    return understand_grant(table, aws, environ, folder=folder)


def understand_grant(
    table: GrantTable, aws: AwsTable, environ: Mapping[str, str], *, folder: Path
) -> Grant:
    """Return the grant that a table means, checked; `file:` references are read below `folder`."""
    try:
        source = GrantSource(table.source)
    except ValueError:
        raise SettingsError(
            "config-unsupported",
            f"grant `{table.name}`: source `{table.source}` is not one that this version has",
            hint='write `source = "assume-role"`',
        ) from None
    region = table.region or aws.region
    grant = Grant(
        name=table.name,
        role=parse_role_arn(table.role),
        source=source,
        duration=_seconds("duration", table.duration, most=10**9),
        region=region or environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or None,
        external_id=_external_id(table, environ, folder),
        session_policy=_session_policy(table, environ, folder),
        endpoint_url=table.endpoint_url
        or aws.endpoint_url
        or environ.get("AWS_ENDPOINT_URL")
        or None,
        profile=table.profile,
    )
    check_grant(grant)
    return grant


def _external_id(table: GrantTable, environ: Mapping[str, str], folder: Path) -> str | None:
    return None if table.external_id is None else _reference(table.external_id, environ, folder)


def _session_policy(table: GrantTable, environ: Mapping[str, str], folder: Path) -> str | None:
    """Read a session policy and leave it as text: AWS is its judge, but it must be JSON."""
    if table.session_policy is None:
        return None
    text = _reference(table.session_policy, environ, folder)
    try:
        document = msgspec.json.decode(text, type=dict[str, object])
    except msgspec.DecodeError:
        document = {}
    if "Statement" not in document:
        raise SettingsError(
            "config-invalid", f"grant `{table.name}`: the session policy is not an IAM policy"
        )
    return text


def _reference(text: str, environ: Mapping[str, str], folder: Path) -> str:
    """Read a value that may stand elsewhere: `file:PATH`, `env:NAME`, or the text itself.

    A relative PATH is beside the configuration, whoever starts us where.
    """
    kind, _, where = text.partition(":")
    if kind == "env":
        if where not in environ:
            raise SettingsError("config-reference", f"`{text}`: the variable is not set")
        return environ[where]
    if kind == "file":
        try:
            return (folder / where).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise SettingsError("config-reference", f"`{text}`: {error.strerror}") from None
        except UnicodeDecodeError:
            raise SettingsError("config-reference", f"`{text}`: it is not UTF-8 text") from None
    return text
