"""What proofs rest on: told with the theorems and maps that they are about."""

from tests.isolation.trusts import a_map, a_problem
from tests.tenancy.maps import ROLE, a_table, of, section, whole_map
from valetkey.isolation.answer import Theorem
from valetkey.isolation.assumptions import assumptions_of
from valetkey.isolation.problem import Problem, problem_of
from valetkey.tenancy import PolicySet, Source


def _texts(problem: Problem, theorem: Theorem) -> str:
    return "\n".join(one.text for one in assumptions_of(problem, theorem))


def test_every_theorem_tells_what_it_rests_on_and_who_keeps_it() -> None:
    for theorem in Theorem:
        found = assumptions_of(a_problem(), theorem)
        assert found
        assert all(one.text and one.kept_by for one in found)


def test_no_assumption_is_told_twice() -> None:
    problem = problem_of(whole_map(), PolicySet(()))
    for theorem in Theorem:
        texts = [one.text for one in assumptions_of(problem, theorem)]
        assert len(texts) == len(set(texts))


def test_isolation_rests_on_all_that_the_policies_do_not_say() -> None:
    found = _texts(a_problem(), Theorem.ISOLATION)
    for said in (
        "every resource policy",
        "session",
        "ACLs",
        "replication",
        "iam:TagRole",
        "administrators",
        "the broker is honest",
        "subject and work tags",
        "timing",
    ):
        assert said in found


def test_what_is_of_buckets_alone_is_told_of_buckets_alone() -> None:
    tables = of(section(queues=[{"arn": "arn:aws:sqs:eu-west-1:111122223333:work-{user_id}",
                                 "access": ["send"]}]))  # fmt: skip
    found = _texts(problem_of(tables, PolicySet(())), Theorem.ISOLATION)
    assert "ACLs" not in found
    assert "ARN has a tag" in found
    assert "ARN has a tag" not in _texts(a_problem(), Theorem.ISOLATION)


def test_what_no_tag_may_hold_is_told_of_who_can_use_the_map() -> None:
    assert "no run has `/` in its `user_id`" in _texts(a_problem(), Theorem.USABLE)
    assert "in its `user_id`" not in _texts(a_problem(), Theorem.ISOLATION)


def test_that_keys_are_texts_is_told_of_tables() -> None:
    queues = of(section(queues=[{"arn": "arn:aws:sqs:eu-west-1:111122223333:work-{user_id}",
                                 "access": ["send"]}]))  # fmt: skip
    assert "partition keys" in _texts(a_problem(), Theorem.ISOLATION)
    assert "partition keys" not in _texts(problem_of(queues, PolicySet(())), Theorem.ISOLATION)


def test_keys_of_the_issuer_are_told_of_where_tokens_are_used() -> None:
    theorem = Theorem.ONLY_BY_THE_BROKER
    assert "key set" not in _texts(a_problem(), theorem)
    assert "key set" in _texts(a_problem(a_map(Source.WEB_IDENTITY)), theorem)


def test_both_sides_are_told_of_where_a_resource_is_of_another_account() -> None:
    said = "another account"
    assert said not in _texts(a_problem(), Theorem.ISOLATION)
    arn = "arn:aws:dynamodb:eu-west-1:999988887777:table/Orders"
    tenancy = of(section(tables=[a_table(arn=arn)]))
    problem = problem_of(tenancy, a_problem().policies)
    assert problem.roles[0].policies.arn == ROLE
    assert said in _texts(problem, Theorem.ISOLATION)


def test_what_was_taken_of_a_source_is_yours_to_keep() -> None:
    problem = problem_of(whole_map(), PolicySet((), taken=("the parameter has its default",)))
    for theorem in Theorem:
        (found,) = (one for one in assumptions_of(problem, theorem) if "default" in one.text)
        assert found.kept_by == "you"
