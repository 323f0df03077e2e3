"""The routes of people who operate valetkey, as OpenAPI describes them."""

from typing import Any

from valetkey.web.audit import AuditDocument
from valetkey.web.keys import KeysDocument, RetireKeyBody, RotatedKeyDocument
from valetkey.web.login import LoginDocument, WhoamiDocument
from valetkey.web.openapi_parts import PRINCIPAL, operation, parameter

OPERATOR_DOCUMENTS = (
    AuditDocument,
    KeysDocument,
    RotatedKeyDocument,
    RetireKeyBody,
    LoginDocument,
    WhoamiDocument,
)


def operator_paths() -> dict[str, Any]:
    """Return the paths by their route."""
    return {
        "/v1/audit": {
            "get": operation(
                "Read the audit log, which is recorded, too",
                PRINCIPAL,
                gives=(200, "AuditDocument"),
                parameters=[
                    parameter("after", "query", {"type": "integer", "minimum": -1}),
                    parameter("limit", "query", {"type": "integer", "minimum": 1, "maximum": 1000}),
                    parameter("run", "query", {"type": "string"}),
                ],
            )
        },
        **_key_paths(),
        "/v1/login": {
            "get": operation("Say where people sign in", [], gives=(200, "LoginDocument"))
        },
        "/v1/whoami": {
            "get": operation(
                "Say who the caller is and what it may do",
                PRINCIPAL,
                gives=(200, "WhoamiDocument"),
            )
        },
    }


def _key_paths() -> dict[str, Any]:
    return {
        "/v1/keys": {
            "get": operation("List the signing keys", PRINCIPAL, gives=(200, "KeysDocument"))
        },
        "/v1/keys/rotate": {
            "post": operation(
                "Have another key take over", PRINCIPAL, gives=(200, "RotatedKeyDocument")
            )
        },
        "/v1/keys/{kid}/retire": {
            "parameters": [parameter("kid", "path", {"type": "string"})],
            "post": operation(
                "Withdraw a key for good", PRINCIPAL, body="RetireKeyBody", gives=(204, None)
            ),
        },
    }
