"""Whatever is damaged in a source, a reader says so in its own words or reads it: it never breaks.

And nothing is lost: a policy that is taken out of what was read shows in what is read then.
"""

import copy
import json
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.tenancy.forms import sets
from tests.tenancy.forms.terraform import planned
from valetkey.errors import ValetkeyError
from valetkey.tenancy.forms import (
    Surroundings,
    Wanted,
    json_files,
    read_plan,
    read_role_files,
    read_template,
    template_files,
    terraform_files,
)
from valetkey.tenancy.policy_set import PolicySet

HERE = Surroundings(sets.ACCOUNT, sets.REGION)
WANTED = Wanted(frozenset({sets.AGENT, sets.TOOLS}), frozenset({sets.BROKER}))
ODD: tuple[Any, ...] = (
    None, True, 0, -1, 1.5, "", "x", [], {}, [None], [[]], {"": 1}, {"Ref": "x"}, {"Ref": None},
    {"Fn::GetAtt": ["x"]}, {"Fn::GetAtt": "x"}, {"Fn::Sub": ["${x}", 1]}, {"Fn::If": [1, 2, 3]},
    {"Fn::Join": ["", [1, None]]}, {"Fn::Select": [{}, []]}, {"Fn::Split": ["", "x"]},
    {"Fn::FindInMap": []}, {"Fn::Equals": [1, 1]}, {"references": 1}, {"Statement": 1}, "{", "%",
    "arn:", "::::::", "arn:aws:iam::1:role/x",
)  # fmt: skip


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from _places(value[key], (*path, key))


def _with(value: Any, path: tuple[Any, ...], odd: Any) -> Any:
    damaged = copy.deepcopy(value)
    inner = damaged
    for step in path[:-1]:
        inner = inner[step]
    if not path:
        return odd
    inner[path[-1]] = odd
    return damaged


TEMPLATE = {
    **json.loads(template_files(sets.WHOLE).files["template.json"]),
    "Parameters": {"P": {"Type": "CommaDelimitedList", "Default": "a,b"}},
    "Conditions": {"C": {"Fn::Or": [{"Fn::Equals": [{"Ref": "AWS::Region"}, "eu-west-1"]}]}},
    "Mappings": {"M": {"a": {"b": "c"}}},
}
TEMPLATE["Resources"] |= {
    "Table": {
        "Type": "AWS::DynamoDB::Table",
        "Condition": "C",
        "Properties": {
            "TableName": {"Fn::FindInMap": ["M", "a", "b"]},
            "ResourcePolicy": {"PolicyDocument": sets.OWN_OBJECTS},
        },
    },
    "Permission": {
        "Type": "AWS::Lambda::Permission",
        "Properties": {
            "FunctionName": {"Fn::Sub": ["${F}", {"F": {"Fn::Select": ["0", {"Ref": "P"}]}}]},
            "Action": "lambda:InvokeFunction",
            "Principal": {"Fn::Join": [".", ["s3", "amazonaws", "com"]]},
        },
    },
    "Global": {
        "Type": "AWS::DynamoDB::GlobalTable",
        "Properties": {
            "TableName": "g",
            "Replicas": [
                {"Region": "eu-west-1", "ResourcePolicy": {"PolicyDocument": sets.OWN_OBJECTS}}
            ],
        },
    },
    "Key": {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": sets.OWN_OBJECTS}},
    "Attached": {
        "Type": "AWS::IAM::Policy",
        "Properties": {
            "PolicyName": "p", "PolicyDocument": sets.OWN_OBJECTS, "Roles": ["AgentTools"],
        },
    },
}  # fmt: skip
PLAN = planned(json.loads(terraform_files(sets.WHOLE).files["valetkey.tf.json"]))
ROLE = json.loads(json_files(sets.WHOLE).files["AgentTools.role.json"])


def _template(text: str) -> PolicySet:
    return read_template(text, HERE, parameters={"Key": "k"}, wanted=WANTED)


def _plan(text: str) -> PolicySet:
    return read_plan(text, HERE, wanted=WANTED)


def _role(text: str) -> PolicySet:
    return read_role_files({"r.json": text})


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("source", "read"), [(TEMPLATE, _template), (PLAN, _plan), (ROLE, _role)])
def test_a_damaged_source_is_read_or_refused_in_our_own_words(
    source: dict[str, Any], read: Callable[[str], PolicySet], seed: int
) -> None:
    draw = random.Random(seed)
    places = [path for path in _places(source) if "Statement" not in path]
    read(json.dumps(source))
    for _ in range(150):
        path, odd = draw.choice(places), draw.choice(ODD)
        try:
            read(json.dumps(_with(source, path, odd)))
        except ValetkeyError as error:
            assert error.code.startswith("policy-source-"), (path, odd)
            assert "\n" not in error.message
        except Exception as error:  # noqa: BLE001 - which damage broke it is what we must know
            pytest.fail(f"{path} = {odd!r}: {error!r}")
