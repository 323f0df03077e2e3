"""ROLE.json in all the shapes in which AWS's API gives its parts."""

import json
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

from tests.tenancy.forms import sets
from valetkey.errors import ValetkeyError
from valetkey.tenancy import TenancyError
from valetkey.tenancy.forms import read_role_files
from valetkey.tenancy.policy_set import Attached, PolicySet


def _file(**changes: Any) -> dict[str, Any]:
    role = {"Arn": sets.AGENT, "AssumeRolePolicyDocument": sets.TRUST, "Tags": []}
    file = {"role": role, "policies": [sets.OWN_OBJECTS], "boundary": None}
    return {**file, "resource_policies": {}, **changes}


def _read(*files: dict[str, Any]) -> PolicySet:
    return read_role_files({f"{i}.json": json.dumps(file) for i, file in enumerate(files)})


def _code(*files: dict[str, Any]) -> str:
    with pytest.raises(ValetkeyError) as caught:
        _read(*files)
    return caught.value.code


@pytest.mark.parametrize(
    ("written", "name"),
    [
        (sets.OWN_OBJECTS, "permissions"),
        (json.dumps(sets.OWN_OBJECTS), "permissions"),
        (quote(json.dumps(sets.OWN_OBJECTS)), "permissions"),
        ({"PolicyName": "own", "PolicyDocument": sets.OWN_OBJECTS}, "own"),
        (
            {"RoleName": "r", "PolicyName": "own", "PolicyDocument": json.dumps(sets.OWN_OBJECTS)},
            "own",
        ),
        (
            {"PolicyVersion": {"Document": sets.OWN_OBJECTS, "IsDefaultVersion": True}},
            "permissions",
        ),
        (
            {
                "Policy": {"PolicyName": "managed"},
                "PolicyVersion": {"Document": quote(json.dumps(sets.OWN_OBJECTS))},
            },
            "managed",
        ),
    ],
)
def test_a_policy_is_read_in_every_wrapping_of_the_api(written: Any, name: str) -> None:
    (role,) = _read(_file(policies=[written])).roles
    assert role.permissions == (Attached(name, sets.OWN_OBJECTS),)


def test_a_percent_of_a_document_stays_in_its_text() -> None:
    odd = sets.document(sets.allow("s3:GetObject", "arn:aws:s3:::b/50%25+é/*"))
    for text in (json.dumps(odd), quote(json.dumps(odd, ensure_ascii=False))):
        (role,) = _read(_file(policies=[text])).roles
        assert role.permissions[0].document == odd


def test_the_answer_of_get_role_is_read_as_it_is() -> None:
    role = {
        "Role": {
            "Path": "/agents/",
            "RoleName": "AgentTenantData",
            "RoleId": "AROA",
            "Arn": sets.AGENT,
            "CreateDate": "2026-01-01T00:00:00Z",
            "AssumeRolePolicyDocument": quote(json.dumps(sets.TRUST)),
            "MaxSessionDuration": 7200,
            "Tags": [{"Key": "team", "Value": ""}],
        }
    }
    (read,) = _read(_file(role=role)).roles
    assert (read.trust, read.max_session_seconds, read.tags) == (sets.TRUST, 7200, {"team": ""})


def test_bucket_policies_are_read_as_their_api_gives_them() -> None:
    policy = sets.untagged_denied(sets.BUCKET)
    read = _read(_file(resource_policies={sets.BUCKET: {"Policy": json.dumps(policy)}}))
    assert read.resource_policies == {sets.BUCKET: policy}


def test_null_is_a_resource_known_to_have_no_policy() -> None:
    read = _read(_file(resource_policies={sets.TABLE: None}))
    assert read.resource_policies == {sets.TABLE: None}


def test_several_files_are_several_roles() -> None:
    other = {"Arn": sets.TOOLS, "AssumeRolePolicyDocument": sets.TRUST}
    policies = {sets.TABLE: None}
    read = _read(_file(resource_policies=policies), _file(role=other, resource_policies=policies))
    assert [role.arn for role in read.roles] == [sets.AGENT, sets.TOOLS]


def test_files_that_disagree_are_refused() -> None:
    assert _code(_file(), _file(policies=[])) == "policy-source-conflict"
    policy = sets.untagged_denied(sets.TABLE)
    files = (_file(resource_policies={sets.TABLE: one}) for one in (None, policy))
    assert _code(*files) == "policy-source-conflict"


