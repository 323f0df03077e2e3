"""Compiled once, evaluated many times: what a policy remembers changes no answer."""

import json

from tests.cpu import SOON, within
from tests.iam.build import ACCOUNT, OBJECT, TABLE, document, policy, session, statement
from valetkey.iam import Layer, Policies, Principal, PrincipalKind, Request, evaluate, parse_policy
from valetkey.iam.policy import REMEMBERED_ACTIONS


def test_remembered_actions_do_not_mix() -> None:
    policies = Policies(identity=(policy(statement(Action="s3:Get*")),))

    for _ in range(2):
        assert evaluate(Request(session(), "s3:GetObject", OBJECT), policies).allowed
        assert evaluate(Request(session(), "S3:GETOBJECT", OBJECT), policies).allowed
        assert not evaluate(Request(session(), "s3:PutObject", OBJECT), policies).allowed


def test_what_is_remembered_is_bounded() -> None:
    one = policy(statement())
    policies = Policies(identity=(one,))

    for index in range(3 * REMEMBERED_ACTIONS):
        evaluate(Request(session(), f"s3:{index}", OBJECT), policies)

    assert len(one._by_action) <= REMEMBERED_ACTIONS
    assert len(policies._by_action) <= REMEMBERED_ACTIONS


def test_what_is_remembered_of_callers_with_an_arn_is_not_of_others() -> None:
    everyone = policy(statement(Principal="*"), layer=Layer.RESOURCE)
    control = policy(statement(Effect="Deny"), layer=Layer.SERVICE_CONTROL)
    policies = Policies(resource=everyone, service_control=((control,),))
    service = Principal(PrincipalKind.SERVICE, "s3.amazonaws.com", account=ACCOUNT)

    for _ in range(2):
        assert evaluate(Request(service, "s3:GetObject", OBJECT), policies).allowed
        assert not evaluate(Request(session(), "s3:GetObject", OBJECT), policies).allowed


def test_a_policy_that_fills_its_limit_is_decided_quickly() -> None:
    patterns = [f"arn:aws:s3:::b/*a?{index}" for index in range(2_000)]
    block = {"ForAllValues:StringLike": {"k": ["*a?b"] * 500}}
    wide = json.dumps(document(statement(Resource=patterns), statement(Condition=block)))
    compiled = parse_policy(wide, name="p", layer=Layer.IDENTITY)
    request = Request(session(), "s3:GetObject", TABLE, context={"k": ("a" * 20,) * 20})

    with within(SOON):
        evaluate(request, Policies(identity=(compiled,)))
