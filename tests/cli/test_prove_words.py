"""`valetkey prove`: a proof as a person reads it on a terminal."""

from dataclasses import replace

import pytest

from tests.cli.proof_world import (
    EDIT,
    HOSTILE,
    OWN,
    REFUTED,
    ROLE,
    TENANCY,
    UNSURE,
    answered,
    policies,
    proof,
    report,
    witness,
)
from valetkey.cli.output import print_lines
from valetkey.cli.prove_html import page_of
from valetkey.cli.prove_proof import Change, Proof, Replayed, Unmended
from valetkey.cli.prove_reach import reaches, written
from valetkey.cli.prove_words import words_of
from valetkey.iam import StatementRef
from valetkey.isolation.answer import Answer, Theorem, TheoremAnswer
from valetkey.isolation.mending import Mend
from valetkey.tenancy import Access, Kind, Owned, Tag


def told(made: Proof) -> str:
    return "\n".join(line.text for line in words_of(made))


def test_each_theorem_is_told_with_its_answer() -> None:
    text = told(proof())

    assert text.splitlines()[0] == "refuted: the policies do not do what the map says"
    assert "✗ isolation: refuted (3 questions, 0.2 s)" in text
    for theorem in ("fail-closed", "only-by-the-broker", "no-way-up", "usable"):
        assert f"✓ {theorem}: proved" in text


def test_a_witness_is_a_request_in_words_with_what_allows_it() -> None:
    text = told(proof())

    assert "a run with user_id = `a`, task_id = `t`, as arn:aws:sts::" in text
    assert "asks for s3:GetObject on arn:aws:s3:::trace-artifacts/traces/b/1" in text
    assert "with s3:prefix = `x`" in text
    assert "with aws:TagKeys = [`user_id`, `task_id`]" in text
    assert "the policies answer allow, where the map says deny" in text
    assert "belongs to the run with user_id = `b`" in text
    where = "(role.json, $.policies[0].Statement[1])"
    assert f"allowed by permissions, statement 1 `Broad` {where}" in text


def test_a_denial_of_ones_own_data_is_said_as_one() -> None:
    refused = witness(expected="allow", got="deny", runs=({"user_id": "a"},), statements=())
    text = told(proof(report(answered(Theorem.USABLE, Answer.REFUTED, refused))))

    assert "the policies answer deny, where the map says allow" in text
    assert "belongs to" not in text


def test_who_makes_a_session_is_not_said_to_have_its_tags() -> None:
    broker = "arn:aws:iam::111122223333:role/Other"
    asks = witness(action="sts:AssumeRole", resource=ROLE, principal=broker, statements=())
    text = told(proof(report(answered(Theorem.ONLY_BY_THE_BROKER, Answer.REFUTED, asks))))

    assert f"somebody, as {broker}" in text
    assert "for a session with user_id = `a`" in text


def test_an_unknown_says_why_and_is_never_a_yes() -> None:
    text = told(proof(UNSURE))

    assert text.startswith("unknown: ")
    assert "? usable: unknown" in text
    assert "because no time was left" in text


def test_assumptions_are_listed_once_with_who_keeps_them() -> None:
    text = told(proof())

    assert text.count("ACLs are off") == 1
    assert "Assumed, and kept by AWS\n  ACLs are off" in text
    assert "Assumed, and kept by the broker" in text


def test_what_aws_enforces_is_told_by_statement() -> None:
    denied = {"Effect": "Deny", "NotAction": [f"s3:A{index}" for index in range(9)]}
    text = told(proof(policies=policies(OWN, denied)))

    assert f"What AWS enforces, by statement\n  trust of {ROLE}\n" in text
    assert "0 `Own` allows s3:GetObject" in text
    assert "1 denies all but s3:A0, s3:A1, s3:A2, s3:A3, s3:A4, s3:A5 and 3 more" in text


def test_each_resource_says_which_tag_reaches_what() -> None:
    text = told(proof())

    assert "bucket: {user_id} may read, write" in text
    assert "object key: traces/{user_id}/*" in text
    assert "partition key: {task_id}" in text
    assert "partition key of index by_user: {user_id}" in text
    assert "shared: every run may read" in text
    assert "protected: no run may write it" in text


