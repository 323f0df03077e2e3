"""What a map gives, entry by entry."""

import pytest

from tests.tenancy.maps import ORDERS, PLACE, a_prefix, a_table, of, section, whole_map
from valetkey.tenancy import KeyText, Right, Shared, Tag, TenancyMap, rights_of

USER, TASK = Tag("user_id"), Tag("task_id")


def actions(found: TenancyMap) -> set[str]:
    return {right.action.partition(":")[2] for right in rights_of(found)}


def of_action(found: TenancyMap, action: str) -> list[Right]:
    return [right for right in rights_of(found) if right.action == action]


def test_the_same_map_gives_the_same_rights_in_the_same_order() -> None:
    assert rights_of(whole_map()) == rights_of(whole_map())


def test_items_are_given_by_their_partition_key() -> None:
    found = of(section(tables=[a_table(indexes={})]))
    assert {right.key for right in rights_of(found)} == {
        KeyText("dynamodb:LeadingKeys", ("TENANT#", USER), many=True)
    }
    assert "Scan" not in actions(found) and "Query" in actions(found)


def test_an_index_is_given_for_queries_by_its_own_key() -> None:
    found = of(section(tables=[a_table()]))
    on_index = [right for right in rights_of(found) if "/index/" in str(right.resource)]
    assert on_index == [
        Right(
            "dynamodb:Query",
            on_index[0].access,
            (f"{ORDERS}/index/by_task",),
            key=KeyText("dynamodb:LeadingKeys", (TASK,), many=True),
            entry=found.owned[0],
        )
    ]


@pytest.mark.parametrize("access", [["write"], ["delete"]])
def test_batches_that_put_and_delete_need_both(access: list[str]) -> None:
    assert "BatchWriteItem" not in actions(of(section(tables=[a_table(access=access, indexes={})])))
    both = of(section(tables=[a_table(access=["write", "delete"], indexes={})]))
    assert "BatchWriteItem" in actions(both)


@pytest.mark.parametrize(
    ("access", "given"),
    [
        (["read"], {"GetObject"}),
        (["write"], {"PutObject", "AbortMultipartUpload", "ListMultipartUploadParts"}),
        (["list"], {"ListBucket"}),
        (["delete"], {"DeleteObject"}),
        (["read", "versions"], {"GetObject", "GetObjectVersion"}),
        (["delete", "versions"], {"DeleteObject", "DeleteObjectVersion"}),
        (["list", "versions"], {"ListBucket", "ListBucketVersions"}),
    ],
)
def test_each_access_to_a_prefix_gives_its_actions(access: list[str], given: set[str]) -> None:
    assert actions(of(section(prefixes=[a_prefix(access=access)]))) == given


def test_objects_are_given_by_their_key_and_listings_by_the_prefix_asked_for() -> None:
    found = of(section(prefixes=[a_prefix(access=["read", "list"])]))
    read, listing = rights_of(found)
    assert (read.resource, read.open) == (("arn:aws:s3:::traces/traces/", USER, "/"), True)
    assert listing.resource == ("arn:aws:s3:::traces",)
    assert listing.key == KeyText("s3:prefix", ("traces/", USER, "/"), open=True)


def test_parameters_are_listed_by_path_where_all_below_it_is_owned() -> None:
    path = f"arn:aws:ssm:{PLACE}:parameter/{{user_id}}"
    below = of(section(parameters=[{"arn": f"{path}/*", "access": ["read"]}]))
    alone = of(section(parameters=[{"arn": path, "access": ["read"]}]))
    head = f"arn:aws:ssm:{PLACE}:parameter/"
    assert [(one.resource, one.open) for one in of_action(below, "ssm:GetParametersByPath")] == [
        ((head, USER, "/"), True),
        ((head, USER), False),
    ]
    assert not of_action(alone, "ssm:GetParametersByPath")


def test_what_is_shared_has_no_key_but_the_prefix_of_its_objects() -> None:
    found = of(
        section(
            shared=[
                {"arn": "arn:aws:s3:::assets/public/*", "access": ["read", "list"]},
                {"arn": "arn:aws:s3:::docs/*", "access": ["read", "list"]},
                {"arn": f"{ORDERS}/index/open", "access": ["read"]},
            ]
        )
    )
    assert [
        (right.action, right.resource, right.open, right.key) for right in rights_of(found)
    ] == [
        ("s3:GetObject", ("arn:aws:s3:::assets/public/",), True, None),
        (
            "s3:ListBucket",
            ("arn:aws:s3:::assets",),
            False,
            KeyText("s3:prefix", ("public/",), open=True),
        ),
        ("s3:GetObject", ("arn:aws:s3:::docs/",), True, None),
        ("s3:ListBucket", ("arn:aws:s3:::docs",), False, None),
        ("dynamodb:Query", (f"{ORDERS}/index/open",), False, None),
    ]
    assert all(isinstance(right.entry, Shared) for right in rights_of(found))


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("apps", []),
        ("apps*", []),
        ("apps/*", [("apps/", True), ("apps", False)]),
    ],
)
def test_a_shared_parameter_that_is_a_path_gives_not_what_is_below_it(
    name: str, given: list[tuple[str, bool]]
) -> None:
    head = f"arn:aws:ssm:{PLACE}:parameter/"
    found = of(section(shared=[{"arn": f"{head}{name}", "access": ["read"]}]))
    assert of_action(found, "ssm:GetParameter")
    assert [(one.resource, one.open) for one in of_action(found, "ssm:GetParametersByPath")] == [
        ((f"{head}{path}",), is_open) for path, is_open in given
    ]


def test_actions_that_the_map_names_are_rights_on_its_arn() -> None:
    head = f"arn:aws:logs:{PLACE}:log-group:agents:"
    found = of(
        section(
            shared=[
                {"arn": f"{head}*", "actions": ["logs:PutLogEvents"]},
                {"arn": "*", "actions": ["xray:PutTraceSegments"]},
            ]
        )
    )
    assert [(one.action, one.access, one.resource, one.open) for one in rights_of(found)] == [
        ("logs:PutLogEvents", None, (head,), True),
        ("xray:PutTraceSegments", None, (), True),
    ]


def test_a_model_is_nobodys() -> None:
    models = [right for right in rights_of(whole_map()) if right.action.startswith("bedrock:")]
    assert len(models) == 2 and all(right.entry is None for right in models)
