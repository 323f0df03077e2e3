"""Edits of who may come to a session, and of what a role itself brings, the smallest first."""

from collections.abc import Iterator
from dataclasses import replace

from valetkey.isolation.answer import Witness
from valetkey.isolation.editing import (
    Edit,
    Json,
    Spot,
    called,
    conditioned,
    listed,
    resource_spots,
    trust_spots,
    with_role,
    without_condition,
)
from valetkey.tenancy import RUN_TAG, PolicySet, RolePolicies, TenancyMap
from valetkey.tenancy.generating_trust import trust_policy
from valetkey.tenancy.statements import one_or_many

Line = tuple[str, str, tuple[str, ...]]
"""Operator, key and values of a condition."""


def role_tag_edits(tenancy: TenancyMap, policies: PolicySet) -> Iterator[Edit]:
    """Yield the roles without tags of their own that are tags of runs in any case of letters."""
    ours = {key.lower() for key in (*tenancy.tags, RUN_TAG)}
    for at, role in enumerate(policies.roles):
        kept = {key: value for key, value in role.tags.items() if key.lower() not in ours}
        if len(kept) < len(role.tags):
            dropped = "`, `".join(key for key in role.tags if key not in kept)
            changed = with_role(policies, at, replace(role, tags=kept))
            yield Edit(f"{role.arn}: without its own tag `{dropped}`", changed)


def trust_edits(tenancy: TenancyMap, policies: PolicySet, witness: Witness) -> Iterator[Edit]:
    """Yield trust policies that ask for more of what the map's own asks, and let in fewer."""
    supplied = {role.arn for role in policies.roles}
    asked = next((arn for arn in (witness.resource, witness.role) if arn in supplied), None)
    for role, spot in trust_spots(policies, asked):
        written = _of_the_map(tenancy, role)
        lines = list(dict.fromkeys(line for one in written for line in _lines(one)))
        yield from _present(spot)
        for line in lines:
            yield from _asking(spot, written, [line], f"`{line[0]}` of `{line[1]}`")
        yield from _without_principals(spot, _ours(tenancy))
        yield from _asking(spot, written, lines, "all that the map asks of tags and tokens")
        if written:
            words = f"{spot.name}: as the map writes it"
            anew = spot.put({**spot.document, "Statement": written})
            yield Edit(words, anew, whole=True)


def resource_policy_edits(
    tenancy: TenancyMap, policies: PolicySet, witness: Witness
) -> Iterator[Edit]:
    """Yield resource policies without principals that the map does not name, or statements."""
    ours = {*(role.arn for role in tenancy.roles), *tenancy.platform}
    for spot in resource_spots(policies):
        named = [one.statement for one in witness.statements if one.policy == spot.name]
        if not named:
            continue
        yield from _without_principals(spot, ours)
        for at in named:
            statement = spot.statements()[at]
            left = [one for place, one in enumerate(spot.statements()) if place != at]
            words = f"{spot.name}, {called(statement, at)}: remove it"
            yield Edit(words, spot.with_statements(left) if left else spot.put({}))


def _of_the_map(tenancy: TenancyMap, role: RolePolicies) -> list[Json]:
    """Return the statements of the trust policy that the map would write for the role."""
    grants = [one for one in tenancy.roles if one.arn == role.arn] or list(tenancy.roles[:1])
    return list(trust_policy(tenancy, grants)["Statement"]) if grants else []


def _ours(tenancy: TenancyMap) -> set[str]:
    return {*tenancy.assumed_by, *([tenancy.oidc_provider] if tenancy.oidc_provider else [])}


def _lines(statement: Json) -> Iterator[Line]:
    for operator, keys in statement.get("Condition", {}).items():
        for key, values in keys.items():
            yield operator, key, tuple(listed(values))


def _present(spot: Spot) -> Iterator[Edit]:
    """Yield `?*` in place of a comparison with the empty text, which absence passes, too."""
    statements = spot.statements()
    for at, statement in enumerate(statements):
        for operator, key, values in _lines(statement):
            if operator.lower() == "stringnotequals" and values == ("",):
                bare = without_condition(statement, operator, key)
                changed = conditioned(bare, "StringLike", key, ["?*"])
                words = f"{spot.name}, {called(statement, at)}: `?*` asked of `{key}`"
                yield Edit(words, spot.changed(at, changed))


