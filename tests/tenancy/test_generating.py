"""The generated policies, asked of the evaluator: each run does its own, and no other's."""

import json

import pytest

from tests.tenancy.asking import Asker
from tests.tenancy.maps import (
    ACCOUNT,
    BROKER,
    KMS_KEY,
    ORCHESTRATOR,
    ORDERS,
    PLACE,
    ROLE,
    SHARED_KEY,
    a_prefix,
    a_table,
    of,
    platform_map,
    section,
    whole_map,
)
from valetkey.iam import Layer, Principal, PrincipalKind, parse_policy
from valetkey.iam.lint import Severity, lint, read_documents
from valetkey.tenancy import (
    AgentRole,
    Document,
    Owned,
    Right,
    Source,
    Tag,
    TenancyError,
    TenancyMap,
    boundary_of,
    generated,
    known_action,
    rights_of,
)

ALICE = {"user_id": "alice", "task_id": "t-1", "valetkey_run": "r-1"}
BOB = {"user_id": "bob", "task_id": "t-2", "valetkey_run": "r-2"}
MAPS = {"whole": whole_map(), "platform": platform_map()}
ROLES = (
    AgentRole("tenant-data", ROLE),
    AgentRole("external", f"{ROLE}Ext", external_id="an-id"),
    AgentRole("web", f"{ROLE}Web", Source.WEB_IDENTITY),
)


def asker(tenancy: TenancyMap) -> Asker:
    found = generated(tenancy)
    return Asker(found, found.roles[0])


def owned_rights(tenancy: TenancyMap) -> list[Right]:
    return [right for right in rights_of(tenancy) if isinstance(right.entry, Owned)]


def every_document(tenancy: TenancyMap) -> dict[str, tuple[Layer, Document]]:
    found = generated(tenancy)
    documents = {"boundary": (Layer.BOUNDARY, boundary_of(tenancy))}
    for role in found.roles:
        documents[f"trust {role.arn}"] = (Layer.TRUST, role.trust)
        documents[f"permissions {role.arn}"] = (Layer.IDENTITY, role.permissions[0].document)
    for arn, document in found.resource_policies.items():
        if document is not None:
            documents[arn] = (Layer.RESOURCE, document)
    for arn, document in found.brokers.items():
        documents[arn] = (Layer.IDENTITY, document)
    return documents


@pytest.mark.parametrize("name", MAPS)
def test_each_run_may_do_what_the_map_gives(name: str) -> None:
    asking, rights = asker(MAPS[name]), rights_of(MAPS[name])
    refused = [right for right in rights if not asking.use(right, of=ALICE, by=ALICE).allowed]
    assert refused == [] and len(rights) > 30


@pytest.mark.parametrize("name", MAPS)
def test_no_run_may_do_so_to_anothers(name: str) -> None:
    asking = asker(MAPS[name])
    for right in owned_rights(MAPS[name]):
        assert not asking.use(right, of=BOB, by=ALICE).allowed, right


@pytest.mark.parametrize("name", MAPS)
@pytest.mark.parametrize("tag", ["user_id", "task_id"])
def test_without_one_of_its_tags_a_session_may_do_nothing(name: str, tag: str) -> None:
    asking = asker(MAPS[name])
    fewer = {key: value for key, value in ALICE.items() if key != tag}
    for right in rights_of(MAPS[name]):
        assert not asking.use(right, of=ALICE, by=fewer).allowed, right


@pytest.mark.parametrize("name", MAPS)
def test_buckets_tables_and_keys_are_closed_to_such_sessions_by_their_own_policies(
    name: str,
) -> None:
    found = generated(MAPS[name])
    asking = Asker(found, found.roles[0])
    open_policy = parse_policy(allow_all(), layer=Layer.IDENTITY, name="all")
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/{ROLE.rpartition('/')[2]}/vk"
    for tag in ("user_id", "task_id"):
        tags = {key: value for key, value in ALICE.items() if key != tag}
        principal = Principal(PrincipalKind.ARN, session, tags=tags, role_arn=ROLE)
        for arn in (one for one, document in found.resource_policies.items() if document):
            action = {"dynamodb": "dynamodb:Scan", "s3": "s3:ListBucket", "kms": "kms:Decrypt"}
            asked = action[arn.split(":")[2]]
            answer = asking.ask_as(principal, asked, arn, context={}, identity=(open_policy,))
            assert not answer.allowed, (tag, arn)


def allow_all() -> Document:
    statement = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [statement]}


@pytest.mark.parametrize("name", MAPS)
def test_the_platform_is_not_locked_out(name: str) -> None:
    found = generated(MAPS[name])
    asking = Asker(found, found.roles[0])
    own = parse_policy(allow_all(), layer=Layer.IDENTITY, name="all")
    platform = Principal(PrincipalKind.ARN, f"arn:aws:sts::{ACCOUNT}:assumed-role/Orchestrator/x")
    for arn in (one for one, document in found.resource_policies.items() if document):
        service = arn.split(":")[2]
        action = {"dynamodb": "dynamodb:Scan", "s3": "s3:ListBucket", "kms": "kms:PutKeyPolicy"}
        asked = asking.ask_as(platform, action[service], arn, context={}, identity=(own,))
        assert asked.allowed, arn


