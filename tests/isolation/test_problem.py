"""A problem's policies are the evaluator's own, under the names that answers use."""

import pytest

from tests.iam.build import ACCOUNT, ROLE, TABLE, document, statement
from tests.isolation.build import TRUST, problem_with
from valetkey.iam import Layer, PolicyError
from valetkey.isolation.problem import problem_of
from valetkey.tenancy.policy_set import Attached, PolicySet, RolePolicies
from valetkey.tenancy.tenancy_map import TenancyMap

BUCKET = "arn:aws:s3:::b"
NOBODY = TenancyMap((), ())


def test_policies_are_compiled_under_the_names_that_answers_use() -> None:
    role = RolePolicies(
        ROLE, TRUST, (Attached("permissions", document(statement())),), boundary=document()
    )
    everyone = document(statement(Principal="*"))
    problem = problem_of(
        NOBODY,
        PolicySet(
            (role,),
            resource_policies={BUCKET: everyone, TABLE: None},
            service_control=((Attached("scp", document(statement())),),),
            resource_control=((Attached("rcp", everyone),),),
            brokers={ROLE: document(statement())},
        ),
    )
    (compiled,) = problem.roles
    policies = problem.policies_of(compiled, problem.places("s3:GetObject")[0])

    assert [one.name for one in compiled.permissions] == ["permissions"]
    assert (compiled.trust.name, compiled.trust.layer) == (f"trust of {ROLE}", Layer.TRUST)
    assert compiled.boundary is not None and compiled.boundary.layer is Layer.BOUNDARY
    assert policies.resource is problem.resource_policies[BUCKET]
    assert policies.resource is not None
    assert policies.resource.name == f"resource policy of {BUCKET}"
    assert policies.identity == compiled.permissions
    assert policies.boundary is compiled.boundary
    assert policies.session is None
    assert [[one.layer for one in level] for level in policies.service_control] == [
        [Layer.SERVICE_CONTROL]
    ]
    assert [[one.name for one in level] for level in policies.resource_control] == [["rcp"]]
    assert problem.resource_policies[TABLE] is None
    assert problem.brokers[ROLE].layer is Layer.IDENTITY


def test_a_document_that_is_none_of_iams_is_refused() -> None:
    with pytest.raises(PolicyError) as raised:
        problem_with(statement(Effect="Maybe"))

    assert raised.value.code == "malformed-policy"


def test_a_role_without_a_boundary_has_none() -> None:
    problem = problem_with(statement())

    assert problem.roles[0].boundary is None
    assert problem.policies_of(problem.roles[0], problem.places("s3:GetObject")[0]).boundary is None
    assert ACCOUNT in problem.roles[0].policies.arn


def test_what_is_wrong_in_a_policy_is_told_with_its_name_and_role() -> None:
    wrong = Attached("own", document(statement(Resource="not an ARN")))
    with pytest.raises(PolicyError) as caught:
        problem_of(NOBODY, PolicySet((RolePolicies(ROLE, TRUST, (wrong,)),)))
    assert (caught.value.code, caught.value.message.partition(":")[0]) == (
        "malformed-policy",
        "own of arn",
    )
    assert ROLE in caught.value.message
