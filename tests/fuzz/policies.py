"""The policies of a world: those that a careful engineer writes, and what becomes of them."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass

from tests.fuzz.conditions import pick_block
from tests.fuzz.names import Tenant
from tests.fuzz.pick import Pick
from tests.fuzz.places import ACTIONS, Names
from tests.fuzz.statements import Statement, document, guards, safe_statements


@dataclass(frozen=True, slots=True)
class Documents:
    """All policies of a world. `session` has one entry a tenant, None for no session policy."""

    safe: bool
    identity: tuple[str, ...]
    session: tuple[str | None, ...]
    boundary: str | None
    bucket: str | None
    table: str | None

    @property
    def text(self) -> str:
        """All documents, to look for what they mention."""
        parts = [*self.identity, *self.session, self.boundary, self.bucket, self.table]
        return "\n".join(part for part in parts if part is not None)


def pick_documents(pick: Pick, names: Names, tenants: tuple[Tenant, ...]) -> Documents:
    """Return the policies of a world, safe ones in every second."""
    safe = not pick.chance(2)
    if safe:
        identity = [_narrowed(pick, names, safe_statements(names))]
    else:
        identity = [_wild(pick, names) for _ in range(1 + pick.below(2))]
    return Documents(
        safe=safe,
        identity=tuple(map(document, identity)),
        session=tuple(_limit(pick, names, of=3, most=2) for _ in tenants),
        boundary=_limit(pick, names, of=4, most=3),
        bucket=_resource(pick, names, [names.bucket_arn, f"{names.bucket_arn}/*"], safe=safe),
        table=_resource(pick, names, [names.table_arn, f"{names.table_arn}/index/*"], safe=safe),
    )


def _narrowed(pick: Pick, names: Names, statements: list[Statement]) -> list[Statement]:
    """Return safe statements with Denies and twins added: neither opens anything."""
    found = list(statements)
    for _ in range(pick.below(6)):
        more = pick_statement(pick, names) if pick.chance(4) else pick.one(guards(names))
        found.insert(pick.below(len(found) + 1), {**more, "Effect": "Deny"})
    if pick.chance(3):
        found.append(deepcopy(pick.one(statements)))
    return found


def _wild(pick: Pick, names: Names) -> list[Statement]:
    """Return statements some of which somebody got wrong."""
    found: list[Statement] = []
    if not pick.chance(3):
        broad = [
            "*",
            ["s3:*", "dynamodb:*", "sqs:*", "ssm:*", "secretsmanager:*", "lambda:*"],
            ["s3:*Object*", "dynamodb:*Item*", "s3:List*", "*:*Get*", "lambda:Invoke*"],
        ]
        found.append({"Effect": "Allow", "Action": pick.one(broad), "Resource": "*"})
    for _ in range(1 + pick.below(4)):
        if pick.chance(2):
            found.append(pick.one(guards(names)))
            continue
        mutate = pick.one(MUTATIONS)
        origin = deepcopy(pick.one(safe_statements(names)))
        found.append(mutate(pick, names, origin) if pick.chance(2) else pick_statement(pick, names))
    return found


def pick_statement(pick: Pick, names: Names) -> Statement:
    """Return a statement about anything in the world, with up to two condition blocks."""
    found: Statement = {"Effect": "Deny" if pick.chance(3) else "Allow"}
    action = "NotAction" if pick.chance(6) else "Action"
    found[action] = pick.some(ACTIONS, most=4)
    resource = "NotResource" if pick.chance(8) else "Resource"
    found[resource] = pick.some(names.patterns, most=3)
    for _ in range(pick.below(3)):
        operator, keys = pick_block(pick)
        found.setdefault("Condition", {}).setdefault(operator, {}).update(keys)
    return found


def _limit(pick: Pick, names: Names, *, of: int, most: int) -> str | None:
    """Return a session policy or boundary, mostly a broad one with an exception."""
    if not pick.chance(of):
        return None
    found: list[Statement] = []
    if not pick.chance(4):
        found.append({"Effect": "Allow", "Action": "*", "Resource": "*"})
    found += [pick_statement(pick, names) for _ in range(1 + pick.below(most))]
    return document(found)


def _resource(pick: Pick, names: Names, resources: list[str], *, safe: bool) -> str | None:
    """Return a bucket's or table's policy. In a safe world it only denies."""
    if not pick.chance(3):
        return None
    found = []
    for _ in range(1 + pick.below(2)):
        statement = pick_statement(pick, names)
        statement.pop("NotResource", None)
        statement["Resource"] = resources
        statement["Principal"] = pick.one(names.principals)
        if safe:
            statement["Effect"] = "Deny"
        found.append(statement)
    return document(found)


# --- what becomes of a good statement ----------------------------------------------------------

Mutation = Callable[[Pick, Names, Statement], Statement]


def _without_condition(pick: Pick, names: Names, statement: Statement) -> Statement:
    statement.pop("Condition", None)
    return statement


def _without_guard(pick: Pick, names: Names, statement: Statement) -> Statement:
    statement.get("Condition", {}).pop("Null", None)
    return statement


def _as_deny(pick: Pick, names: Names, statement: Statement) -> Statement:
    return {**statement, "Effect": "Deny"}


def _more_actions(pick: Pick, names: Names, statement: Statement) -> Statement:
    return {**statement, "Action": [*statement["Action"], *pick.some(ACTIONS, most=3)]}


def _inverted(pick: Pick, names: Names, statement: Statement) -> Statement:
    statement["NotAction"] = statement.pop("Action")
    return statement


def _elsewhere(pick: Pick, names: Names, statement: Statement) -> Statement:
    return {**statement, "Resource": pick.some(names.patterns, most=2)}


def _other_operator(pick: Pick, names: Names, statement: Statement) -> Statement:
    swaps = ("StringLike", "StringEqualsIfExists", "StringNotEquals", "ForAnyValue:StringLike",
             "ForAllValues:StringLike", "StringEqualsIgnoreCase")  # fmt: skip
    blocks = [keys for name, keys in statement.get("Condition", {}).items() if name != "Null"]
    return {**statement, "Condition": {pick.one(swaps): keys for keys in blocks}}


def _more_conditions(pick: Pick, names: Names, statement: Statement) -> Statement:
    operator, keys = pick_block(pick)
    statement.setdefault("Condition", {}).setdefault(operator, {}).update(keys)
    return statement


MUTATIONS: tuple[Mutation, ...] = (
    _without_condition, _without_guard, _as_deny, _more_actions, _inverted, _elsewhere,
    _other_operator, _more_conditions,
)  # fmt: skip
