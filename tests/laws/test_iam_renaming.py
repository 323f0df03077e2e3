"""Renaming every tenant consistently changes nothing: what a tenant is called decides nothing."""

import json
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from valetkey.iam.record import answer_line

SESSION = "arn:aws:sts::123456789012:assumed-role/agent/s1"
TAG = "${aws:PrincipalTag/tenant}"
TENANTS = ["<A>", "<B>", "<C>"]  # replaced in the whole record, each by a name
FIXED = {"traces", "b", "x", "s3", "arn", "aws", "*"}

Json = dict[str, Any]

tenant = st.sampled_from(TENANTS)
# Letters that mean nothing in a pattern, a variable or an ARN; case and script are free.
names = st.text(
    st.characters(categories=["L", "N"], include_characters="-_.@=+ \U0001f600"), min_size=1
).filter(lambda name: name not in FIXED)
namings = st.lists(names, min_size=3, max_size=3, unique=True)
texts = tenant | st.just(TAG) | st.sampled_from(["x", "", "${aws:PrincipalTag/tenant, '<B>'}"])
patterns = texts | st.builds("{}/*".format, texts) | st.just("*")
operators = st.sampled_from(
    [
        ("StringEquals", texts), ("StringNotEquals", texts), ("StringEqualsIfExists", texts),
        ("StringLike", patterns), ("StringNotLike", patterns),
        ("ForAllValues:StringEquals", texts), ("ForAnyValue:StringLike", patterns),
        ("ForAnyValue:StringNotEquals", texts), ("ForAllValues:StringNotLike", patterns),
    ]
)  # fmt: skip
keys = st.sampled_from(["k", "dynamodb:LeadingKeys", "aws:PrincipalTag/tenant", "absent"])


@st.composite
def blocks(draw: st.DrawFn) -> Json:
    block: Json = {}
    for operator, values in draw(st.lists(operators, max_size=2)):
        block.setdefault(operator, {})[draw(keys)] = draw(st.lists(values, min_size=1, max_size=2))
    return block


resources = st.one_of(
    st.just("*"),
    st.builds("arn:aws:s3:::b/traces/{}/*".format, texts),
    st.builds("arn:aws:s3:::b/*/{}".format, texts),
    st.builds("arn:aws:s3:::{}".format, patterns),
)
statements = st.builds(
    lambda effect, element, resource, block: {
        "Effect": effect, "Action": "s3:*", element: resource, "Condition": block,
    },
    st.sampled_from(["Allow", "Allow", "Deny"]),
    st.sampled_from(["Resource", "Resource", "NotResource"]),
    resources,
    blocks(),
)  # fmt: skip
documents = st.lists(statements, min_size=1, max_size=2).map(
    lambda listed: {"Version": "2012-10-17", "Statement": listed}
)
records = st.fixed_dictionaries(
    {
        "id": st.just("x"),
        "principal": st.fixed_dictionaries(
            {"arn": st.just(SESSION)},
            optional={"tags": st.fixed_dictionaries({"tenant": tenant | st.just("")})},
        ),
        "action": st.just("s3:GetObject"),
        "resource": st.builds("arn:aws:s3:::b/traces/{}/{}".format, tenant, tenant)
        | st.builds("arn:aws:s3:::{}".format, tenant),
        "context": st.fixed_dictionaries(
            {},
            optional={
                "k": tenant | st.just("") | st.builds("{}/y".format, tenant),
                "dynamodb:LeadingKeys": st.lists(tenant, max_size=2),
            },
        ),
        "policies": st.fixed_dictionaries(
            {"identity": st.lists(documents, min_size=1, max_size=2)},
            optional={"boundary": documents, "session": st.lists(documents, max_size=1)},
        ),
    }
)


def called(record: Json, naming: list[str]) -> str:
    """The record with each tenant's name in its place."""
    text = json.dumps(record)
    for placeholder, name in zip(TENANTS, naming, strict=True):
        text = text.replace(placeholder, json.dumps(name)[1:-1])
    return text


@settings(max_examples=250, deadline=None)
@given(records, namings, namings)
def test_renaming_every_tenant_changes_nothing(
    record: Json, naming: list[str], other: list[str]
) -> None:
    assume(naming != other)

    answer = answer_line(called(record, naming))

    assert "decision" in answer
    assert answer_line(called(record, other)) == answer


def test_renaming_some_of_a_tenants_places_can_change_everything() -> None:
    """The law is of the whole: it can fail."""
    own = {"Effect": "Allow", "Action": "*", "Resource": f"arn:aws:s3:::b/traces/{TAG}/*"}
    record: Json = {
        "id": "x",
        "principal": {"arn": SESSION, "tags": {"tenant": "<A>"}},
        "action": "s3:GetObject",
        "resource": "arn:aws:s3:::b/traces/<A>/k",
        "policies": {"identity": [{"Version": "2012-10-17", "Statement": own}]},
    }
    half = {**record, "resource": "arn:aws:s3:::b/traces/<B>/k"}

    assert answer_line(called(record, ["a", "b", "c"]))["decision"] == "allow"
    assert answer_line(called(half, ["a", "b", "c"]))["decision"] == "implicit-deny"
