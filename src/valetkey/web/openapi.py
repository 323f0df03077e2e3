"""The OpenAPI 3.1 description of the API, made from the documents that it takes and gives."""

from typing import Any

import msgspec

from valetkey.credentials.issuer_documents import DISCOVERY, KEY_SET, metadata_path
from valetkey.web.decisions import DecisionBody, DecisionDocument
from valetkey.web.documents import (
    OpenedDocument,
    OpenRunBody,
    OwnRunDocument,
    RevokeBody,
    RotatedDocument,
    RunDocument,
    RunsDocument,
)
from valetkey.web.openapi_operators import OPERATOR_DOCUMENTS, operator_paths
from valetkey.web.openapi_parts import PRINCIPAL, REFERENCE, content, operation, parameter
from valetkey.web.token import TokenDocument, TokenErrorDocument


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


class TokenRequestForm(msgspec.Struct, frozen=True):
    """RFC 8693 section 2.1. `subject_token` is the run token; a token has one target."""

    grant_type: str
    subject_token: str
    subject_token_type: str
    audience: str | None = None
    resource: str | None = None
    scope: str | None = None
    requested_token_type: str | None = None


_DOCUMENTS = (
    OpenRunBody,
    OpenedDocument,
    RunDocument,
    RunsDocument,
    OwnRunDocument,
    RotatedDocument,
    RevokeBody,
    DecisionBody,
    DecisionDocument,
    TokenRequestForm,
    TokenDocument,
    TokenErrorDocument,
    ProblemDocument,
    ContainerCredentials,
    *OPERATOR_DOCUMENTS,
)
_RUN: list[dict[str, list[str]]] = [{"runToken": []}]


def openapi_document(version: str) -> dict[str, Any]:
    """Return the whole document. `tests/matrix` holds every route of the app against it."""
    _, schemas = msgspec.json.schema_components(_DOCUMENTS, ref_template=REFERENCE)
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
    run_id = parameter("id", "path", {"type": "string"})
    return {
        "/v1/runs": {
            "post": operation(
                "Open a run", PRINCIPAL, body="OpenRunBody", gives=(201, "OpenedDocument")
            ),
            "get": operation(
                "List the runs that the caller may see, newest first",
                PRINCIPAL,
                gives=(200, "RunsDocument"),
                parameters=[
                    parameter("state", "query", {"enum": ["open", "ended", "revoked"]}),
                    parameter("after", "query", {"type": "string"}),
                    parameter("limit", "query", {"type": "integer", "minimum": 1, "maximum": 1000}),
                ],
            ),
        },
        "/v1/runs/self": {
            "get": operation("Show a run itself", _RUN, gives=(200, "OwnRunDocument")),
            "delete": operation("End the run itself", _RUN, gives=(204, None)),
        },
        "/v1/runs/self/token": {
            "post": operation("Rotate the run token", _RUN, gives=(200, "RotatedDocument"))
        },
        "/v1/decisions": {
            "post": operation(
                "Decide a tool call that the agent makes by itself",
                _RUN,
                body="DecisionBody",
                gives=(200, "DecisionDocument"),
            )
        },
        "/v1/runs/{id}": {
            "parameters": [run_id],
            "get": operation("Show a run", PRINCIPAL, gives=(200, "RunDocument")),
            "delete": operation("End a run", PRINCIPAL, gives=(204, None)),
        },
        "/v1/runs/{id}/revoke": {
            "parameters": [run_id],
            "post": operation("Revoke a run", PRINCIPAL, body="RevokeBody", gives=(204, None)),
        },
        "/v1/credentials/{grant}": {
            "parameters": [parameter("grant", "path", {"type": "string"})],
            "get": operation(
                "Hand out AWS credentials of a grant (the run token alone is taken, too)",
                _RUN,
                gives=(200, "ContainerCredentials"),
            ),
        },
        "/oauth/token": {"post": _exchange()},
        **operator_paths(),
        **_issuer_paths(),
        "/healthz": {"get": operation("Say that the process answers", [], gives=(200, None))},
        "/readyz": {"get": operation("Say whether it may be sent work", [], gives=(200, None))},
        "/openapi.json": {"get": operation("This document", [], gives=(200, None))},
    }


def _issuer_paths() -> dict[str, Any]:
    """The documents of the issuer; with a path in `[issuer] url` they are below that path."""
    return {
        DISCOVERY: {"get": operation("Describe the issuer of tokens", [], gives=(200, None))},
        KEY_SET: {"get": operation("The issuer's public keys", [], gives=(200, None))},
        metadata_path(""): {
            "get": operation("Describe the issuer to OAuth clients", [], gives=(200, None))
        },
    }


def _exchange() -> dict[str, Any]:
    """RFC 8693: a form goes in, the proof is in it, and errors are those of OAuth 2.0."""
    described = operation(
        "Narrow a run token to a token of one audience", [], gives=(200, "TokenDocument")
    )
    described["requestBody"] = {
        "required": True,
        "content": content("application/x-www-form-urlencoded", "TokenRequestForm"),
    }
    described["responses"]["default"] = {
        "description": "An error of OAuth 2.0",
        "content": content("application/json", "TokenErrorDocument"),
    }
    return described
