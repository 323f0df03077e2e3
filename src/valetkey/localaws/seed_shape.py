"""The shape of a seed file: one class a table. What the values mean is read elsewhere.

msgspec says which key is unknown, missing or of another type.
"""

import msgspec

Document = str | list[dict[str, object]] | dict[str, object]
"""A policy: JSON text or a reference to it, statements, one statement, or a whole document."""


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table of the file: unknown keys are errors."""


class KeyTable(_Table, frozen=True):
    id: str
    secret: str


class PolicyTable(_Table, frozen=True):
    name: str
    document: Document
    path: str = "/"
    tags: dict[str, str] = {}


class UserTable(_Table, frozen=True):
    name: str
    path: str = "/"
    access_keys: int | list[KeyTable] = 1
    policies: dict[str, Document] = {}
    managed: tuple[str, ...] = ()
    boundary: str | None = None
    tags: dict[str, str] = {}


class RoleTable(_Table, frozen=True):
    name: str
    path: str = "/"
    trust: Document | None = None
    policies: dict[str, Document] = {}
    managed: tuple[str, ...] = ()
    boundary: str | None = None
    max_session: str = "1h"
    tags: dict[str, str] = {}


class ProviderTable(_Table, frozen=True):
    url: str
    client_ids: tuple[str, ...] = ()
    thumbprints: tuple[str, ...] = ()
    tags: dict[str, str] = {}


class ObjectTable(_Table, frozen=True):
    text: str | None = None
    file: str | None = None
    base64: str | None = None
    content_type: str | None = None
    tags: dict[str, str] = {}


class BucketTable(_Table, frozen=True):
    name: str
    versioning: bool = False
    tags: dict[str, str] = {}
    policy: Document | None = None
    objects: dict[str, str | ObjectTable] = {}


class IndexTable(_Table, frozen=True):
    key: str | None = None
    sort: str | None = None
    attributes: str | tuple[str, ...] = "all"


class DynamoTable(_Table, frozen=True):
    name: str
    key: str
    sort: str | None = None
    indexes: dict[str, IndexTable] = {}
    tags: dict[str, str] = {}
    policy: Document | None = None
    items: str | list[dict[str, object]] = []


class MessageTable(_Table, frozen=True):
    body: str
    group: str | None = None
    deduplication: str | None = None
    attributes: dict[str, str] = {}


class QueueTable(_Table, frozen=True):
    name: str
    attributes: dict[str, str | int | bool] = {}
    tags: dict[str, str] = {}
    policy: Document | None = None
    messages: tuple[str | MessageTable, ...] = ()


class SecretTable(_Table, frozen=True):
    name: str
    value: str | dict[str, object]
    description: str | None = None
    tags: dict[str, str] = {}
    policy: Document | None = None


class ParameterTable(_Table, frozen=True):
    name: str
    value: str
    type: str = "String"
    tags: dict[str, str] = {}


class FunctionTable(_Table, frozen=True):
    name: str
    answer: object = None
    qualifiers: tuple[str, ...] = ()
    tags: dict[str, str] = {}


class SeedTables(_Table, frozen=True):
    """A whole seed file."""

    account: str | None = None
    region: str | None = None
    policies: tuple[PolicyTable, ...] = ()
    users: tuple[UserTable, ...] = ()
    roles: tuple[RoleTable, ...] = ()
    oidc_providers: tuple[ProviderTable, ...] = ()
    buckets: tuple[BucketTable, ...] = ()
    tables: tuple[DynamoTable, ...] = ()
    queues: tuple[QueueTable, ...] = ()
    secrets: tuple[SecretTable, ...] = ()
    parameters: tuple[ParameterTable, ...] = ()
    functions: tuple[FunctionTable, ...] = ()
