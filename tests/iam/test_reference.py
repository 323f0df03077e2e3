"""The evaluator against the reference: two readings of the documentation, one answer."""

import json
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.iam.build import ACCOUNT, ROLE, SESSION, document
from tests.iam.reference import decide
from tests.iam.reference_condition import OPERATORS
from tests.iam.test_vectors import rows
from valetkey.iam.record import answer_line

OTHER = "999988887777"
USER = f"arn:aws:iam::{ACCOUNT}:user/team/alice"
FEDERATED = f"arn:aws:sts::{ACCOUNT}:federated-user/bob"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
SERVICE_LINKED = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX"
PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/id.example.com"
TARGET = f"arn:aws:iam::{ACCOUNT}:role/target"

Json = dict[str, Any]
quick = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

VARIABLE = "${aws:PrincipalTag/id}"
strings = [
    "t1", "T1", "t2", "", "*", "t*", "?1", "t?", "x", "\u212a", "k", "\u017f", "s", "\U0001f600",
    "??", "a\nb", "a*b", VARIABLE, f"{VARIABLE}*", "${aws:PrincipalTag/id, 't1'}", "${k}", "${*}",
    "a${?}b", "${$}", "${aws:TagKeys}", f"*{VARIABLE}?",
]  # fmt: skip
numbers = ["1", "1.0", "-1", "2", "1e0", "0.5", "9007199254740993", "9007199254740992"]
dates = [
    "2026-11-21T08:00:00Z", "2026-11-21T09:00:00+01:00", "1795248000", "2026-11-21", "2027",
    "2026-11-21T08:00:00.500Z",
]  # fmt: skip
addresses = ["10.0.0.1", "10.0.0.0/8", "10.9.9.9/16", "2001:db8::1", "2001:DB8::/32", "0.0.0.0/0"]
arns = [
    "arn:aws:s3:::b/t1", "arn:aws:s3:::b/*", "arn:aws:s3:::?/t1", "arn:*:s3:*:*:b/*", "*",
    "arn:aws:s3:::b/a:b", "arn:aws:s:*:1:f/*", "arn:aws:s:r:9:store/x:1:f/d", "arn:aws:s3", "t1",
    f"arn:aws:s3:::b/{VARIABLE}", VARIABLE, "arn:aws:s3:::B/t1",
]  # fmt: skip
OF_KIND = {
    "String": strings, "Numeric": numbers, "Date": dates, "Bool": ["true", "FALSE", "false"],
    "Binary": ["QQ==", "qq==", "QmluYXJ5"], "Ip": addresses, "NotIp": addresses, "Arn": arns,
    "Null": ["true", "false"],
}  # fmt: skip
KEYS = ["k", "K", "aws:PrincipalTag/id", "aws:TagKeys", "absent", "aws:ResourceAccount"]
ODD = ["t1", "1", "true", "10.0.0.1", "2026-11-21", "arn:aws:s3:::b/t1", "QQ==", ""]


def values_of(operator: str) -> list[str]:
    """Texts that are of the operator's kind."""
    name = operator.rpartition(":")[2]
    return next(values for kind, values in OF_KIND.items() if name.startswith(kind))


@st.composite
def lines(draw: st.DrawFn) -> tuple[str, str, list[str]]:
    operator = draw(st.sampled_from([*OPERATORS, "Null"]))
    values = draw(st.lists(st.sampled_from(values_of(operator)), min_size=1, max_size=3))
    return operator, draw(st.sampled_from(KEYS)), values


@st.composite
def blocks(draw: st.DrawFn) -> Json:
    block: Json = {}
    for operator, key, values in draw(st.lists(lines(), max_size=2)):
        block.setdefault(operator, {})[key] = values if len(values) > 1 else values[0]
    return block


def plain(values: list[str]) -> list[str]:
    return [value for value in values if "${" not in value]


@st.composite
def contexts(draw: st.DrawFn, block: Json) -> Json:
    """Values of the kind that the block asks for, most of the time."""
    asked = [value for operator in block for value in plain(values_of(operator))]
    one = st.sampled_from([*asked, *asked, *ODD])
    return draw(
        st.fixed_dictionaries(
            {},
            optional={
                "k": one | st.lists(one, max_size=3),
                "aws:TagKeys": st.lists(one, max_size=3),
                "aws:PrincipalTag/id": one,
            },
        )
    )


