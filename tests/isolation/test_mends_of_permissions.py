"""What a role may do, made less: an edit for each kind of hole."""

from dataclasses import replace

import pytest

from tests.isolation.leaks import (
    APPROVALS,
    BUCKET,
    FIRST,
    HOLES,
    LEADING,
    LIST_OWN,
    MAP,
    OWN,
    READ,
    ROLE,
    TABLE,
    TRUSTED,
    USER,
    Json,
    policies_with,
    statements_of,
    witness_of,
)
from valetkey.iam import StatementRef
from valetkey.isolation.mends_of_permissions import permission_edits
from valetkey.tenancy import (
    Access,
    RolePolicies,
)
from valetkey.tenancy.generating import generated


@pytest.mark.parametrize(
    ("change", "action", "mended"),
    [
        ({"Resource": f"{BUCKET}/traces/{USER}*"}, "s3:GetObject", {"Resource": OWN}),
        (
            {"Resource": f"{BUCKET}/traces/${{aws:PrincipalTag/user_id, 'x'}}/*"},
            "s3:GetObject",
            {"Resource": OWN},
        ),
        (
            {"Action": "s3:ListBucket", "Resource": BUCKET},
            "s3:ListBucket",
            {"Action": "s3:ListBucket", "Resource": BUCKET, "Condition": LIST_OWN},
        ),
        ({"Action": "s3:*"}, "s3:PutObjectAcl", {}),
        ({"Resource": [OWN, f"{BUCKET}/*"]}, "s3:GetObject", {}),
        ({"Resource": "*"}, "s3:GetObject", {}),
        (
            {
                "Action": ["dynamodb:Query", "dynamodb:Scan"],
                "Resource": TABLE,
                "Condition": LEADING,
            },
            "dynamodb:Scan",
            {"Action": "dynamodb:Query", "Resource": TABLE, "Condition": LEADING},
        ),
        (
            {"Action": "dynamodb:Query", "Resource": TABLE, "Condition": LEADING},
            "dynamodb:Query",
            {
                "Action": "dynamodb:Query",
                "Resource": TABLE,
                "Condition": {**LEADING, "Null": {"dynamodb:LeadingKeys": "false"}},
            },
        ),
        (
            {"Condition": {"StringNotEquals": {"aws:PrincipalTag/user_id": ""}}},
            "s3:GetObject",
            {"Condition": {"Null": {"aws:PrincipalTag/user_id": "false"}}},
        ),
    ],
)
def test_a_statement_that_gives_too_much_has_an_edit_that_does_not(
    change: Json, action: str, mended: Json
) -> None:
    policies = policies_with({**READ, **change})

    edits = list(permission_edits(MAP, policies, witness_of(action, f"{BUCKET}/x", FIRST)))

    bare = [[_without_sid(one) for one in statements_of(edit)] for edit in edits]
    assert [{**READ, **mended}] in bare


def _without_sid(statement: Json) -> Json:
    return {name: value for name, value in statement.items() if name != "Sid"}


def test_edits_are_of_the_statements_that_the_witness_rests_on() -> None:
    policies = policies_with(READ, {**READ, "Resource": "*"})
    second = witness_of("s3:GetObject", f"{BUCKET}/x", StatementRef("permissions", 1))

    edits = list(permission_edits(MAP, policies, second))

    assert all(statements_of(edit)[0] == READ for edit in edits)
    assert [READ] in [statements_of(edit) for edit in edits]


def test_what_a_run_lacks_is_added_and_what_denies_it_removed() -> None:
    deny = {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}
    refused = witness_of("s3:GetObject", f"{BUCKET}/traces/a/x", expected="allow")

    edits = list(permission_edits(MAP, policies_with(deny), refused))

    assert [_without_sid(one) for one in statements_of(edits[0])] == [deny, READ]
    assert [] in [statements_of(edit) for edit in edits]


def test_what_is_lacking_joins_the_statement_that_is_about_the_same() -> None:
    own = replace(MAP.owned[1], access=frozenset({Access.READ, Access.WRITE, Access.DELETE}))
    tenancy = replace(MAP, owned=(own,))
    (whole,) = generated(tenancy).roles[0].permissions[0].document["Statement"][1:]
    partial = {**whole, "Action": ["dynamodb:DeleteItem"]}
    refused = witness_of("dynamodb:GetItem", TABLE, expected="allow")

    one, alike = permission_edits(tenancy, policies_with(partial), refused)

    assert statements_of(one)[0]["Action"] == ["dynamodb:DeleteItem", "dynamodb:GetItem"]
    assert len(statements_of(alike)) == 1
    assert set(statements_of(alike)[0]["Action"]) < set(whole["Action"])
    assert {"dynamodb:Query", "dynamodb:GetItem"} < set(statements_of(alike)[0]["Action"])


def test_an_action_that_the_map_never_gives_goes_before_a_guard_is_written() -> None:
    both = {**HOLES[1], "Condition": LEADING}
    policies = policies_with(both)

    first, second, *_ = permission_edits(MAP, policies, witness_of("dynamodb:Scan", TABLE, FIRST))

    assert statements_of(first) == [{**both, "Action": "dynamodb:Query"}]
    assert "Null" in statements_of(second)[0]["Condition"]


def test_a_statement_of_a_resource_policy_is_narrowed_like_a_roles_own() -> None:
    named = StatementRef(f"resource policy of {BUCKET}", 0)
    agents = {**READ, "Principal": {"AWS": ROLE}, "Resource": f"{BUCKET}/traces/{USER}*"}
    document = {"Version": "2012-10-17", "Statement": [agents]}
    policies = replace(policies_with(READ), resource_policies={BUCKET: document})

    (edit,) = permission_edits(MAP, policies, witness_of("s3:GetObject", OWN, named))

    mended = {"Version": "2012-10-17", "Statement": [{**agents, "Resource": OWN}]}
    assert edit.policies == replace(policies, resource_policies={BUCKET: mended})


def test_a_write_of_what_is_protected_is_denied_where_nothing_less_helps() -> None:
    write = {"Effect": "Allow", "Action": "dynamodb:PutItem", "Resource": "*"}

    *_, last = permission_edits(
        MAP, policies_with(write), witness_of("dynamodb:PutItem", APPROVALS, FIRST)
    )

    deny = {"Effect": "Deny", "Action": "dynamodb:PutItem", "Resource": APPROVALS}
    assert statements_of(last) == [write, deny]


def test_a_role_that_was_not_asked_about_is_not_edited() -> None:
    policies = policies_with(*HOLES[:1])
    other = RolePolicies(f"{ROLE}Too", TRUSTED, policies.roles[0].permissions)
    both = replace(policies, roles=(*policies.roles, other))

    edits = list(permission_edits(MAP, both, witness_of("s3:GetObject", OWN, FIRST)))

    assert edits
    assert all(edit.policies.roles[1] == other for edit in edits)
