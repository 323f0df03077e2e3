"""The page of configuration keys: names, types and defaults from the code, a sentence each here.

A key without a sentence, or a sentence without a key, stops the generator.
"""

import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec

from valetkey.settings import shape

_SENTENCES = Path(__file__).with_name("configuration.toml")
_TABLES: dict[str, type[msgspec.Struct]] = {
    "[broker]": shape.BrokerTable,
    "[aws]": shape.AwsTable,
    "[issuer]": shape.OwnIssuerTable,
    "[[issuers]]": shape.IssuerTable,
    "[[trust]]": shape.TrustTable,
    "[directory]": shape.DirectoryTable,
    "[login]": shape.LoginTable,
    "[tags]": shape.TagTable,
    "[[grants]]": shape.GrantTable,
    "[tools]": shape.ToolsTable,
    "[[tools.servers]]": shape.ServerTable,
    "[tenancy]": shape.TenancySection,
    "[[tenancy.tables]]": shape.TenancyTable,
    "[[tenancy.prefixes]]": shape.PrefixTable,
    "[[tenancy.queues]]": shape.OwnedTable,
    "[[tenancy.secrets]]": shape.OwnedTable,
    "[[tenancy.parameters]]": shape.OwnedTable,
    "[[tenancy.functions]]": shape.FunctionTable,
    "[[tenancy.keys]]": shape.KeyTable,
    "[[tenancy.shared]]": shape.SharedTable,
    "[[tenancy.protected]]": shape.ProtectedTable,
}


def configuration_page() -> str:
    """Return the page. Raises SystemExit where sentences and keys do not fit together."""
    texts = tomllib.loads(_SENTENCES.read_text(encoding="utf-8"))
    parts = [str(texts["intro"])]
    unused = set(texts["table"]) - set(_TABLES)
    if unused:
        raise SystemExit(f"sentences for tables that are not there: {unused}")
    for title, table in _TABLES.items():
        parts.append(_section(title, table, texts["table"].get(title, {})))
    template = files("valetkey.cli").joinpath("valetkey.toml").read_text(encoding="utf-8")
    parts.append("## What `valetkey init` writes\n")
    parts.append(f"```toml\n{template}```\n")
    return "\n".join(parts)


def _section(title: str, table: type[msgspec.Struct], sentences: dict[str, str]) -> str:
    fields = msgspec.structs.fields(table)
    keys = {field.encode_name for field in fields} | {"about"}
    if odd := keys ^ set(sentences):
        raise SystemExit(f"docs/generator/configuration.toml, table {title}: {sorted(odd)}")
    rows = ["| key | type | default | |", "|---|---|---|---|"]
    for field in fields:
        name = field.encode_name
        rows.append(f"| `{name}` | {_kind(field.type)} | {_default(field)} | {sentences[name]} |")
    return f"## {title}\n\n{sentences['about'].strip()}\n\n" + "\n".join(rows) + "\n"


def _default(field: msgspec.structs.FieldInfo) -> str:
    if field.required:
        return "required"
    value: Any = field.default
    if value is msgspec.NODEFAULT:
        value = field.default_factory()
    if value is None:
        return ""
    if isinstance(value, (tuple, list)):
        return "`[" + ", ".join(f'"{each}"' for each in value) + "]`"
    if isinstance(value, dict):
        return "`{}`"
    if isinstance(value, (bool, int)):
        return f"`{str(value).lower()}`"
    return f'`"{value}"`'


def _kind(kind: Any) -> str:
    text = str(kind)
    if kind is str or text == "str | None":
        return "text"
    if kind is bool or text == "bool | None":
        return "true or false"
    if kind is int:
        return "number"
    if text.startswith("tuple[str"):
        return "list of texts"
    if text.startswith("tuple["):
        return "tables"
    return "table"