@settings(quick, max_examples=500)
@given(st.data())
def test_one_condition_block_holds_as_the_reference_says(data: st.DataObject) -> None:
    block = data.draw(blocks())
    tag = data.draw(st.none() | st.sampled_from(["t1", "*", "", "?", "arn:aws:s3:::b/t1", "a:b"]))
    version = data.draw(st.sampled_from(["2012-10-17", "2012-10-17", "2008-10-17"]))
    allow = {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": block}
    record: Json = {
        "id": "x",
        "principal": {"arn": SESSION, "tags": {} if tag is None else {"id": tag}},
        "action": "s3:GetObject",
        "resource": "arn:aws:s3:::b/t1/k",
        "context": data.draw(contexts(block)),
        "policies": {"identity": [document(allow, version=version)]},
    }

    assert answer_line(json.dumps(record)).get("decision") == decide(record), record


pieces = st.sampled_from(
    ["a", "b", "/", ":", "*", "?", "**", "\U0001f600", "\n", VARIABLE, "${*}", "${$}", "${absent}"]
)


@settings(quick, max_examples=400)
@given(
    st.lists(pieces, max_size=7).map("".join),
    st.sampled_from(["arn:aws:s3:::", "arn:aws:s3:", "arn:aws:", "arn:*:", "arn:aws:s?:*:"]),
    st.text("ab/:*\U0001f600\n", max_size=8),
    st.sampled_from(["arn:aws:s3:::", "arn:aws:s3:eu:1:", "arn:aws:sq:eu::"]),
    st.sampled_from(["a", "", "*", "a/b", ":"]),
    st.sampled_from(["Resource", "NotResource"]),
)
@example("*:a", "arn:aws:", "b:a", "arn:aws:s3:::", "a", "Resource")
def test_a_resource_pattern_covers_what_the_reference_says(
    tail: str, head: str, rest: str, start: str, tag: str, element: str
) -> None:
    record: Json = {
        "id": "x",
        "principal": {"arn": SESSION, "tags": {"id": tag}},
        "action": "s3:GetObject",
        "resource": start + rest,
        "policies": {
            "identity": [document({"Effect": "Allow", "Action": "*", element: head + tail})]
        },
    }

    assert answer_line(json.dumps(record)).get("decision") == decide(record), record


elements = st.sampled_from(
    [
        "*", {"AWS": "*"}, {"AWS": ACCOUNT}, {"AWS": OTHER}, {"AWS": [ROLE, OTHER]},
        {"AWS": SESSION}, {"AWS": USER}, {"AWS": FEDERATED}, {"AWS": ROOT}, {"Federated": PROVIDER},
        {"Service": "sns.amazonaws.com"}, {"AWS": SESSION + "2"}, {"AWS": []},
    ]
)  # fmt: skip
callers = st.sampled_from(
    [
        {"arn": SESSION}, {"arn": SESSION}, {"arn": ROLE}, {"arn": USER}, {"arn": FEDERATED},
        {"arn": ROOT}, {"arn": SERVICE_LINKED}, {"federated": PROVIDER},
        {"service": "sns.amazonaws.com"}, {"anonymous": True},
    ]
)  # fmt: skip
simple_blocks = st.sampled_from(
    [
        {}, {}, {}, {"StringEquals": {"k": "t1"}}, {"StringNotEquals": {"k": VARIABLE}},
        {"ForAllValues:StringLike": {"aws:TagKeys": ["t*"]}}, {"Null": {"k": "true"}},
        {"StringEquals": {"aws:PrincipalAccount": ACCOUNT}},
        {"ArnEquals": {"aws:PrincipalArn": ROLE}}, {"Bool": {"aws:PrincipalIsAWSService": False}},
    ]
)  # fmt: skip


@st.composite
def statements(draw: st.DrawFn, *, principal: bool = False, trust: bool = False) -> Json:
    actions = ["*", "s3:*", "s3:get*", ["sts:AssumeRole", "s3:GetObject"], "kms:*"]
    statement: Json = {
        "Effect": draw(st.sampled_from(["Allow", "Allow", "Allow", "Deny"])),
        draw(st.sampled_from(["Action", "Action", "NotAction"])): draw(st.sampled_from(actions)),
        "Condition": draw(simple_blocks),
    }
    if not trust:
        resources = [
            "*",
            "*",
            "arn:aws:s3:::b/*",
            f"arn:aws:s3:::b/{VARIABLE}/*",
            ["arn:aws:iam::*:*"],
        ]
        element = draw(st.sampled_from(["Resource", "Resource", "NotResource"]))
        statement[element] = draw(st.sampled_from(resources))
    return {**statement, "Principal": draw(elements)} if principal or trust else statement


def documents(**kind: bool) -> st.SearchStrategy[Json]:
    return st.lists(statements(**kind), min_size=1, max_size=2).map(lambda one: document(*one))


controls = documents()
everyone = documents().map(
    lambda one: document(*({**statement, "Principal": "*"} for statement in one["Statement"]))
)
policy_sets = st.fixed_dictionaries(
    {"identity": st.lists(documents(), max_size=2)},
    optional={
        "resource": documents(principal=True),
        "trust": documents(trust=True),
        "session": st.lists(documents(), max_size=2),
        "boundary": documents(),
        "service_control": st.lists(st.lists(controls, max_size=2), max_size=1),
        "resource_control": st.lists(st.lists(everyone, max_size=2), max_size=1),
    },
)
records = st.builds(
    lambda caller, tags, asked, account, context, policies: {
        "id": "x",
        "principal": {**caller, "tags": tags},
        "action": asked[0],
        "resource": asked[1],
        "resource_account": account,
        "context": context,
        "policies": policies,
    },
    callers,
    st.sampled_from([{}, {"id": "t1"}, {"id": "t2"}]),
    st.sampled_from(
        [
            ("s3:GetObject", "arn:aws:s3:::b/t1/k"),
            ("sts:AssumeRole", TARGET),
            ("kms:Decrypt", f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/k"),
        ]
    ),
    st.sampled_from([ACCOUNT, ACCOUNT, OTHER]),
    st.sampled_from([{}, {"k": "t1"}, {"k": ["t1"], "aws:TagKeys": ["t1", "x"]}]),
    policy_sets,
)


@settings(quick, max_examples=500)
@given(records)
def test_every_layer_decides_as_the_reference_says(record: Json) -> None:
    assert answer_line(json.dumps(record)).get("decision") == decide(record), record


def test_the_reference_gives_every_vector_its_decision() -> None:
    """All but NotPrincipal, which is contested, and errors, which are none of its business."""
    told = [row.values[0] for row in rows()]
    told = [row for row in told if "error" not in row and "NotPrincipal" not in json.dumps(row)]

    assert len(told) > 400
    assert [row["record"] for row in told if decide(row["record"]) != row["decision"]] == []
