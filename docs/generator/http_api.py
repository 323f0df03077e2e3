"""The page of the HTTP API, from the OpenAPI document that the broker serves."""

from typing import Any

from valetkey.version import VERSION
from valetkey.web.openapi import openapi_document

_INTRO = """\
# HTTP API

The broker serves this as OpenAPI 3.1 at `/openapi.json`. Bodies are JSON, at most 64 KiB; a member
that is not listed is refused. Every other answer than the one listed is a *problem*
(`application/problem+json`, RFC 9457) with a `code` from [error codes](error-codes.md).

A **principal** calls with `Authorization: Bearer TOKEN`, a token of a configured issuer that a
trust rule admits. A **run** calls with its run token; `/v1/credentials/` also takes the run token
alone, without `Bearer`, as the AWS SDKs send it.
"""
_CALLERS = {"principal": "a principal", "runToken": "a run, with its run token"}
_METHODS = ("get", "post", "delete")


def http_api_page() -> str:
    """Return the page."""
    document = openapi_document(VERSION)
    parts = [_INTRO, "## Routes\n"]
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method in item:
                shared = item.get("parameters", [])
                parts.append(_route(f"{method.upper()} {path}", item[method], shared))
    parts.append("## Documents\n")
    for name, schema in sorted(document["components"]["schemas"].items()):
        parts.append(_document(name, schema))
    return "\n".join(parts)


def _route(title: str, operation: dict[str, Any], shared: list[dict[str, Any]]) -> str:
    callers = [_CALLERS[name] for each in operation["security"] for name in each]
    lines = [f"### {title}\n", f"{operation['summary']}.\n"]
    lines.append(f"- Called by: {', '.join(callers) or 'anybody'}")
    for parameter in [*shared, *operation.get("parameters", [])]:
        kind = _kind(parameter["schema"])
        lines.append(f"- `{parameter['name']}` in the {parameter['in']}: {kind}")
    if "requestBody" in operation:
        lines.append(f"- Takes: {_content(operation['requestBody'])}")
    for status, answer in operation["responses"].items():
        if status != "default":
            lines.append(f"- Answers: {status}{_with(_content(answer))}")
    return "\n".join(lines) + "\n"


def _with(content: str) -> str:
    return f" with {content}" if content else ""


def _content(holder: dict[str, Any]) -> str:
    return ", ".join(_kind(each["schema"]) for each in holder.get("content", {}).values())


def _document(name: str, schema: dict[str, Any]) -> str:
    about = " ".join(schema.get("description", "").split())
    rows = ["| member | type | |", "|---|---|---|"]
    required = schema.get("required", [])
    for member, kind in schema["properties"].items():
        need = "" if member in required else "optional"
        rows.append(f"| `{member}` | {_kind(kind)} | {need} |")
    return f"### {name}\n\n{about}\n\n" + "\n".join(rows) + "\n"


def _kind(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        return f"[{name}](#{name.lower()})"
    if "enum" in schema:
        return " or ".join(f"`{value}`" for value in schema["enum"])
    if "anyOf" in schema:
        return " or ".join(_kind(each) for each in schema["anyOf"])
    if schema.get("type") == "array":
        return f"list of {_kind(schema['items'])}"
    if schema.get("type") == "object":
        inside = schema.get("additionalProperties")
        return f"object of {_kind(inside)}" if inside else "object"
    if "type" not in schema:
        return "any"
    limits = [f"{word} {schema[key]}" for key, word in (("minimum", "from"), ("maximum", "to"))
              if key in schema]  # fmt: skip
    return " ".join([{"string": "text"}.get(schema["type"], schema["type"]), *limits])
