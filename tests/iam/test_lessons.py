"""What others paid for (lessons 6 and 12 to 17), as the evaluator shows it."""

from tests.iam.build import OBJECT, TABLE, Json, decide, decide_condition, policy, statement
from valetkey.iam import Layer, Policies, Principal, PrincipalKind, Request, evaluate

OWN_ROWS: Json = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["${aws:PrincipalTag/id}"]}}
GUARD: Json = {"Null": {"dynamodb:LeadingKeys": "false"}}
OWN_PREFIX = "arn:aws:s3:::b/traces/${aws:PrincipalTag/id}/*"


def scan(block: Json) -> bool:
    opened = statement(Action=["dynamodb:Query", "dynamodb:Scan"], Resource=TABLE, Condition=block)
    return decide(opened, tags={"id": "t1"}, action="dynamodb:Scan", resource=TABLE).allowed


def test_lesson_6_a_tag_owns_what_lies_under_it_slashes_and_all() -> None:
    neighbour = "arn:aws:s3:::b/traces/a/b/k"  # what the tag `a/b` calls its own
    own = statement(Resource=OWN_PREFIX)

    assert decide(own, tags={"id": "a"}, resource=neighbour).allowed
    assert decide(own, tags={"id": "a/b"}, resource=neighbour).allowed
    assert not decide(own, tags={"id": "a"}, resource="arn:aws:s3:::b/traces/ab/k").allowed


def test_lesson_12_for_all_values_is_true_of_an_absent_key_so_scan_opens_the_table() -> None:
    assert scan(OWN_ROWS)


def test_lesson_12_the_null_guard_closes_the_scan() -> None:
    assert not scan({**OWN_ROWS, **GUARD})


def test_lesson_13_string_not_equals_empty_passes_for_a_missing_tag() -> None:
    assert decide_condition({"StringNotEquals": {"aws:PrincipalTag/id": ""}})


def test_lesson_13_null_is_the_guard_of_a_missing_tag() -> None:
    block = {
        "StringNotEquals": {"aws:PrincipalTag/id": ""},
        "Null": {"aws:PrincipalTag/id": "false"},
    }

    assert not decide_condition(block)
    assert not decide_condition(block, tags={"id": ""})
    assert decide_condition(block, tags={"id": "u1"})


def test_lesson_14_one_broad_allow_masks_a_perfect_narrow_one() -> None:
    narrow, broad = statement(Resource=OWN_PREFIX), statement(Action="s3:*")

    assert not decide(narrow, tags={"id": "u2"}, resource=OBJECT).allowed
    assert decide(narrow, broad, tags={"id": "u2"}, resource=OBJECT).allowed


def test_lesson_15_list_and_get_in_one_statement_list_the_whole_bucket() -> None:
    both = statement(
        Action=["s3:ListBucket", "s3:GetObject"], Resource=["arn:aws:s3:::b", OWN_PREFIX]
    )

    assert decide(
        both, tags={"id": "u1"}, action="s3:ListBucket", resource="arn:aws:s3:::b"
    ).allowed


def test_lesson_15_a_prefix_condition_never_matches_a_get() -> None:
    both = statement(
        Action=["s3:ListBucket", "s3:GetObject"],
        Resource="*",
        Condition={"StringLike": {"s3:prefix": "traces/u1/*"}},
    )

    assert not decide(both).allowed
    assert decide(
        both,
        action="s3:ListBucket",
        resource="arn:aws:s3:::b",
        context={"s3:prefix": "traces/u1/"},
    ).allowed


def assume(trust: dict[str, object], context: dict[str, str]) -> bool:
    role = "arn:aws:iam::123456789012:role/target"
    provider = "arn:aws:iam::123456789012:oidc-provider/id.example.com"
    whole = statement(
        Principal={"Federated": provider},
        Action="sts:AssumeRoleWithWebIdentity",
        Resource=None,
        **trust,
    )
    request = Request(
        Principal(PrincipalKind.FEDERATED, provider),
        "sts:AssumeRoleWithWebIdentity",
        role,
        context=context,
    )
    return evaluate(request, Policies(trust=policy(whole, layer=Layer.TRUST))).allowed


def test_lesson_17_trust_by_audience_alone_admits_any_token_of_the_issuer() -> None:
    audience = {"id.example.com:aud": "sts.amazonaws.com"}
    anybody = {**audience, "id.example.com:sub": "anybody"}

    assert assume({"Condition": {"StringEquals": audience}}, anybody)
    pinned = {**audience, "id.example.com:sub": "run"}
    assert not assume({"Condition": {"StringEquals": pinned}}, anybody)
    assert assume({"Condition": {"StringEquals": pinned}}, pinned)


def test_lesson_16_a_statement_without_conditions_admits_untagged_sessions() -> None:
    role = "arn:aws:iam::123456789012:role/agent"
    loose = statement(Principal={"AWS": role}, Action="sts:AssumeRole", Resource=None)
    strict = {**loose, "Condition": {"StringLike": {"aws:RequestTag/id": "?*"}}}
    caller = Principal(PrincipalKind.ARN, role)
    request = Request(caller, "sts:AssumeRole", "arn:aws:iam::123456789012:role/target")

    def trusts(*statements: dict[str, object]) -> bool:
        trust = policy(*statements, layer=Layer.TRUST)
        return evaluate(request, Policies(trust=trust)).allowed

    assert not trusts(strict)
    assert trusts(loose, strict)
