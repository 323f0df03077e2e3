"""A local AWS whose tenants may use PartiQL, and statements sent by an SDK."""

from collections.abc import Mapping
from typing import Any

from tests.localaws.refusals import refused
from tests.localaws.world import (
    TABLE,
    TABLE_ARN,
    TENANT_ROLE,
    TENANT_STATEMENTS,
    Statement,
    World,
    allow,
    document,
)

ACTIONS = [f"dynamodb:PartiQL{kind}" for kind in ("Select", "Insert", "Update", "Delete")]
OWN = TENANT_STATEMENTS[-1]["Condition"]
INVALID = "ValidationException"
Client = Any


def partiql_world() -> World:
    """Return a world whose tenants may use PartiQL on their own rows, three of each person's."""
    world = World()
    world.client("iam").put_role_policy(
        RoleName=TENANT_ROLE.rpartition("/")[2],
        PolicyName="partiql",
        PolicyDocument=document(allow(ACTIONS, [TABLE_ARN, f"{TABLE_ARN}/index/*"], condition=OWN)),
    )
    for owner in ("alice", "bob"):
        for at in ("1", "2", "3"):
            item = {"owner": {"S": owner}, "at": {"N": at}, "kind": {"S": "note"},
                    "text": {"S": f"of {owner}"}}  # fmt: skip
            world.client("dynamodb").put_item(TableName=TABLE, Item=item)
    return world


def tenant(world: World, name: str) -> Client:
    """Return a client of one person's session."""
    return world.client("dynamodb", world.tenant(name))


def caller(world: World, name: str, *statements: Statement) -> Client:
    """Return a client of a new user with these statements."""
    return world.client("dynamodb", world.user(f"partiql-{name}", *statements))


def execute(client: Client, text: str, *parameters: Mapping[str, Any], **more: Any) -> Any:
    """Return the answer to a statement; `{rows}` is the table."""
    given = {"Parameters": list(parameters)} if parameters else {}
    return client.execute_statement(Statement=text.replace("{rows}", TABLE), **given, **more)


def items(client: Client, text: str, *parameters: Mapping[str, Any], **more: Any) -> list[str]:
    """Return the items of a statement as `owner at`, in their order."""
    found = execute(client, text, *parameters, **more)["Items"]
    return [f"{one['owner']['S']} {one['at']['N']}" for one in found]


def code_for(client: Client, text: str, *parameters: Mapping[str, Any], **more: Any) -> str:
    """Return the code with which a statement is refused."""
    return refused(lambda: execute(client, text, *parameters, **more))
