"""`valetkey.toml`, read once into frozen values.

Nothing is guessed; a wrong file gives one sentence that names the place.
"""

import hashlib
import os
import re
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import msgspec

from valetkey.credentials import Grant, TokenGrant
from valetkey.identity import ClaimCheck, Power, TrustRule
from valetkey.runs import MAX_RUN_SECONDS, MIN_RUN_SECONDS, TagTemplate, parse_template
from valetkey.runs import check_keys as check_tag_keys
from valetkey.settings.apart import check_apart
from valetkey.settings.checks import check_endpoints, check_grants, check_rules, check_tags
from valetkey.settings.errors import SettingsError
from valetkey.settings.grants import broker_grant
from valetkey.settings.issuers import understand_issuer
from valetkey.settings.own_issuer import directory, login, own_issuer
from valetkey.settings.references import seconds
from valetkey.settings.shape import (
    ConfigFile,
    GrantsFile,
    GrantTable,
    TagTable,
    TenancySection,
    TrustTable,
)
from valetkey.settings.tool_files import ToolFiles, read_tool_files
from valetkey.settings.tools import tools
from valetkey.settings.values import AwsSettings, Settings

GRANTS_FOLDER = "grants.d"
_ANY_TAG = re.compile(r"\{([^{}]+)\}")
_SEGMENT = re.compile(r"\{([^{}]+)\}/")
T = TypeVar("T")


def read_settings(path: Path, environ: Mapping[str, str] = os.environ) -> Settings:
    """Read `path`, `grants.d/*.toml` beside it and the files of `[tools]`.

    Raises `SettingsError` or a room's own error.
    """
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
    files = None if file.tools is None else read_tool_files(file.tools, path.parent)
    raw += b"" if files is None else files.raw
    digest = hashlib.sha256(raw).hexdigest()
    return _understand(path, file, grants, environ, digest=digest, files=files)


def decode_file(path: Path, raw: bytes, shape: type[T]) -> T:
    """Return what a TOML file says. Raises `config-invalid` with the file's name and the place."""
    try:
        return msgspec.toml.decode(raw.removeprefix(BOM_UTF8), type=shape, strict=True)
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
    files: ToolFiles | None,
) -> Settings:
    host, port = _listen(file.broker.listen)
    issuers = tuple(understand_issuer(table) for table in file.issuers)
    rules = tuple(_rule(table) for table in file.trust)
    templates = tuple(_templates(file))
    folder = path.parent
    drawn = [broker_grant(table, file.aws, environ, folder=folder) for table in grants]
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
        grants=tuple(grant for grant in drawn if isinstance(grant, Grant)),
        token_grants=tuple(grant for grant in drawn if isinstance(grant, TokenGrant)),
        issuer=own_issuer(file.issuer, drawn, rules, environ, folder=folder),
        directory=directory(file.directory, issuers, folder=folder),
        login=login(file.login, issuers),
    )
    check_rules(settings)
    check_grants(drawn)
    if file.tools is not None and files is not None:
        settings = replace(settings, tools=tools(file.tools, files, settings, drawn, environ))
    check_apart(settings)
    check_tags(settings)
    check_endpoints(settings)
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


def _life(key: str, text: str) -> int:
    return seconds(key, text, least=MIN_RUN_SECONDS, most=MAX_RUN_SECONDS)


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
    """Return the tags of prefixes, and those that stand before a `/` in any other text."""
    in_prefixes = [key for one in tenancy.prefixes for key in _ANY_TAG.findall(one.prefix)]
    before_slash = [key for text in _texts(tenancy) for key in _SEGMENT.findall(text)]
    return frozenset([*in_prefixes, *before_slash])


def _texts(tenancy: TenancySection) -> Iterator[str]:
    """Yield every text of the map in which a tag may stand before a `/`, but for prefixes."""
    for table in tenancy.tables:
        yield table.partition_key
        yield from table.indexes.values()
    for named in (*tenancy.secrets, *tenancy.parameters):
        yield named.arn
    for key in tenancy.keys:
        yield from key.encryption_context.values()