def test_a_batch_with_a_key_of_another_is_refused() -> None:
    asking = asker(whole_map())
    right = next(one for one in rights_of(whole_map()) if one.action == "dynamodb:BatchGetItem")
    mixed = {"dynamodb:LeadingKeys": ("TENANT#alice", "TENANT#bob")}
    own = {"dynamodb:LeadingKeys": ("TENANT#alice",)}
    assert asking.use(right, of=ALICE, by=ALICE, **own).allowed
    assert not asking.use(right, of=ALICE, by=ALICE, **mixed).allowed
    assert not asking.use(right, of=ALICE, by=ALICE, **{"dynamodb:LeadingKeys": ()}).allowed


def test_no_listing_is_open_above_the_runs_own_prefix() -> None:
    asking = asker(platform_map())
    for prefix in ("", "traces/", "traces/ali", "traces/alice", "artifacts/t-1/"):
        context = {"s3:prefix": prefix}
        assert not asking.ask("s3:ListBucket", "arn:aws:s3:::task-traces", ALICE, context).allowed
    assert not asking.ask("s3:ListBucket", "arn:aws:s3:::task-traces", ALICE, {}).allowed


def test_wildcards_of_the_maps_texts_are_characters() -> None:
    asking = asker(whole_map())
    key = "arn:aws:s3:::traces/odd{}/t-1/x".format
    assert asking.ask("s3:GetObject", key("*?$"), ALICE, {}).allowed
    assert not asking.ask("s3:GetObject", key("xxx"), ALICE, {}).allowed
    assert not asking.ask(
        "s3:ListBucket", "arn:aws:s3:::traces", ALICE, {"s3:prefix": "oddx"}
    ).allowed


def test_a_key_has_the_encryption_context_of_the_run_alone() -> None:
    asking = asker(whole_map())
    for context, allowed in (
        ({"kms:EncryptionContext:user_id": "alice"}, True),
        ({"kms:EncryptionContext:user_id": "bob"}, False),
        ({"kms:EncryptionContext:user_id": "alice*"}, False),
        ({}, False),
    ):
        assert asking.ask("kms:Decrypt", KMS_KEY, ALICE, context).allowed is allowed
    assert asking.ask("kms:Decrypt", SHARED_KEY, ALICE, {}).allowed
    assert not asking.ask("kms:Encrypt", SHARED_KEY, ALICE, {}).allowed


def test_no_action_is_allowed_that_is_no_right() -> None:
    tenancy = whole_map()
    given = {right.action for right in rights_of(tenancy)}
    for role in generated(tenancy).roles:
        for statement in role.permissions[0].document["Statement"]:
            if statement["Effect"] == "Allow":
                actions = statement["Action"]
                written = [actions] if isinstance(actions, str) else actions
                assert given.issuperset(written)
                assert all(known_action(action) for action in written)


def test_a_delimiter_stands_after_every_tag_of_an_open_resource() -> None:
    text = json.dumps(generated(whole_map()).roles[0].permissions[0].document)
    assert "}*" not in text.replace("${*}", "")


@pytest.mark.parametrize("tenancy", [whole_map(ROLES), platform_map()], ids=["whole", "platform"])
def test_every_policy_is_one_of_iams_and_every_statement_says_what_it_is_for(
    tenancy: TenancyMap,
) -> None:
    for name, (layer, document) in every_document(tenancy).items():
        parse_policy(document, layer=layer, name=name)
        sids = [statement["Sid"] for statement in document["Statement"]]
        assert len(set(sids)) == len(sids)
        assert all(sid.isascii() and sid.isalnum() and len(sid) > 8 for sid in sids)


@pytest.mark.parametrize("tenancy", [whole_map(ROLES), platform_map()], ids=["whole", "platform"])
def test_lint_finds_no_error_and_no_warning(tenancy: TenancyMap) -> None:
    # The one resource of a key's policy is called `*`, so lint reads it beside nothing else.
    documents = {
        name: read_documents(json.dumps(document), name, layer=layer)
        for name, (layer, document) in every_document(tenancy).items()
        if name not in {"boundary", BROKER}
    }
    keys = [name for name in documents if ":kms:" in name]
    of_role = [one for name, each in documents.items() if name not in keys for one in each]
    for together in (of_role, *(documents[name] for name in keys)):
        findings = lint(together, tags=tenancy.tags, guarded=[one.arn for one in tenancy.protected])
        assert [one for one in findings if one.severity is not Severity.NOTE] == []


def test_the_same_map_gives_the_same_text() -> None:
    first, second = (json.dumps(every_text(whole_map(ROLES))) for _ in range(2))
    assert first == second


def every_text(tenancy: TenancyMap) -> dict[str, Document]:
    return {name: document for name, (_, document) in every_document(tenancy).items()}


