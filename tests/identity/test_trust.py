"""Trust rules give a power for named claims, and never for less."""

import pytest

from tests.fakes.issuer import FakeIssuer
from tests.identity.verifying import claims_of
from valetkey.identity import (
    ClaimCheck,
    Claims,
    IdentityError,
    IssuerUrl,
    Power,
    Principal,
    Refusal,
    TrustRule,
    admit,
    check_trust,
)


def rule(
    name: str = "end-users",
    issuer: str = "cognito",
    *,
    may: Power = Power.BE_WORKED_FOR,
    subjects_of: tuple[str, ...] = (),
    attributes: tuple[str, ...] = (),
    **claims: object,
) -> TrustRule:
    checks = {path.replace("__", "."): ClaimCheck.of(value) for path, value in claims.items()}
    return TrustRule(name, issuer, checks, may, subjects_of=subjects_of, attributes=attributes)


def verified(fake: FakeIssuer | None = None, /, **changes: object) -> Claims:
    issuer = fake or FakeIssuer()
    return claims_of(issuer.sign(issuer.claims(**changes)), issuer)


def admitted(claims: Claims, *rules: TrustRule) -> Principal:
    principal = admit(claims, FakeIssuer().configured(), rules)
    assert isinstance(principal, Principal)
    return principal


def code_of(**settings: object) -> str:
    with pytest.raises(IdentityError) as error:
        rule(**settings)  # type: ignore[arg-type]
    return error.value.code


def test_a_rule_with_no_claims_is_refused() -> None:
    assert code_of() == "trust-rule-empty"


@pytest.mark.parametrize(
    "claims",
    [{"aud": "valetkey"}, {"iss": "https://issuer.example"}, {"aud": "valetkey", "jti": "t-1"}],
    ids=str,
)
def test_trust_by_audience_alone_is_refused(claims: dict[str, object]) -> None:
    assert code_of(**claims) == "trust-rule-too-wide"


@pytest.mark.parametrize("value", [[], "", ["a", ""], 1.5, None, {"glob": "a*"}, [["a"]], [None]])
def test_a_check_that_could_mean_anything_is_refused(value: object) -> None:
    assert code_of(sub=value) == "trust-rule-invalid"


def test_for_and_attributes_belong_to_who_opens_runs() -> None:
    assert code_of(sub="alice", subjects_of=("x",)) == "trust-rule-invalid"
    assert code_of(sub="alice", attributes=("task_id",)) == "trust-rule-invalid"
    assert code_of(name="", sub="alice") == "trust-rule-invalid"


@pytest.mark.parametrize(
    ("want", "have", "passes"),
    [
        ("alice", "alice", True),
        ("alice", "Alice", False),
        ("alice", "alice2", False),
        ("alice", ["bob", "alice"], True),
        ("alice", ["bob"], False),
        ("alice", [["alice"]], False),
        ("alice", {"alice": True}, False),
        ("*", "alice", False),
        ("ali*", "alice", False),
        (["alice", "bob"], "bob", True),
        (["alice", "bob"], "carol", False),
        (["alice", "bob"], ["carol", "bob"], True),
        (True, True, True),
        (True, "true", False),
        (True, 1, False),
        (1, True, False),
        (1, 1, True),
        (1, 1.0, False),
        (1, "1", False),
        ("1", 1, False),
        (False, None, False),
        (False, 0, False),
        (0, False, False),
        ("null", None, False),
    ],
)
def test_a_claim_is_exact_type_and_all(want: object, have: object, passes: bool) -> None:
    claims = verified(checked={"value": have})
    outcome = admit(claims, FakeIssuer().configured(), [rule(checked__value=want)])
    assert isinstance(outcome, Principal) is passes


def test_an_absent_claim_does_not_pass() -> None:
    outcome = admit(verified(), FakeIssuer().configured(), [rule(email_verified=False)])
    assert isinstance(outcome, Refusal)
    assert outcome.code == "not-admitted"


def test_every_claim_of_a_rule_must_pass() -> None:
    claims = verified(team="a", role="dev")
    assert isinstance(
        admit(claims, FakeIssuer().configured(), [rule(team="a", role="lead")]), Refusal
    )
    assert admitted(claims, rule(team="a", role="dev")).may(Power.BE_WORKED_FOR)


def test_a_dotted_path_reaches_nested_claims_and_names_with_dots() -> None:
    claims = verified(**{"kubernetes.io": {"serviceaccount": {"name": "orchestrator"}}})
    assert admitted(claims, rule(kubernetes__io__serviceaccount__name="orchestrator"))
    flat = verified(**{"https://example.com/roles": ["dev"]})
    checks = {"https://example.com/roles": ClaimCheck.of("dev")}
    assert admitted(flat, TrustRule("devs", "cognito", checks, Power.APPROVE))


def test_a_path_with_two_meanings_does_not_pass() -> None:
    claims = verified(**{"a.b": "yes", "a": {"b": "yes"}})
    outcome = admit(claims, FakeIssuer().configured(), [rule(a__b="yes")])
    assert isinstance(outcome, Refusal)
    assert "two meanings" in outcome.reasons[0]


def test_equal_subjects_of_two_issuers_are_two_principals() -> None:
    ours, theirs = FakeIssuer(), FakeIssuer(url="https://other.example")
    one = admit(verified(ours), ours.configured("ours"), [rule(issuer="ours", sub="alice")])
    two = admit(verified(theirs), theirs.configured("theirs"), [rule(issuer="theirs", sub="alice")])
    assert isinstance(one, Principal)
    assert isinstance(two, Principal)
    assert one.subject == two.subject
    assert one.identity != two.identity
    assert one != two
    assert (one.label, two.label) == ("ours:alice", "theirs:alice")


