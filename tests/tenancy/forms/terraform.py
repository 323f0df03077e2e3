"""What `terraform show -json` would print of a configuration in JSON syntax.

Written after HashiCorp's "JSON Output Format" and "JSON Configuration Syntax"; the provider
itself is not here. What it knows of the provider: a name given is known, an ARN or id is not.
"""

import json
import re
from typing import Any

_REFERENCE = re.compile(r"\$\{(aws_[a-z0-9_]+)\.([A-Za-z0-9_-]+)\.([a-z_]+)\}\Z")
UNKNOWN = object()
COMPUTED = {
    "aws_iam_role": ("managed_policy_arns", "inline_policy"),
    "aws_s3_bucket": ("bucket", "policy"),
    "aws_sqs_queue": ("url", "policy"),
    "aws_kms_key": ("key_id", "policy"),
}
"""What the provider says after apply where it is not written."""


def planned(configuration: dict[str, Any]) -> dict[str, Any]:
    """Return the plan that makes every resource of the configuration."""
    resources, changes, configured = [], [], []
    tables = configuration["resource"]
    for kind in sorted(tables):
        for label in sorted(tables[kind]):
            written = tables[kind][label]
            values, unknown, expressions = {}, {"id": True, "arn": True}, {}
            for member, text in written.items():
                value = _value(text, tables)
                expressions[member] = _expression(text, value)
                if value is UNKNOWN:
                    unknown[member] = True
                else:
                    values[member] = value
            if kind == "aws_iam_role":
                values["tags_all"] = values.get("tags", {})
            for member in COMPUTED.get(kind, ()):
                if member not in written:
                    unknown[member] = True
            address = f"{kind}.{label}"
            place = {"address": address, "mode": "managed", "type": kind, "name": label}
            resources.append({**place, "schema_version": 0, "values": values})
            change = {"actions": ["create"], "after": values, "after_unknown": unknown}
            changes.append({**place, "change": {"before": None, **change}})
            configured.append({**place, "expressions": expressions})
    return {
        "format_version": "1.2",
        "terraform_version": "1.9.0",
        "planned_values": {"root_module": {"resources": resources}},
        "resource_changes": changes,
        "configuration": {"root_module": {"resources": configured}},
        "complete": True,
    }


def plan_text(configuration: dict[str, Any]) -> str:
    """Return the plan as text."""
    return json.dumps(planned(configuration))


def _value(written: Any, tables: dict[str, Any]) -> Any:
    if isinstance(written, dict):
        return {_value(k, tables): _value(v, tables) for k, v in written.items()}
    if not isinstance(written, str):
        return written
    reference = _REFERENCE.match(written)
    if reference:
        kind, label, attribute = reference.groups()
        target = tables[kind][label]  # a reference to what is not there fails
        return _value(target[attribute], tables) if attribute in target else UNKNOWN
    assert not re.search(r"(?<!\$)\$\{|(?<!%)%\{", written), "an expression that is not understood"
    return written.replace("$${", "${").replace("%%{", "%{")


def _expression(written: Any, value: Any) -> dict[str, Any]:
    reference = _REFERENCE.match(written) if isinstance(written, str) else None
    if reference is None:
        return {"constant_value": value}
    kind, label, attribute = reference.groups()
    references = [f"{kind}.{label}.{attribute}", f"{kind}.{label}"]
    return {"constant_value": written, "references": references}
