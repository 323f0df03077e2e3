"""The OpenAPI 3.1 description of the API, made from the documents that it takes and gives."""

from typing import Any

import msgspec

from valetkey.web.documents import (
    OpenedDocument,
    OpenRunBody,
    OwnRunDocument,
    RevokeBody,
    RotatedDocument,
    RunDocument,
    RunsDocument,
)


class ProblemDocument(msgspec.Struct, frozen=True):
    """RFC 9457 problem details; `code` never changes its meaning."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    hint: str | None = None


class ContainerCredentials(msgspec.Struct, frozen=True):
    """The container-credentials document of the AWS SDKs."""

    AccessKeyId: str
    SecretAccessKey: str
    Token: str
    Expiration: str
    AccountId: str
    RoleArn: str


_DOCUMENTS = (
    OpenRunBody,
    OpenedDocument,
    RunDocument,
    RunsDocument,
    OwnRunDocument,
    RotatedDocument,
    RevokeBody,
    ProblemDocument,
    ContainerCredentials,
)
_REFERENCE = "#/components/schemas/{name}"
_PRINCIPAL: list[dict[str, list[str]]] = [{"principal": []}]
_RUN: list[dict[str, list[str]]] = [{"runToken": []}]


def openapi_document(version: str) -> dict[str, Any]:
    """Return the whole document. `tests/matrix` holds every route of the app against it."""
    _, schemas = msgspec.json.schema_components(_DOCUMENTS, ref_template=_REFERENCE)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "valetkey",
            "version": version,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            "description": "Opens runs of AI agents and hands them short-lived AWS credentials.",
        },
        "paths": _paths(),
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "principal": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "A token of a configured issuer that a trust rule admits.",
                },
                "runToken": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "The run token of an open run.",
                },
            },
        },
    }


def _paths() -> dict[str, Any]:
    run_id = _parameter("id", "path", {"type": "string"})
    return {
        "/v1/runs": {
            "post": _operation(
                "Open a run", _PRINCIPAL, body="OpenRunBody", gives=(201, "OpenedDocument")
            ),
            "get": _operation(
                "List the runs that the caller may see, newest first",
                _PRINCIPAL,
                gives=(200, "RunsDocument"),
                parameters=[
                    _parameter("state", "query", {"enum": ["open", "ended", "revoked"]}),
                    _parameter("after", "query", {"type": "string"}),
                    _parameter(
                        "limit", "query", {"type": "integer", "minimum": 1, "maximum": 1000}
                    ),
                ],
            ),
        },
        "/v1/runs/self": {
            "get": _operation("Show a run itself", _RUN, gives=(200, "OwnRunDocument")),
            "delete": _operation("End the run itself", _RUN, gives=(204, None)),
        },
        "/v1/runs/self/token": {
            "post": _operation("Rotate the run token", _RUN, gives=(200, "RotatedDocument"))
        },
        "/v1/runs/{id}": {
            "parameters": [run_id],
            "get": _operation("Show a run", _PRINCIPAL, gives=(200, "RunDocument")),
            "delete": _operation("End a run", _PRINCIPAL, gives=(204, None)),
        },
        "/v1/runs/{id}/revoke": {
            "parameters": [run_id],
            "post": _operation("Revoke a run", _PRINCIPAL, body="RevokeBody", gives=(204, None)),
        },
        "/v1/credentials/{grant}": {
            "parameters": [_parameter("grant", "path", {"type": "string"})],
            "get": _operation(
                "Hand out AWS credentials of a grant (the run token alone is taken, too)",
                _RUN,
                gives=(200, "ContainerCredentials"),
            ),
        },
        "/healthz": {"get": _operation("Say that the process answers", [], gives=(200, None))},
        "/readyz": {"get": _operation("Say whether it may be sent work", [], gives=(200, None))},
        "/openapi.json": {"get": _operation("This document", [], gives=(200, None))},
    }


def _parameter(name: str, place: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": place, "required": place == "path", "schema": schema}


def _operation(
    summary: str,
    security: list[dict[str, list[str]]],
    *,
    gives: tuple[int, str | None],
    body: str | None = None,
    parameters: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    status, document = gives
    answer: dict[str, Any] = {"description": summary}
    if document is not None:
        answer["content"] = _content("application/json", document)
    operation: dict[str, Any] = {
        "summary": summary,
        "security": security,
        "responses": {
            str(status): answer,
            "default": {
                "description": "A problem",
                "content": _content("application/problem+json", "ProblemDocument"),
            },
        },
    }
    if body is not None:
        operation["requestBody"] = {
            "required": True,
            "content": _content("application/json", body),
        }
    if parameters is not None:
        operation["parameters"] = parameters
    return operation


def _content(media_type: str, document: str) -> dict[str, Any]:
    return {media_type: {"schema": {"$ref": _REFERENCE.format(name=document)}}}
