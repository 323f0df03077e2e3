"""The linter as a whole: every rule has a case, nothing is said of good policies, and it ends."""

import json
from importlib import import_module

import pytest

from tests.cpu import within
from tests.iam.build import document
from tests.iam.lint.cases import MINE, TABLE, Case, allow, codes, deny, one, read, trust
from valetkey.demo.policies import broker_policy, permission_policy, trust_policy
from valetkey.errors import ValetkeyError
from valetkey.iam.lint import RULES, Severity, lint

THEMES = (
    "absence", "callers", "callers_words", "data_actions", "elements", "guarded", "listing",
    "power", "resource_types", "sets", "tag_session", "tenant_text", "trust", "trust_tags",
    "unions", "web_identity",
)  # fmt: skip
OBJECTS = "arn:aws:s3:::b/"
BROKER = "arn:aws:iam::111122223333:role/ValetkeyBroker"


def every_case() -> list[Case]:
    return [
        case for theme in THEMES for case in import_module(f"tests.iam.lint.test_{theme}").CASES
    ]


def test_every_rule_has_a_case() -> None:
    assert {case.code for case in every_case()} == {rule.code for rule in RULES}


def test_what_opens_is_shown_by_the_evaluator() -> None:
    shown = {case.code for case in every_case() if case.opens is not None}
    errors = {rule.code for rule in RULES if rule.severity is Severity.ERROR}

    assert errors <= shown


def test_codes_are_unique_and_kebab_case() -> None:
    found = [rule.code for rule in RULES]

    assert len(set(found)) == len(found)
    assert all(code == code.lower() and " " not in code for code in found)


def test_the_demos_policies_have_no_finding() -> None:
    role = [permission_policy(TABLE, "trace-artifacts"), trust_policy(BROKER)]

    assert {one.code for one in lint(read(role))} <= {"source-identity-not-required"}
    assert lint(read([broker_policy("arn:aws:iam::111122223333:role/AgentTenantData")])) == ()


def test_an_ignored_code_is_not_reported() -> None:
    (found,) = lint(read(one(allow([], "*"))))

    assert lint(read(one(allow([], "*"))), ignored=[found.code]) == ()


def test_the_worst_comes_first() -> None:
    documents = one(allow([], "*"), allow("iam:*", "*"), allow("iam:PassRole", "*"))
    order = [list(Severity).index(one.severity) for one in lint(read(documents))]

    assert order == sorted(order)
    assert order[0] == 0


def test_a_tag_that_is_named_is_the_one_that_separates() -> None:
    colour = "${aws:PrincipalTag/colour}"
    documents = one(allow("s3:GetObject", f"arn:aws:s3:::b/{colour}/*"), allow("s3:*", "*"))

    assert "broad-allow-masks-tenant" in codes(*documents)
    assert "broad-allow-masks-tenant" not in codes(*documents, tags=["user_id"])


def test_a_normal_role_is_linted_at_once() -> None:
    rows = allow(
        "dynamodb:Query", TABLE, {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": MINE}}
    )
    statements = [
        allow(["s3:GetObject", "s3:PutObject"], f"arn:aws:s3:::b{i}/{MINE}/*") for i in range(20)
    ]
    documents = read(one(rows, *statements, deny("s3:*", "arn:aws:s3:::x/*")))
    with within(1):
        lint(documents, guarded=[TABLE])


@pytest.mark.parametrize(
    "statements",
    [
        [
            allow(["s3:" + "*a" * 4_000, "s3:" + "a*" * 4_000], "*"),
            allow("*", f"arn:aws:s3:::{MINE}"),
        ],
        [allow(f"s3:G{'*e' * 20}{i}", f"arn:aws:s3:::b/{'*a' * 20}/{MINE}/{i}") for i in range(150)]
        + [allow(f"s3:G{'*t' * 20}{i}", f"arn:aws:s3:::b/{'*b' * 20}{i}") for i in range(150)],
        [allow([f"s3:A{i}" for i in range(4_000)], f"arn:aws:s3:::{MINE}/*")] * 8
        + [allow([f"s3:B{i}" for i in range(4_000)], "*")] * 8,
        [deny("*", "*", {"StringEquals": {"aws:PrincipalTag/t": "x"}})] * 9_000,
        [allow("dynamodb:*", "*")]
        + [deny("*", "*", {"ForAnyValue:StringNotEquals": {"dynamodb:LeadingKeys": MINE}})] * 7_000,
        [allow("*", [], {"StringEquals": {"aws:ResourceTag/o": MINE}}), allow("*", "*")] * 5_000,
        [allow("s3:GetObject", f"arn:aws:s3:::b/{MINE}/*"), allow("*", f"{OBJECTS}*a")] * 5_000
        + [deny("*", "*")],
        [allow("*", "*", {"StringEquals": {f"aws:principa{i}tag": "x" for i in range(30_000)}})],
        [allow("*", "*", {"StringLike": {"s3:prefix": [f"{i}{MINE}" for i in range(30_000)]}})],
        [allow("*", f"arn:aws:s3:::b/${{aws:PrincipalTag/t{i}}}/*") for i in range(9_000)],
        [
            trust("sts:AssumeRole", None, {"StringLike": {f"aws:RequestTag/t{i}": "?*"}})
            for i in range(6_000)
        ],
    ],
)
@pytest.mark.slow
def test_hostile_patterns_end_soon(statements: list[dict[str, object]]) -> None:
    with within(30):
        try:
            lint(read([document(*statements)]))
        except ValetkeyError as error:
            assert error.code in ("policies-too-large", "malformed-policy")


def test_a_role_at_awss_limits_is_not_too_large() -> None:
    tied = {"StringEquals": {"aws:ResourceTag/owner": MINE}}
    statements = [
        allow(["glue:Get*", *(f"glue:Do{i + j}" for j in range(9))], "*", condition)
        for i in range(80)
        for condition in (tied, None)
    ]

    assert lint(read([*one(*statements), *one(deny("*", "arn:aws:s3:::audit/*"))]))


def test_pairs_that_a_deny_closes_cost_as_well() -> None:
    own = [allow("s3:GetObject", f"{OBJECTS}{'a*' * 100}{MINE}/{i}*") for i in range(20)]
    wide = [allow("s3:GetObject", f"{OBJECTS}{'*a' * 100}*{i}*") for i in range(20)]

    with pytest.raises(ValetkeyError) as caught:
        lint(read(one(*own, *wide, deny("s3:GetObject", "*"))))

    assert caught.value.code == "policies-too-large"


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        '{"a":' * 100_000,
        '{"Statement":' + "[" * 50_000 + "]" * 50_000 + "}",
        " " * 1_048_577,
        "[]",
        "{}",
        '{"a": 1}',
        '{"Version": "2012-10-17"}',
        '{"Statement": null}',
        '{"Statement": [], "Statement": []}',
        '"x"',
        "\ud800",
    ],
)
def test_what_is_no_policy_is_a_clean_error(text: str) -> None:
    from valetkey.iam.lint import read_documents

    with pytest.raises(ValetkeyError) as caught:
        read_documents(text, "x", layer=None)

    assert caught.value.code == "malformed-policy"


def test_a_file_may_have_several_named_policies() -> None:
    from valetkey.iam.lint import read_documents

    both = {"in line": document(allow([], "*")), "managed": document(allow("s3:*", "*"))}
    documents = read_documents(json.dumps(both), "x.json", layer=None)

    assert [one.path for one in documents] == ['$["in line"]', "$.managed"]
    assert lint(documents)[0].path == '$["in line"].Statement[0].Action'