def test_entries_of_one_condition_are_one_statement() -> None:
    document = generated(platform_map()).roles[0].permissions[0].document
    rows = [one for one in document["Statement"] if "Rows" in one["Sid"]]
    assert len(rows) == 1 and len(rows[0]["Resource"]) == 4


def test_texts_of_a_table_are_not_mixed_in_one_batch() -> None:
    keys = ("A#{user_id}", "B#{task_id}")
    two = [a_table(partition_key=key, access=["read"], indexes={}) for key in keys]
    asking = asker(of(section(tables=two)))
    for asked, allowed in ((("A#alice",), True), (("B#t-1",), True), (("A#alice", "B#t-1"), False)):
        context = {"dynamodb:LeadingKeys": asked}
        assert asking.ask("dynamodb:BatchGetItem", ORDERS, ALICE, context).allowed is allowed


def test_statements_of_one_name_are_told_apart() -> None:
    two = [a_table(partition_key=f"{key}#{{user_id}}", indexes={}) for key in "AB"]
    document = generated(of(section(tables=two))).roles[0].permissions[0].document
    sids = [statement["Sid"] for statement in document["Statement"]]
    assert len(set(sids)) == len(sids) == 4


def test_a_model_is_invoked_with_the_tags_that_its_cost_is_told_by() -> None:
    document = generated(whole_map()).roles[0].permissions[0].document
    (models,) = [one for one in document["Statement"] if one["Sid"] == "InvokeModels"]
    assert models["Condition"] == {"Null": {"aws:PrincipalTag/user_id": "false"}}


def test_an_encryption_context_is_compared_without_wildcards() -> None:
    document = generated(whole_map()).roles[0].permissions[0].document
    (own,) = [one for one in document["Statement"] if one["Sid"].endswith("OwnDataByUserId")]
    own_tag = "${aws:PrincipalTag/user_id}"
    assert own["Condition"] == {"StringEquals": {"kms:EncryptionContext:user_id": own_tag}}


def test_a_resource_without_a_policy_of_the_map_is_known_to_have_none() -> None:
    found = generated(whole_map()).resource_policies
    assert found["arn:aws:s3:::assets"] is None
    assert found[f"arn:aws:dynamodb:{PLACE}:table/Prices"] is None
    assert found[ORDERS] is not None and found["arn:aws:s3:::traces"] is not None


def test_the_broker_may_make_sessions_of_the_roles_that_it_assumes_alone() -> None:
    found = generated(whole_map(ROLES))
    (statement,) = found.brokers[BROKER]["Statement"]
    assert statement["Resource"] == [ROLE, f"{ROLE}Ext"]
    assert statement["Action"] == ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]
    assert generated(whole_map([ROLES[2]])).brokers == {}


def test_two_grants_of_one_role_are_one_role() -> None:
    found = generated(whole_map([AgentRole("a", ROLE), AgentRole("b", ROLE)]))
    assert [role.arn for role in found.roles] == [ROLE]


def test_no_role_has_a_boundary_and_the_boundary_is_the_list_of_actions() -> None:
    assert all(role.boundary is None for role in generated(whole_map()).roles)
    (statement,) = boundary_of(whole_map())["Statement"]
    assert set(statement["Action"]) == {right.action for right in rights_of(whole_map())}


def test_a_map_without_role_tag_or_keeper_of_its_key_is_refused() -> None:
    key = {"arn": KMS_KEY, "encryption_context": {"k": "{user_id}"}, "access": ["decrypt"]}
    for code, tenancy in (
        ("tenancy-roles", of(section(prefixes=[a_prefix()]), roles=[])),
        ("tenancy-no-tags", of(section(), tags=[])),
        ("tenancy-key-platform", of(section(keys=[key]))),
    ):
        with pytest.raises(TenancyError) as caught:
            generated(tenancy)
        assert caught.value.code == code
    kept = of(section(keys=[key], platform=[ORCHESTRATOR]))
    assert Tag("user_id") in (kept.owned[0].key or ()) and generated(kept)


def test_the_platform_keeps_a_key_and_neither_reads_with_it_nor_lets_others() -> None:
    policy = generated(whole_map()).resource_policies[KMS_KEY]
    assert policy is not None
    parsed = parse_policy(policy, name="key", layer=Layer.RESOURCE)
    covered = {
        name
        for name in ("kms:PutKeyPolicy", "kms:Decrypt", "kms:Encrypt", "kms:CreateGrant")
        if any(
            one.ref.sid == "ThePlatformKeepsTheKey" and one.covers_action(name.lower())
            for one in parsed.statements
        )
    }
    assert covered == {"kms:PutKeyPolicy"}


def test_the_policy_of_a_shared_key_leaves_the_accounts_policies_as_they_were() -> None:
    found = generated(whole_map()).resource_policies
    account = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    for arn, is_shared in ((SHARED_KEY, True), (KMS_KEY, False)):
        policy = found[arn]
        assert policy is not None
        assert any(one["Principal"] == account for one in policy["Statement"]) is is_shared
