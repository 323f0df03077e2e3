"""What is this run? Its tags, its states, its token and its expiry."""

from valetkey.runs.errors import RunError, TagError
from valetkey.runs.escaping import escape
from valetkey.runs.run import (
    DEFAULT_RUN_SECONDS,
    MAX_RUN_SECONDS,
    MIN_RUN_SECONDS,
    RUN_ID_ENTROPY_BYTES,
    PrincipalRef,
    Run,
    RunId,
    RunState,
    is_run_id,
    may_become,
    new_run_id,
)
from valetkey.runs.tags import RUN_TAG, check_key, check_keys, check_value, session_tags
from valetkey.runs.templates import Material, Source, TagTemplate, parse_template, render
from valetkey.runs.token import (
    PREVIOUS_TOKEN_GRACE,
    TOKEN_ENTROPY_BYTES,
    new_run_token,
    opens,
    run_id_of,
)

__all__ = [
    "DEFAULT_RUN_SECONDS",
    "MAX_RUN_SECONDS",
    "MIN_RUN_SECONDS",
    "PREVIOUS_TOKEN_GRACE",
    "RUN_ID_ENTROPY_BYTES",
    "RUN_TAG",
    "TOKEN_ENTROPY_BYTES",
    "Material",
    "PrincipalRef",
    "Run",
    "RunError",
    "RunId",
    "RunState",
    "Source",
    "TagError",
    "TagTemplate",
    "check_key",
    "check_keys",
    "check_value",
    "escape",
    "is_run_id",
    "may_become",
    "new_run_id",
    "new_run_token",
    "opens",
    "parse_template",
    "render",
    "run_id_of",
    "session_tags",
]
