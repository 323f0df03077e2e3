"""Compiled once, evaluated many times: what a policy remembers changes no answer."""

import json
import time

from tests.iam.build import OBJECT, TABLE, document, policy, session, statement
from valetkey.iam import Layer, Policies, Request, evaluate, parse_policy
from valetkey.iam.policy import REMEMBERED_ACTIONS


def test_remembered_actions_do_not_mix() -> None:
    policies = Policies(identity=(policy(statement(Action="s3:Get*")),))

    for _ in range(2):
        assert evaluate(Request(session(), "s3:GetObject", OBJECT), policies).allowed
        assert evaluate(Request(session(), "S3:GETOBJECT", OBJECT), policies).allowed
        assert not evaluate(Request(session(), "s3:PutObject", OBJECT), policies).allowed


def test_what_is_remembered_is_bounded() -> None:
    one = policy(statement())

    for index in range(3 * REMEMBERED_ACTIONS):
        evaluate(Request(session(), f"s3:{index}", OBJECT), Policies(identity=(one,)))

    assert len(one._by_action) <= REMEMBERED_ACTIONS


def test_a_policy_that_fills_its_limit_is_decided_quickly() -> None:
    patterns = [f"arn:aws:s3:::b/*a?{index}" for index in range(2_000)]
    block = {"ForAllValues:StringLike": {"k": ["*a?b"] * 500}}
    wide = json.dumps(document(statement(Resource=patterns), statement(Condition=block)))
    compiled = parse_policy(wide, name="p", layer=Layer.IDENTITY)
    request = Request(session(), "s3:GetObject", TABLE, context={"k": ("a" * 20,) * 20})

    started = time.process_time()
    evaluate(request, Policies(identity=(compiled,)))

    assert time.process_time() - started < 1