def test_a_rule_admits_nobody_of_another_issuer() -> None:
    theirs = FakeIssuer(url="https://other.example")
    outcome = admit(
        verified(theirs), theirs.configured("theirs"), [rule(issuer="ours", sub="alice")]
    )
    assert isinstance(outcome, Refusal)
    assert outcome.code == "not-admitted"


def test_claims_of_one_issuer_are_not_admitted_as_anothers() -> None:
    theirs = FakeIssuer(url="https://other.example")
    outcome = admit(verified(theirs), FakeIssuer().configured(), [rule(sub="alice")])
    assert isinstance(outcome, Refusal)
    assert outcome.code == "issuer-mismatch"


def test_there_is_no_default_power_for_the_unmatched() -> None:
    for rules in ([], [rule(sub="bob")]):
        outcome = admit(verified(), FakeIssuer().configured(), rules)
        assert isinstance(outcome, Refusal)


def test_no_power_contains_another() -> None:
    for power in Power:
        principal = admitted(verified(), rule(sub="alice", may=power))
        assert [other for other in Power if principal.may(other)] == [power]


def test_all_rules_that_pass_count_in_their_order() -> None:
    rules = (
        rule("one", sub="alice", may=Power.APPROVE),
        rule("two", sub="bob", may=Power.ADMINISTER),
        rule("three", sub="alice", may=Power.APPROVE),
    )
    principal = admitted(verified(), *rules)
    assert [given.name for given in principal.rules_for(Power.APPROVE)] == ["one", "three"]
    assert not principal.may(Power.ADMINISTER)


def test_an_actor_works_for_subjects_of_the_rules_it_names_alone() -> None:
    opener = rule("opener", sub="alice", may=Power.OPEN_RUNS, subjects_of=("end-users",))
    idle = rule("idle", sub="alice", may=Power.OPEN_RUNS, attributes=("repo",))
    actor = admitted(verified(), opener, idle)
    served = admitted(verified(sub="bob"), rule(sub="bob"))
    other = admitted(verified(sub="carol"), rule("contractors", sub="carol"))
    namesake = admitted(verified(sub="dave"), rule(sub="dave", may=Power.APPROVE))
    assert actor.rules_to_work_for(served) == (opener,)
    assert actor.rules_to_work_for(other) == ()
    assert actor.rules_to_work_for(namesake) == ()
    assert served.rules_to_work_for(actor) == ()


def test_a_claim_that_names_a_person_is_not_the_principal() -> None:
    """Lessons 2 and 3: `verified_user_id` is a field anyone's client can set; `sub` is not."""
    principal = admitted(verified(verified_user_id="bob", user_id="bob"), rule(sub="alice"))
    assert principal.subject == "alice"
    assert principal.identity == (IssuerUrl("https://issuer.example"), "alice")


def test_a_refusal_tells_the_caller_nothing_of_the_rules() -> None:
    outcome = admit(verified(team="a"), FakeIssuer().configured(), [rule("inner-circle", team="b")])
    assert isinstance(outcome, Refusal)
    assert "inner-circle" in outcome.reasons[0]
    assert "inner-circle" not in outcome.public
    assert "team" not in outcome.public


def test_reasons_name_claims_and_never_their_values() -> None:
    outcome = admit(
        verified(email="alice@example.com"),
        FakeIssuer().configured(),
        [rule(email="bob@example.com")],
    )
    assert isinstance(outcome, Refusal)
    assert "example.com" not in " ".join(outcome.reasons)


def test_a_rules_claims_cannot_be_changed_later() -> None:
    checks = {"sub": ClaimCheck.of("alice")}
    made = TrustRule("end-users", "cognito", checks, Power.BE_WORKED_FOR)
    checks["sub"] = ClaimCheck.of("bob")
    assert made.objection(verified().all) is None


@pytest.mark.parametrize(
    ("rules", "code"),
    [
        ((rule(sub="a"), rule(sub="b")), "trust-rule-duplicate"),
        ((rule(issuer="nobody", sub="a"),), "trust-rule-unknown-issuer"),
        (
            (rule(sub="a", may=Power.OPEN_RUNS, subjects_of=("nobody",)),),
            "trust-rule-unknown-subjects",
        ),
        (
            (
                rule("approvers", sub="a", may=Power.APPROVE),
                rule(sub="b", may=Power.OPEN_RUNS, subjects_of=("approvers",)),
            ),
            "trust-rule-unknown-subjects",
        ),
    ],
)
def test_rules_that_do_not_fit_together_are_refused(
    rules: tuple[TrustRule, ...], code: str
) -> None:
    with pytest.raises(IdentityError) as error:
        check_trust([FakeIssuer().configured()], rules)
    assert error.value.code == code


def test_who_opens_for_a_rule_that_serves_nobody_is_told_which_do() -> None:
    rules = (rule("openers", sub="a", may=Power.OPEN_RUNS, subjects_of=("nobody",)),)
    for added, told in (((), "none yet"), ((rule("end-users", sub="b"),), "`end-users`")):
        with pytest.raises(IdentityError) as caught:
            check_trust([FakeIssuer().configured()], (*rules, *added))
        assert told in str(caught.value.hint)
