"""Laws: whatever parses is linted without an exception; patterns meet as the evaluator has it."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from valetkey.errors import ValetkeyError
from valetkey.iam import Layer
from valetkey.iam.lint import RULES, Document, lint, read_documents
from valetkey.iam.lint.pattern import Effort, common_text, glob, meet
from valetkey.iam.template import compile_text

ACTIONS = [
    "*", "s3:*", "s3:GetObject", "s3:ListBucket", "s3:G?t*", "dynamodb:Scan", "dynamodb:Query",
    "iam:*", "iam:PassRole", "s3:PutObjectTagging", "ec2:CreateTags",
]  # fmt: skip
TRUST_ACTIONS = ["sts:AssumeRole", "sts:TagSession", "sts:*", "sts:AssumeRoleWithWebIdentity"]
RESOURCES = [
    "*", "arn:aws:s3:::b", "arn:aws:s3:::b/*", "arn:aws:s3:::b/${aws:PrincipalTag/t}/*",
    "arn:aws:s3:::b/${aws:PrincipalTag/t}*", "arn:aws:s3:::b/*/${aws:PrincipalTag/t, 'x'}",
    "arn:aws:dynamodb:*:*:table/T", "arn:aws:s3", "arn:aws:iam::*:role/${aws:username}", "arn:",
    "arn:aws:s3:::${*}/${aws:RequestTag/t}/\ud800?", "arn:aws:s3:::b/\U0001f600/${aws:userid}",
]  # fmt: skip
VALUES = [
    "",
    "*",
    "${aws:PrincipalTag/t}",
    "x/${aws:PrincipalTag/t}/*",
    "repo:*",
    "repo:a/b:c",
    "é?",
]
KEYS = [
    "aws:PrincipalTag/t", "aws:RequestTag/t", "aws:TagKeys", "dynamodb:LeadingKeys", "s3:prefix",
    "aws:SourceVpc", "aws:ResourceTag/t", "x:aud", "x:sub", "sts:SourceIdentity", "aws:Nonsense",
]  # fmt: skip
OPERATORS = [
    "StringEquals", "StringLike", "StringNotEquals", "ForAllValues:StringLike", "ArnLike",
    "ForAnyValue:StringNotLikeIfExists", "StringEqualsIfExists", "stringlike",
]  # fmt: skip
PRINCIPALS: list[Any] = [
    "*", {"AWS": "*"}, {"AWS": ["123456789012"]}, {"Federated": "accounts.google.com"},
    {"Federated": "arn:aws:iam::123456789012:oidc-provider/x"}, {"Service": "x.com"}, {},
    {"AWS": "arn:aws:iam::123456789012:root"},
]  # fmt: skip
ODD: st.SearchStrategy[Any] = st.sampled_from([None, 1, "", [], {}, "x", "${", [[]], {"a": "b"}])


def some(listed: list[str]) -> st.SearchStrategy[Any]:
    one = st.sampled_from(listed)
    return one | st.lists(one, max_size=4)


lines = st.dictionaries(
    st.sampled_from(OPERATORS),
    st.dictionaries(st.sampled_from(KEYS), some(VALUES).filter(bool), max_size=3),
    max_size=3,
)
nulls = st.dictionaries(st.sampled_from(KEYS), st.sampled_from(["true", "false", True]), max_size=2)
conditions = st.builds(lambda block, null: {**block, "Null": null}, lines, nulls)
effects = st.sampled_from(["Allow", "Deny"])
usual = st.fixed_dictionaries(
    {"Effect": effects, "Action": some(ACTIONS), "Resource": some(RESOURCES)},
    optional={"Condition": conditions},
)
negated = st.fixed_dictionaries(
    {
        "Effect": effects,
        "NotAction": some(ACTIONS).filter(bool),
        "NotResource": some(RESOURCES).filter(bool),
    },
    optional={"Condition": conditions, "Sid": st.just("A")},
)
shared = st.builds(
    lambda one, principal: {**one, "Principal": principal}, usual, st.sampled_from(PRINCIPALS)
)
trusts = st.fixed_dictionaries(
    {
        "Effect": effects,
        "Action": some(TRUST_ACTIONS),
        "Principal": st.sampled_from(PRINCIPALS),
    },
    optional={"Condition": conditions},
)
broken = st.builds(
    lambda one, name, odd: {**one, name: odd},
    usual | trusts,
    st.sampled_from(["Effect", "Action", "Resource", "Principal", "Condition", "NotAction", "Odd"]),
    ODD,
)


def statements_of(one: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(one, max_size=4) | one


policies = st.fixed_dictionaries(
    {
        "Statement": statements_of(usual | negated)
        | statements_of(shared)
        | statements_of(trusts)
        | statements_of(broken)
    },
    optional={"Version": st.sampled_from(["2012-10-17", "2012-10-17", "2008-10-17"])},
)
patterns = st.text("ab*?", max_size=10)


@given(st.lists(policies, min_size=1, max_size=3), st.sampled_from([None, *Layer]))
@settings(max_examples=400, deadline=None)
def test_whatever_parses_has_findings_or_none(whole: list[Any], layer: Layer | None) -> None:
    documents: list[Document] = []
    for index, one in enumerate(whole):
        try:
            documents += read_documents(json.dumps(one), f"{index}", layer=layer)
        except ValetkeyError as error:
            assert error.code in ("malformed-policy", "unsupported-principal")
    known = {rule.code for rule in RULES}

    for finding in lint(documents, guarded=["arn:aws:s3:::b/approvals", "nonsense"]):
        assert finding.code in known
        assert finding.path.startswith("$")
        assert finding.why
        assert finding.mend


@given(st.binary(max_size=200) | st.text(max_size=200))
def test_whatever_is_no_policy_is_a_clean_error(text: str | bytes) -> None:
    try:
        documents = read_documents(text, "x", layer=None)
    except ValetkeyError:
        return
    lint(documents)


@given(patterns, patterns)
def test_patterns_meet_where_a_text_matches_both(one: str, other: str) -> None:
    shared = common_text(glob(one), glob(other), Effort())

    assert meet(glob(one), glob(other), Effort()) == (shared is not None)
    assert meet(glob(other), glob(one), Effort()) == (shared is not None)
    if shared is not None:
        assert all(matches(pattern, shared) for pattern in (one, other))


@given(patterns, st.text("ab", max_size=8))
def test_a_pattern_meets_a_text_as_the_evaluator_matches_it(pattern: str, text: str) -> None:
    assert meet(glob(pattern), glob(text), Effort()) == matches(pattern, text)


def matches(pattern: str, text: str) -> bool:
    return compile_text(pattern, "$", wildcards=True, variables=False).matches(text, {})
