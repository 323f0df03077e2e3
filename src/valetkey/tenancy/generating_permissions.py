"""The permission policy of a role: what the map gives, and nothing to a session without a tag."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from valetkey.tenancy.policy_set import Document
from valetkey.tenancy.rights import KeyText, Right
from valetkey.tenancy.statements import deny_without, document, one_or_many, policy_text, words
from valetkey.tenancy.tenancy_map import Access, Shared, Tag, TenancyMap

_NOUNS = {
    "dynamodb": "Rows",
    "s3": "Objects",
    "sqs": "Messages",
    "secretsmanager": "Secrets",
    "ssm": "Parameters",
    "lambda": "Functions",
    "kms": "Data",
    "bedrock": "Models",
}


@dataclass(frozen=True, slots=True)
class _Only:
    """On which condition: the key, and its values as policy text. `whose`: own, shared or none."""

    whose: str
    key: str | None = None
    values: tuple[str, ...] = ()
    many: bool = False
    tags: tuple[str, ...] = ()


def permission_policy(tenancy_map: TenancyMap, rights: Iterable[Right]) -> Document:
    """Return what lets a session do exactly `rights`, closed to one that has not every tag."""
    needs = {f"aws:PrincipalTag/{tag}": "false" for tag in tenancy_map.cost_tags}
    return document(
        [
            *(deny_without(tag) for tag in tenancy_map.tags),
            *allowing(rights, needs_for_models=needs),
        ]
    )


def allowing(
    rights: Iterable[Right], *, needs_for_models: dict[str, str] | None = None
) -> Iterator[dict[str, Any]]:
    """Yield the statements that allow `rights`: as few as say no more than these.

    Rights are in one statement where they have one condition, and each of its actions is a right
    on each of its resources.
    """
    rights = tuple(rights)
    accesses = {right.action: right.access for right in rights}
    for (only, resources), actions in _grouped(rights).items():
        condition = _condition(only)
        service = actions[0].partition(":")[0]
        if service == "bedrock" and needs_for_models:
            condition = {"Null": needs_for_models}
        statement: dict[str, Any] = {
            "Sid": _sid(only, service, [accesses[action] for action in actions]),
            "Effect": "Allow",
            "Action": one_or_many(actions),
            "Resource": one_or_many(resources),
        }
        yield {**statement, "Condition": condition} if condition else statement


def _grouped(rights: tuple[Right, ...]) -> dict[tuple[_Only, tuple[str, ...]], list[str]]:
    """Return actions by their condition and resources, all in the order of the rights."""
    resources: dict[tuple[_Only, str], dict[str, None]] = {}
    for only, action, resource in _lines(rights):
        resources.setdefault((only, action), {})[resource] = None
    found: dict[tuple[_Only, tuple[str, ...]], list[str]] = {}
    for (only, action), named in resources.items():
        found.setdefault((only, tuple(named)), []).append(action)
    return found


def _lines(rights: tuple[Right, ...]) -> Iterator[tuple[_Only, str, str]]:
    """Yield condition, action and resource of each right; those that differ in the value of a
    key with one value only are one, with all values.
    """
    by_value: dict[tuple[str, str, str, str], list[KeyText]] = {}
    for right in rights:
        resource = policy_text(right.resource, is_open=right.open)
        if right.key is None:
            yield _Only(_whose(right)), right.action, resource
        elif right.key.many:
            # Rights of two texts are not one: a batch could take some keys of either.
            yield _only(_whose(right), [right.key]), right.action, resource
        else:
            line = (_whose(right), right.action, resource, right.key.name)
            by_value.setdefault(line, []).append(right.key)
    for (whose, action, resource, _), keys in by_value.items():
        yield _only(whose, keys), action, resource


def _only(whose: str, keys: list[KeyText]) -> _Only:
    values = dict.fromkeys(policy_text(key.text, is_open=key.open) for key in keys)
    tags = dict.fromkeys(part.key for key in keys for part in key.text if isinstance(part, Tag))
    return _Only(whose, keys[0].name, tuple(values), keys[0].many, tuple(tags))


def _whose(right: Right) -> str:
    if right.entry is None:
        return ""
    return "Shared" if isinstance(right.entry, Shared) else "Own"


def _condition(only: _Only) -> dict[str, Any]:
    if only.key is None:
        return {}
    if only.many:
        return {
            "ForAllValues:StringEquals": {only.key: one_or_many(only.values)},
            # ForAllValues is true of a key that is not there.
            "Null": {only.key: "false"},
        }
    operator = "StringLike" if only.key == "s3:prefix" else "StringEquals"
    return {operator: {only.key: one_or_many(only.values)}}


def _sid(only: _Only, service: str, accesses: list[Access | None]) -> str:
    if None in accesses:
        return f"UseShared{words(service)}"
    verbs = [access.value.capitalize() for access in Access if access in accesses]
    noun = "Prefixes" if only.key == "s3:prefix" else _NOUNS[service]
    by = "By" + "And".join(words(tag) for tag in only.tags) if only.tags else ""
    return f"{'And'.join(verbs)}{only.whose}{noun}{by}"