def test_a_policy_without_its_document_is_unread() -> None:
    arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    read = _read(_file(policies=[{"PolicyName": "ReadOnlyAccess", "PolicyArn": arn}]))
    assert read.roles[0].permissions == ()
    assert arn in read.unread[0]


def test_a_boundary_that_is_only_named_is_unread() -> None:
    role = {
        "Arn": sets.AGENT,
        "AssumeRolePolicyDocument": sets.TRUST,
        "PermissionsBoundary": {"PermissionsBoundaryArn": "arn:aws:iam::1:policy/b"},
    }
    assert _read(_file(role=role)).unread
    assert not _read(_file(role=role, boundary=sets.OWN_OBJECTS)).unread


@pytest.mark.parametrize(
    "changes",
    [
        {"permissions": []},
        {"role": {"Arn": sets.AGENT}},
        {"role": {"Arn": sets.AGENT, "AssumeRolePolicyDocument": "%7B"}},
        {"role": {"Arn": sets.AGENT, "AssumeRolePolicyDocument": sets.TRUST, "Trust": {}}},
        {"policies": [{"PolicyName": "p"}]},
        {"policies": [{"PolicyVersion": {"Document": sets.TRUST, "IsDefaultVersion": False}}]},
        {"policies": {"a": sets.OWN_OBJECTS}},
        {"policies": ["%zz"]},
        {"service_control": [sets.OWN_OBJECTS]},
        {"resource_policies": {sets.TABLE: {}}},
        {"resource_policies": []},
    ],
)
def test_what_is_not_understood_is_refused(changes: dict[str, Any]) -> None:
    assert _code(_file(**changes)) == "policy-source-malformed"


def test_a_file_without_a_role_has_no_permissions() -> None:
    assert _read({"resource_policies": {sets.TABLE: None}}).roles == ()
    assert _code({"policies": [sets.OWN_OBJECTS]}) == "policy-source-malformed"


def test_a_tag_key_twice_is_refused() -> None:
    tags = [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]
    role = {"Arn": sets.AGENT, "AssumeRolePolicyDocument": sets.TRUST, "Tags": tags}
    assert _code(_file(role=role)) == "policy-source-malformed"


def test_a_member_twice_is_refused() -> None:
    text = json.dumps(_file())[:-1] + ', "boundary": {}}'
    with pytest.raises(ValetkeyError) as caught:
        read_role_files({"r.json": text})
    assert caught.value.code == "policy-source-malformed"


def test_a_byte_order_mark_is_passed_by_and_other_encodings_are_refused() -> None:
    text = json.dumps(_file())
    assert len(read_role_files({"r.json": b"\xef\xbb\xbf" + text.encode()}).roles) == 1
    for odd in (text.encode("utf-16"), text.replace("traces", "\xe4").encode("latin-1") + b"\xe4"):
        with pytest.raises(ValetkeyError) as caught:
            read_role_files({"r.json": odd})
        assert caught.value.code == "policy-source-malformed"


@pytest.mark.parametrize("member", ["Role", "RoleDetailList", "Statement"])
def test_what_iam_prints_alone_is_refused_with_the_shape_to_write(member: str) -> None:
    with pytest.raises(TenancyError) as caught:
        read_role_files({"a.json": json.dumps({member: []})})
    assert caught.value.code == "policy-source-malformed"
    assert '"resource_policies": {ARN:' in (caught.value.hint or "")


def test_lists_in_lists_without_end_are_refused() -> None:
    text = json.dumps({"Version": "2012-10-17", "Statement": "DEEP"})
    text = text.replace('"DEEP"', "[" * 900 + "]" * 900)
    source = '{"resource_policies": {"arn:aws:s3:::data": ' + text + "}}"
    with pytest.raises(ValetkeyError) as caught:
        read_role_files({"r.json": source})
    assert caught.value.code == "policy-source-malformed"


def test_a_document_with_plus_for_spaces_is_refused_with_the_reason() -> None:
    with pytest.raises(ValetkeyError) as caught:
        _read(_file(policies=[quote_plus(json.dumps(sets.OWN_OBJECTS))]))
    assert "%20" in (caught.value.hint or "")
