"""A map that gives one thing to two is told as the map's fault, with both of its entries."""

from typing import Any

from tests.isolation.trusts import a_problem, trust_of
from tests.tenancy.maps import a_prefix, of, section
from valetkey.isolation.answer import Answer, Verdict, Witness
from valetkey.isolation.deciding import decide
from valetkey.isolation.overlaps import overlaps
from valetkey.isolation.problem import Problem, problem_of
from valetkey.isolation.proving import verdict
from valetkey.isolation.question import Settled
from valetkey.isolation.regions import regions_of
from valetkey.tenancy import generated, rights_of

BUCKET = "arn:aws:s3:::traces"


def found_in(problem: Problem) -> list[Witness]:
    verdicts: list[Verdict] = []
    for asked in overlaps(problem, regions_of(rights_of(problem.tenancy))):
        if isinstance(asked, Settled):
            verdicts.append(asked.verdict)
        else:
            verdicts.append(verdict(asked, decide(asked.formula, plain=asked.plain)))
    assert all(one.answer is not Answer.UNKNOWN for one in verdicts)
    return [one.witness for one in verdicts if one.witness is not None]


def by_its_own_policies(**tables: Any) -> list[Witness]:
    tenancy = of(section(**tables), tags=("user_id",))
    return found_in(problem_of(tenancy, generated(tenancy)))


def test_what_is_shared_and_owned_names_both_entries_and_another_run_asks_for_it() -> None:
    found = by_its_own_policies(
        prefixes=[a_prefix(prefix="{user_id}/", access=["read"])],
        shared=[{"arn": f"{BUCKET}/shared/*", "access": ["read"]}],
    )
    assert found
    for witness in found:
        asker, owner = witness.runs
        assert witness.entries == ("tenancy.prefixes[0]", "tenancy.shared[0]")
        assert (owner["user_id"], asker["user_id"] == "shared") == ("shared", False)
        assert witness.resource.startswith(f"{BUCKET}/shared/")


def test_a_listing_of_all_is_asked_for_by_another_than_the_owner() -> None:
    found = by_its_own_policies(
        prefixes=[a_prefix(access=["list"])],
        shared=[{"arn": BUCKET, "access": ["list"]}],
    )
    assert found
    for witness in found:
        assert witness.runs[0] != witness.runs[1]
        assert not str(witness.context.get("s3:prefix", "")).startswith(
            f"traces/{witness.runs[0]['user_id']}/"
        )


def test_what_only_the_trust_policy_would_keep_apart_is_not_the_maps_fault() -> None:
    unbounded = trust_of(condition={"StringLike": {"aws:RequestTag/user_id": "?*"}})
    found = found_in(a_problem(trust=unbounded))
    assert found
    assert all(witness.entries == () for witness in found)


def test_apart_from_each_other_entries_have_no_witness() -> None:
    assert not by_its_own_policies(
        prefixes=[a_prefix(access=["read"])],
        shared=[{"arn": f"{BUCKET}/shared/*", "access": ["read"]}],
    )
