"""`valetkey doctor`: a chain that is whole, and each link broken in its turn."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from botocore.loaders import create_loader

from tests.cli.doctor_world import (
    BUCKET,
    KEYS,
    OWN,
    OWN_ITEMS,
    TABLE,
    Chain,
    chain,
    said,
)
from tests.localaws.web_issuer import ACTIONS, DISCOVERY
from tests.localaws.world import ACCOUNT
from valetkey.aws.probe import DynamoItem, S3Object
from valetkey.cli.doctor import doctor
from valetkey.cli.doctor_effect import Targets
from valetkey.cli.doctor_issuer import key_set_steps
from valetkey.cli.doctor_step import Outcome, Step, exit_code
from valetkey.errors import ValetkeyError
from valetkey.store import LogReader

pytestmark = pytest.mark.xdist_group("doctor")  # one local AWS for all of them

ALICE, BOB = S3Object(BUCKET, "alice/1"), S3Object(BUCKET, "bob/1")
BOTH = Targets(ALICE, BOB)
NEITHER = Targets(None, None)
NOT_KNOWN = (Outcome.BROKEN, Outcome.FAILED, Outcome.UNKNOWN)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    loader = create_loader()  # AWS's models are read from disk once, not once a walk
    with pytest.MonkeyPatch.context() as patched, chain(tmp_path_factory.mktemp("doctor")) as made:
        patched.setattr("botocore.session.create_loader", lambda _path=None: loader)
        yield made


@pytest.fixture(autouse=True)
def as_the_operator(whole: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", whole.aws.root_access_key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", whole.aws.root_secret_access_key)
    for name in ("AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)


def links(steps: list[Step], *outcomes: Outcome) -> set[str]:
    return {step.link for step in steps if step.outcome in (outcomes or NOT_KNOWN)}


def broken(steps: list[Step]) -> dict[str, Step]:
    """Return the first broken step of each link."""
    found: dict[str, Step] = {}
    for step in steps:
        if step.outcome is Outcome.BROKEN:
            found.setdefault(step.link, step)
            assert step.fix, f"no fix: {step.said}"
    return found


def test_a_whole_chain_holds_link_by_link_and_in_order(whole: Chain) -> None:
    steps = whole.walk(whole.grant("whole"), BOTH)
    assert exit_code(steps) == 0, said(steps)
    assert list(dict.fromkeys(step.link for step in steps)) == [
        "configuration",
        "signing key",
        "issuer's documents",
        "provider",
        "trust policy",
        "permission policies",
        "session",
        "tags by effect",
        "without tags",
    ]


def test_the_run_of_the_doctor_is_on_record_and_over(whole: Chain) -> None:
    whole.walk(whole.grant("recorded"), BOTH)
    with LogReader(whole.folder / "valetkey.db") as log:
        leaves = [json.loads(stored.leaf) for stored in log.leaves()]
    opened = next(leaf for leaf in reversed(leaves) if leaf["kind"] == "run-opened")
    own = [leaf for leaf in leaves if leaf.get("run") == opened["run"]]
    assert opened["actor_rule"] == "doctor"
    assert [leaf["kind"] for leaf in own][-1] == "run-ended"
    assert {"token-issued", "credentials-vended", "credentials-handed-out"} <= {
        leaf["kind"] for leaf in own
    }
    assert {} in [leaf["tags"] for leaf in own if leaf["kind"] == "token-issued"]


def test_an_item_of_a_table_shows_the_tags_as_an_object_does(whole: Chain) -> None:
    items = Targets(DynamoItem(TABLE, {"owner": "alice"}), DynamoItem(TABLE, {"owner": "bob"}))
    steps = whole.walk(whole.grant("items", OWN_ITEMS), items)
    assert exit_code(steps) == 0, said(steps)


def test_what_was_not_shown_is_said_and_is_no_yes(whole: Chain) -> None:
    steps = whole.walk(whole.grant("unshown"), NEITHER)
    assert exit_code(steps) == 3
    assert links(steps) == {"tags by effect"}


def test_an_own_object_that_is_not_there_shows_nothing(whole: Chain) -> None:
    listing = {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": f"arn:aws:s3:::{BUCKET}"}
    name = whole.grant("absent", OWN, listing)
    steps = whole.walk(name, Targets(S3Object(BUCKET, "alice/none"), BOB))
    assert links(steps, Outcome.UNKNOWN) == {"tags by effect"}, said(steps)


def test_a_provider_that_is_missing(whole: Chain) -> None:
    name = whole.grant("unregistered")
    iam = whole.aws.session().client("iam")
    iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=whole.issuer.provider)
    try:
        steps = whole.walk(name, BOTH)
    finally:
        iam.create_open_id_connect_provider(
            Url=whole.issuer.url, ClientIDList=["sts.amazonaws.com"]
        )
    assert "create-open-id-connect-provider" in str(broken(steps)["provider"].fix)
    assert "session" in broken(steps)
    assert exit_code(steps) == 2


def test_an_audience_that_the_provider_does_not_have(whole: Chain) -> None:
    name = "audience"
    whole.grant(name, trust=whole.trust(name, aud="of-others"), audience="of-others")
    steps = whole.walk(name, BOTH)
    assert "add-client-id" in str(broken(steps)["provider"].fix)


@pytest.mark.parametrize(("claim", "word"), [("sub", "subject"), ("aud", "audience")])
def test_a_claim_that_the_trust_policy_does_not_pin(whole: Chain, claim: str, word: str) -> None:
    name = f"open-{claim}"
    whole.grant(name, trust=whole.trust(name, **{claim: None}))
    steps = whole.walk(name, BOTH)
    found = broken(steps)["trust policy"]
    assert f"another {word}" in found.said
    assert f"{whole.issuer.name}:{claim}" in str(found.fix)
    assert "session" not in broken(steps), "it works, and that is the danger"


@pytest.mark.parametrize("missing", ["sts:TagSession", "sts:SetSourceIdentity"])
def test_an_action_that_the_trust_policy_does_not_allow(whole: Chain, missing: str) -> None:
    name = f"without-{missing.rpartition(':')[2]}".lower()
    actions = [action for action in ACTIONS if action != missing]
    whole.grant(name, trust=whole.trust(name, actions=actions))
    steps = whole.walk(name, BOTH)
    assert missing in broken(steps)["trust policy"].said
    assert "session" in broken(steps)
    assert links(steps, Outcome.UNKNOWN) == {"tags by effect"}


def test_a_condition_of_one_action_must_not_stand_over_the_others(whole: Chain) -> None:
    """`sts:RoleAuthorizedByIdp` is a key of AssumeRoleWithWebIdentity alone."""
    named, rest = whole.trust("one-statement")
    whole.grant("one-statement", trust=[{**named, "Action": [named["Action"], *rest["Action"]]}])
    steps = whole.walk("one-statement", BOTH)
    found = broken(steps)
    assert "sts:TagSession" in found["trust policy"].said
    assert "sts:RoleAuthorizedByIdp" in str(found["trust policy"].fix)
    assert "session" in found, "STS refuses every run"


def test_another_grants_trust_policy_lets_nobody_in(whole: Chain) -> None:
    whole.grant("stranger", trust=whole.trust("somebody-else"))
    steps = whole.walk("stranger", BOTH)
    assert "grant:stranger" in str(broken(steps)["trust policy"].fix)


def test_documents_that_are_down(whole: Chain) -> None:
    name = whole.grant("down")
    with whole.answering(DISCOVERY, b"", status=503):
        steps = whole.walk(name, BOTH)
    assert "answers 503" in broken(steps)["issuer's documents"].said


def test_a_discovery_document_of_another_issuer(whole: Chain) -> None:
    name = whole.grant("other-issuer")
    with whole.answering(DISCOVERY, b'{"issuer": "https://other.example", "jwks_uri": "x"}'):
        steps = whole.walk(name, BOTH)
    assert "another issuer" in broken(steps)["issuer's documents"].said


def test_a_key_that_signs_and_is_not_published(whole: Chain) -> None:
    name = whole.grant("unpublished")
    with whole.answering(KEYS, b'{"keys": []}'):
        steps = whole.walk(name, BOTH)
    assert "is not in it" in broken(steps)["issuer's documents"].said


def test_policies_that_do_not_look_at_the_tags(whole: Chain) -> None:
    everything = {**OWN, "Resource": f"arn:aws:s3:::{BUCKET}/*"}
    name = "careless"
    open_trust = whole.trust(name)
    for statement in open_trust:
        del statement["Condition"]["StringLike"]
    whole.grant(name, everything, trust=open_trust)
    steps = whole.walk(name, BOTH)
    assert {"permission policies", "tags by effect", "without tags"} <= set(broken(steps))


def test_a_foreign_object_that_may_be_read_is_found_beside_policies_that_use_tags(
    whole: Chain,
) -> None:
    leak = {**OWN, "Resource": f"arn:aws:s3:::{BUCKET}/bob/*"}
    steps = whole.walk(whole.grant("leaking", OWN, leak), BOTH)
    assert str(BOB) in broken(steps)["tags by effect"].said


def test_an_own_object_that_is_denied(whole: Chain) -> None:
    steps = whole.walk(whole.grant("denied"), Targets(BOB, ALICE), user_id="carol")
    assert str(BOB) in broken(steps)["tags by effect"].said


def test_what_the_operator_may_not_read_is_not_known(
    whole: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = whole.aws.session().client("iam").create_access_key(UserName="nobody")["AccessKey"]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
    steps = whole.walk(whole.grant("unread"), BOTH)
    unknown = {step.link: step for step in steps if step.outcome is Outcome.UNKNOWN}
    assert set(unknown) == {"provider", "trust policy", "permission policies"}
    assert "iam:GetOpenIDConnectProvider" in str(unknown["provider"].fix)
    assert exit_code(steps) == 3, "the session was shown without any of it"


def test_iam_of_another_account_is_not_taken_for_the_roles(whole: Chain) -> None:
    whole.grant("elsewhere")
    whole.configure("elsewhere", role="arn:aws:iam::999988887777:role/elsewhere")
    steps = whole.walk("elsewhere", BOTH)
    assert "account" in links(steps, Outcome.UNKNOWN)
    assert not {"provider", "trust policy", "permission policies"} & {s.link for s in steps}


def test_a_role_that_is_assumed_without_a_token_is_walked_as_far_as_that_applies(
    whole: Chain,
) -> None:
    trust = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:user/broker"},
        "Action": ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"],
        "Condition": {"StringLike": {"aws:RequestTag/user_id": "?*"}},
    }
    steps = whole.walk(whole.grant("assumed", trust=[trust], source="assume-role"), BOTH)
    assert "signing key" not in {step.link for step in steps}
    assert set(broken(steps)) == {"session"}, "an account's root may not assume a role"


@pytest.mark.parametrize(
    ("keys", "word"),
    [
        ([{"kid": "k", "kty": "EC", "key_ops": ["verify"]}], "key_ops"),
        ([{"kid": "k"}, {"kty": "EC"}], "no `kid`"),
        ([{"kid": "k"}, *({"kid": str(n), "kty": "RSA"} for n in range(101))], "100 RSA"),
        ([{"kid": "other"}], "is not in it"),
    ],
)
def test_a_key_set_that_aws_would_not_read(keys: list[object], word: str) -> None:
    (step,) = key_set_steps({"keys": keys}, "k")
    assert (step.outcome, word in step.said) == (Outcome.BROKEN, True)


@pytest.mark.parametrize(
    ("outcomes", "code"),
    [
        ("holds note", 0),
        ("holds unknown", 3),
        ("unknown failed", 1),
        ("unknown failed broken", 2),
    ],
)
def test_the_worst_step_is_the_exit_code(outcomes: str, code: int) -> None:
    steps = [Step("x", Outcome(outcome), "x") for outcome in outcomes.split()]
    assert exit_code(steps) == code


@pytest.mark.parametrize("as_json", [False, True])
def test_the_command_says_each_step_and_exits_by_the_worst(
    whole: Chain, capsys: pytest.CaptureFixture[str], as_json: bool
) -> None:
    name = whole.grant(f"said-{as_json}".lower())
    config = whole.folder / f"{name}.toml"
    with pytest.raises(typer.Exit) as left:
        doctor(config=config, tag=["user_id=alice"], own=str(ALICE), as_json=as_json)
    assert left.value.exit_code == 3
    text = capsys.readouterr().out
    if as_json:
        steps = json.loads(text)["steps"]
        assert steps[-1].keys() == {"link", "outcome", "said", "fix"}
    else:
        assert {line.split("\t")[0] for line in text.splitlines()} == {"holds", "note", "unknown"}


@pytest.mark.parametrize("text", ["x", "s3://b", "s3:///k", "dynamodb://t/k", "http://b/k"])
def test_what_names_nothing_to_read_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ValetkeyError) as caught:
        doctor("g", config=tmp_path / "none.toml", own=text)
    assert caught.value.code == "usage"