def test_what_may_follow_is_a_star() -> None:
    arn = ("arn:aws:secretsmanager:eu-west-1:111122223333:secret:", Tag("user_id"), "/")
    secret = Owned(Kind.SECRET, "tenancy.secrets[0]", arn, frozenset({Access.READ}), open=True)
    (reach,) = reaches(replace(TENANCY, owned=(secret,), shared=(), protected=(), models=()))

    assert [written(part.text, is_open=part.open) for part in reach.parts] == [
        "arn:aws:secretsmanager:eu-west-1:111122223333:secret:{user_id}/*"
    ]


def test_the_mend_is_a_diff_and_what_it_proves() -> None:
    text = told(proof(mend=Mend(policies(OWN), (EDIT,), report())))

    assert f"The smallest mend that was found\n  {EDIT}" in text
    assert '-      "Sid": "Broad",' in text
    assert f"--- {ROLE} permissions[0] permissions" in text
    assert "with this edit: isolation proved, fail-closed proved" in text


def test_what_changed_and_what_was_replayed_is_told() -> None:
    change = Change("main", Answer.PROVED, ("s3:GetObject is open",), ())
    replayed = Replayed(Theorem.ISOLATION, witness(), "the byte of b arrived", True)
    text = told(proof(change=change, replayed=(replayed,)))

    assert "Opened since main\n  s3:GetObject is open" in text
    assert "Closed since main\n  nothing" in text
    assert "replayed: the byte of b arrived" in text


def test_a_terminal_escape_in_a_tag_or_sid_is_shown_not_sent(
    capsys: pytest.CaptureFixture[str],
) -> None:
    sent = witness(
        runs=({HOSTILE: HOSTILE},),
        resource=HOSTILE,
        context={HOSTILE: HOSTILE},
        why=HOSTILE,
        principal=HOSTILE,
        statements=(StatementRef(HOSTILE, 0, HOSTILE),),
    )
    asked = answered(Theorem.ISOLATION, Answer.REFUTED, sent, reasons=(HOSTILE,))
    mend = Mend(policies(OWN | {"Sid": HOSTILE}), (HOSTILE,), REFUTED)
    change = Change(HOSTILE, Answer.PROVED, (HOSTILE,))
    print_lines(words_of(proof(report(asked), mend=mend, change=change)))
    out = capsys.readouterr().out

    assert "\\x1b[2J" in out
    assert all(letter.isprintable() for letter in out.replace("\n", ""))


def test_what_several_questions_found_is_told_once() -> None:
    replayed = Replayed(Theorem.ISOLATION, witness(), "it came", True)
    twice = report(answered(Theorem.ISOLATION, Answer.REFUTED, witness(), witness()))
    text = told(proof(twice, replayed=(replayed, replayed)))

    assert text.count("asks for s3:GetObject") == 1
    assert text.count("replayed: it came") == 1


def test_a_list_that_nobody_reads_is_cut() -> None:
    many = [witness(why=f"number {index}") for index in range(30)]
    text = told(proof(report(answered(Theorem.ISOLATION, Answer.REFUTED, *many))))

    assert text.count("asks for s3:GetObject") == 8
    assert "and 22 more; --json has them all" in text


def test_generated_policies_are_said_to_be_generated() -> None:
    made = proof(report())
    text = told(Proof(made.tenancy, made.policies, made.report, made.files[:1]))

    assert "the policies that are generated from it" in text
    assert "role.json" not in text


def test_a_map_that_gives_one_thing_to_two_is_said_to_be_at_fault() -> None:
    both = witness(entries=("tenancy.prefixes[0]", "tenancy.shared[0]"))
    text = told(proof(report(answered(Theorem.ISOLATION, Answer.REFUTED, both))))

    assert text.splitlines()[0] == "refuted: the map gives one thing to two"
    assert "the map's `tenancy.prefixes[0]` and `tenancy.shared[0]` overlap" in text
    assert "where the map says deny" not in text
    assert "No edit of the policies mends this" in text


@pytest.mark.parametrize("why", Unmended)
def test_why_there_is_no_mend_is_said(why: Unmended) -> None:
    assert why.value in told(proof(unmended=why))
    assert why.value in page_of(proof(unmended=why))


def test_a_witness_of_several_questions_is_told_once_with_its_replay() -> None:
    twice = TheoremAnswer(Theorem.ISOLATION, Answer.REFUTED, witnesses=(witness(), witness()))
    replayed = Replayed(Theorem.ISOLATION, witness(), "came", reproduced=True)
    made = proof(report(twice), replayed=(replayed, replayed))
    for text in (told(made), page_of(made)):
        assert text.count("eplayed: came") == 1
        assert text.count("asks for s3:GetObject") == 1