def _asking(spot: Spot, written: list[Json], lines: list[Line], words: str) -> Iterator[Edit]:
    """Yield the policy that asks for these conditions wherever the map's own asks for them."""
    now = [one for each in spot.statements() for one in _asked(each, written, lines)]
    if now != spot.statements():
        yield Edit(f"{spot.name}: {words}", spot.with_statements(now))


def _asked(statement: Json, written: list[Json], lines: list[Line]) -> Iterator[Json]:
    """Yield the statement with the conditions; a statement for each of the map's, where an action
    does not carry a key: there its condition would never hold.
    """
    alike = [own for own in written if _of_one_action(statement, own)]
    actions = listed(statement.get("Action"))
    wanted = [[line for line in _lines(own) if line in lines] for own in alike]
    if statement.get("Effect") != "Allow" or not any(wanted):
        yield statement
    elif all(_carries(action, key) for some in wanted for _, key, _ in some for action in actions):
        yield _with_lines(statement, [line for some in wanted for line in some])
    else:
        for own, some in zip(alike, wanted, strict=True):
            named = [one for one in actions if one.lower() in _actions(own)]
            part = {**statement, "Sid": own["Sid"], "Action": one_or_many(named)}
            yield _with_lines(part, some)
        rest = [one for one in actions if not any(one.lower() in _actions(own) for own in alike)]
        if rest:
            yield {**statement, "Action": one_or_many(rest)}


def _with_lines(statement: Json, lines: list[Line]) -> Json:
    for operator, key, values in lines:
        statement = conditioned(statement, operator, key, list(values))
    return statement


_NOT_CARRIED = {
    "sts:setsourceidentity": ("aws:requesttag/", "aws:tagkeys", "sts:external", "sts:roleauth"),
    "sts:tagsession": ("sts:external", "sts:sourceidentity", "sts:roleauth"),
}
"""Beginnings of the keys that STS does not pass for an action (Service Authorization Reference)."""


def _carries(action: str, key: str) -> bool:
    return not key.lower().startswith(_NOT_CARRIED.get(action.lower(), ("\0",)))


def _actions(statement: Json) -> set[str]:
    return {one.lower() for one in listed(statement.get("Action"))}


def _of_one_action(statement: Json, own: Json) -> bool:
    """Tell whether both are about one of STS's actions, and of one kind of principal."""
    principal = statement.get("Principal")
    kinds = set(principal) if isinstance(principal, dict) else {"AWS"}
    return bool(_actions(statement) & _actions(own)) and bool(kinds & set(own["Principal"]))


def _without_principals(spot: Spot, ours: set[str]) -> Iterator[Edit]:
    """Yield the policy without a principal that is none of ours, each by itself."""
    strangers = dict.fromkeys(
        name
        for statement in spot.statements()
        if statement.get("Effect") == "Allow"
        for names in _principals(statement).values()
        for name in names
        if name not in ours
    )
    for stranger in strangers:
        left = [_without(one, stranger) for one in spot.statements()]
        kept = [one for one in left if one is not None]
        if kept:
            yield Edit(f"{spot.name}: without `{stranger}`", spot.with_statements(kept))


def _principals(statement: Json) -> dict[str, list[str]]:
    principal = statement.get("Principal")
    if not isinstance(principal, dict):
        return {"AWS": listed(principal)}
    return {kind: listed(names) for kind, names in principal.items()}


def _without(statement: Json, stranger: str) -> Json | None:
    """Return the statement without the principal, None if it then names nobody."""
    if statement.get("Effect") != "Allow" or "Principal" not in statement:
        return statement
    left = {
        kind: [name for name in names if name != stranger]
        for kind, names in _principals(statement).items()
    }
    if left == _principals(statement):
        return statement
    named = {kind: one_or_many(names) for kind, names in left.items() if names}
    return {**statement, "Principal": named} if named else None
