"""A map from plain values: what it becomes, and every mistake by its code and place."""

from typing import Any

import pytest

from tests.tenancy.maps import (
    BROKER,
    KMS_KEY,
    MODEL,
    ORDERS,
    PLACE,
    ROLE,
    a_prefix,
    a_table,
    of,
    section,
    whole_map,
)
from valetkey.tenancy import (
    Access,
    AgentRole,
    Kind,
    Owned,
    Source,
    Tag,
    TenancyError,
    TenancyMap,
)

QUEUE = f"arn:aws:sqs:{PLACE}:work-{{user_id}}"
SECRET = f"arn:aws:secretsmanager:{PLACE}:secret:{{user_id}}/*"
PARAMETER = f"arn:aws:ssm:{PLACE}:parameter/{{user_id}}/*"
FUNCTION = f"arn:aws:lambda:{PLACE}:function:tool-{{user_id}}"


def a_queue(arn: str = QUEUE) -> dict[str, Any]:
    return {"queues": [{"arn": arn, "access": ["send"]}]}


def a_secret(arn: str = SECRET) -> dict[str, Any]:
    return {"secrets": [{"arn": arn, "access": ["read"]}]}


def a_key(context: dict[str, str], arn: str = KMS_KEY) -> dict[str, Any]:
    return {"keys": [{"arn": arn, "encryption_context": context, "access": ["decrypt"]}]}


def naming(*actions: str, arn: str = "*") -> dict[str, Any]:
    return {"shared": [{"arn": arn, "actions": list(actions)}]}


def test_a_table_is_read_with_its_texts() -> None:
    found = of(section(tables=[a_table()]))
    assert found.owned == (
        Owned(
            Kind.TABLE,
            "tenancy.tables[0]",
            (ORDERS,),
            frozenset({Access.READ, Access.WRITE, Access.DELETE}),
            key=("TENANT#", Tag("user_id")),
            indexes={"by_task": (Tag("task_id"),)},
        ),
    )


def test_entries_stand_in_the_order_of_kinds_and_of_the_file() -> None:
    assert [entry.kind for entry in whole_map().owned] == [
        Kind.TABLE, Kind.PREFIX, Kind.PREFIX, Kind.QUEUE, Kind.SECRET, Kind.PARAMETER,
        Kind.FUNCTION, Kind.KEY,
    ]  # fmt: skip


def test_a_star_at_the_end_of_an_arn_is_open() -> None:
    found = of(section(**a_secret()))
    head = f"arn:aws:secretsmanager:{PLACE}:secret:"
    assert (found.owned[0].arn, found.owned[0].open) == ((head, Tag("user_id"), "/"), True)


def test_without_tags_those_of_the_texts_are_taken_in_their_order() -> None:
    values = section(
        tables=[a_table(partition_key="{org}#{user_id}", indexes={"by_task": "{task_id}"})],
        prefixes=[a_prefix()],
        **a_key({"k": "{team}"}),
    )
    assert of(values, tags=None).tags == ("org", "user_id", "task_id", "team")


def test_a_bucket_is_in_the_partition_of_the_roles() -> None:
    china = AgentRole("a", "arn:aws-cn:iam::111122223333:role/A")
    found = of(section(prefixes=[a_prefix()]), roles=[china])
    assert found.owned[0].arn == ("arn:aws-cn:s3:::traces",)


def test_one_table_may_have_rows_of_two_texts() -> None:
    values = section(tables=[a_table(), a_table(partition_key="TASK#{task_id}", indexes={})])
    assert len(of(values).owned) == 2


def test_what_is_protected_may_be_read() -> None:
    reading = a_table(access=["read"])
    values = section(tables=[reading], protected=[{"arn": ORDERS}])
    assert of(values).protected[0].place == "tenancy.protected[0]"


def test_every_run_may_be_given_actions_of_any_service_by_name() -> None:
    found = of(section(**naming("logs:PutLogEvents", "xray:PutTraceSegments", "logs:PutLogEvents")))
    assert found.shared[0].actions == ("logs:PutLogEvents", "xray:PutTraceSegments")
    telling = naming("dynamodb:DescribeTable", "s3:GetBucketLocation", arn=ORDERS)
    assert of(section(tables=[a_table()], **telling)).shared[0].access == frozenset()


def test_what_is_protected_may_be_told_of_and_the_logs_beside_it_written() -> None:
    head = f"arn:aws:logs:{PLACE}:log-group:"
    named = naming("logs:PutLogEvents", arn=f"{head}agents:*")
    named["shared"] += naming("logs:GetLogEvents", arn=f"{head}audit:*")["shared"]
    assert len(of(section(**named, protected=[{"arn": f"{head}audit*"}])).shared) == 2


@pytest.mark.parametrize(
    ("arn", "said"),
    [
        (ORDERS.replace("Orders", "A"), "3 to 255"),
        (ORDERS.replace("eu-west-1", "*"), "region `*`"),
        (ORDERS.replace("eu-west-1", "{user_id}"), "region `{user_id}`"),
    ],
)
def test_which_part_of_an_arn_is_wrong_is_told(arn: str, said: str) -> None:
    with pytest.raises(TenancyError, match=r"tenancy\.tables") as caught:
        of(section(tables=[a_table(arn=arn, indexes={})]))
    assert said in caught.value.message


@pytest.mark.parametrize("name", ["common/*", "common-*", "common-AbC123"])
def test_a_shared_secret_is_named_with_the_end_that_aws_gives_it(name: str) -> None:
    arn = f"arn:aws:secretsmanager:{PLACE}:secret:{name}"
    assert of(section(shared=[{"arn": arn, "access": ["read"]}])).shared[0].arn == arn


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"tables": [a_table(partition_key="{userid}")]}, "tenancy-unknown-tag"),
        ({"tables": [a_table(partition_key="{}")]}, "tenancy-unknown-tag"),
        ({"tables": [a_table(indexes={"by_task": "{nobody}"})]}, "tenancy-unknown-tag"),
        ({"tables": [a_table(partition_key="{user_id}{task_id}")]}, "tenancy-tags-touch"),
        ({"tables": [a_table(partition_key="TENANT")]}, "tenancy-no-tag"),
        ({"tables": [a_table(partition_key="")]}, "tenancy-no-tag"),
        ({"tables": [a_table(indexes={"by_task": "all"})]}, "tenancy-no-tag"),
        ({"tables": [a_table(partition_key="{user_id")]}, "tenancy-text"),
        ({"tables": [a_table(partition_key="{{user_id}}")]}, "tenancy-text"),
        ({"tables": [a_table(partition_key="a\n{user_id}")]}, "tenancy-text"),
        ({"tables": [a_table(partition_key="{user_id}x{task_id}")]}, "tenancy-delimiter"),
        ({"prefixes": [a_prefix(prefix="traces/{user_id}")]}, "tenancy-open-end"),
        ({"prefixes": [a_prefix(prefix="traces/{user_id}x/")]}, "tenancy-delimiter"),
        ({"prefixes": [a_prefix(prefix="/traces/{user_id}/")]}, "tenancy-text"),
        ({"prefixes": [a_prefix(prefix="é" * 512 + "{user_id}/")]}, "tenancy-text"),
        ({"prefixes": [a_prefix(prefix="traces/")]}, "tenancy-no-tag"),
        ({"prefixes": [a_prefix(bucket="Traces")]}, "tenancy-arn"),
        ({"prefixes": [a_prefix(bucket="traces/x")]}, "tenancy-arn"),
        ({"prefixes": [a_prefix(access=["versions"])]}, "tenancy-access"),
        ({"prefixes": [a_prefix(access=[])]}, "tenancy-access"),
        ({"prefixes": [a_prefix(access=["send"])]}, "tenancy-access"),
        ({"prefixes": [a_prefix(access=["Read"])]}, "tenancy-access"),
        ({"tables": [a_table(access=["list"])]}, "tenancy-access"),
        ({"tables": [a_table(arn=f"{ORDERS}*")]}, "tenancy-arn"),
        ({"tables": [a_table(arn=f"{ORDERS}/index/by_task")]}, "tenancy-arn"),
        ({"tables": [a_table(arn=ORDERS.replace("dynamodb", "s3"))]}, "tenancy-arn"),
        ({"tables": [a_table(arn=ORDERS.replace("111122223333", "1"))]}, "tenancy-arn"),
        ({"tables": [a_table(indexes={"no/index": "{task_id}"})]}, "tenancy-arn"),
        (a_queue("work-{user_id}"), "tenancy-arn"),
        (a_queue("arn:aws:sqs:{user_id}:111122223333:work"), "tenancy-arn"),
        (a_queue("arn:aws:sqs:eu-west-1:11112222333{user_id}:work"), "tenancy-arn"),
        (a_queue(f"arn:aws:sqs:{PLACE}:*-{{user_id}}"), "tenancy-arn"),
        (a_queue(f"arn:aws:sqs:{PLACE}:work"), "tenancy-no-tag"),
        (a_secret(SECRET.removesuffix("/*")), "tenancy-arn"),
        (a_secret(SECRET.replace("/*", "-??????")), "tenancy-arn"),
        (a_secret(SECRET.replace("/*", "*")), "tenancy-open-end"),
        ({"parameters": [{"arn": PARAMETER.replace("/*", "*"), "access": ["read"]}]},
         "tenancy-open-end"),
        ({"functions": [{"arn": FUNCTION.replace("tool", "too:l"), "access": ["invoke"]}]},
         "tenancy-arn"),
        (a_key({}), "tenancy-encryption-context"),
        (a_key({"a": "{user_id}", "b": "{task_id}"}), "tenancy-encryption-context"),
        (a_key({"${a}": "{user_id}"}), "tenancy-encryption-context"),
        (a_key({"a": "{user_id}"}, KMS_KEY.replace("key/1a2b", "alias/a")), "tenancy-arn"),
        ({"shared": [{"arn": "arn:aws:s3:::a*b/x", "access": ["read"]}]}, "tenancy-arn"),
        ({"shared": [{"arn": "arn:aws:s3:::a/{user_id}/*", "access": ["read"]}]}, "tenancy-arn"),
        ({"shared": [{"arn": MODEL, "access": ["invoke"]}]}, "tenancy-arn"),
        ({"shared": [{"arn": "*", "access": ["read"]}]}, "tenancy-arn"),
        ({"shared": [{"arn": f"{ORDERS}", "access": ["send"]}]}, "tenancy-access"),
        ({"shared": [{"arn": f"arn:aws:secretsmanager:{PLACE}:secret:common",
                      "access": ["read"]}]}, "tenancy-arn"),
        ({"shared": [{"arn": ORDERS}]}, "tenancy-access"),
        ({"shared": [{"arn": ORDERS, "access": ["read"], "actions": ["logs:PutLogEvents"]}]},
         "tenancy-access"),
        (naming("logs:PutLogEvents", arn="logs"), "tenancy-arn"),
        (naming("logs:*"), "tenancy-actions"),
        (naming("PutLogEvents"), "tenancy-actions"),
        (naming("iam:GetRole"), "tenancy-actions"),
        (naming("sts:AssumeRole"), "tenancy-actions"),
        (naming("organizations:ListAccounts"), "tenancy-actions"),
        (naming("dynamodb:Scan"), "tenancy-actions"),
        (naming("DynamoDB:GetItem"), "tenancy-actions"),
        (naming("s3:PutBucketPolicy"), "tenancy-actions"),
        (naming("s3:GetWhateverIsNew"), "tenancy-actions"),
        (naming("dynamodb:ReadDataForReplication"), "tenancy-actions"),
        (naming("kms:CreateGrant"), "tenancy-actions"),
        (naming("bedrock:InvokeModel"), "tenancy-actions"),
        (naming("dax:GetItem"), "tenancy-actions"),
        ({"tables": [a_table(access=["write"])]}, "tenancy-access"),
        ({"tables": [a_table(arn=ORDERS.replace("Orders", "A"))]}, "tenancy-arn"),
        ({**naming("logs:DeleteLogGroup"),
          "protected": [{"arn": f"arn:aws:logs:{PLACE}:log-group:audit"}]},
         "tenancy-protected-owned"),
        ({**naming("logs:PutLogEvents", arn=f"arn:aws:logs:{PLACE}:log-group:audit:*"),
          "protected": [{"arn": f"arn:aws:logs:{PLACE}:log-group:audit*"}]},
         "tenancy-protected-owned"),
        ({"tables": [a_table(arn=ORDERS.replace("arn:aws:", "arn:aws-us-gov:"))]},
         "tenancy-partition"),
        ({"protected": [{"arn": "TaskApprovals"}]}, "tenancy-arn"),
        ({"protected": [{"arn": "arn:aws:s3:::*/approvals"}]}, "tenancy-arn"),
        ({"models": ["arn:aws:bedrock:*::foundation-model/*"]}, "tenancy-arn"),
        ({"assumed_by": ["arn:aws:iam::111122223333:root"]}, "tenancy-arn"),
        ({"assumed_by": ["*"]}, "tenancy-arn"),
        ({"assumed_by": ["arn:aws:sts::111122223333:assumed-role/B/s"]}, "tenancy-arn"),
        ({"assumed_by": [BROKER, ROLE]}, "tenancy-role-twice"),
        ({"assumed_by": []}, "tenancy-assumed-by"),
        ({"platform": ["everybody"]}, "tenancy-arn"),
        ({"platform": [ROLE]}, "tenancy-role-twice"),
        ({"oidc_provider": "https://id.example.com"}, "tenancy-arn"),
        ({"cost_tags": ["user_id"]}, "tenancy-cost-tags"),
        ({"models": [MODEL], "cost_tags": ["team"]}, "tenancy-unknown-tag"),
        ({"tables": [a_table(), a_table()]}, "tenancy-twice"),
        ({"prefixes": [a_prefix(), a_prefix(access=["read"])]}, "tenancy-twice"),
        ({**a_queue(), "queues": [*a_queue()["queues"]] * 2}, "tenancy-twice"),
        ({"tables": [a_table()], "protected": [{"arn": ORDERS}]}, "tenancy-protected-owned"),
        ({"tables": [a_table()], "protected": [{"arn": ORDERS[:-3] + "*"}]},
         "tenancy-protected-owned"),
        ({"prefixes": [a_prefix()], "protected": [{"arn": "arn:aws:s3:::traces/*"}]},
         "tenancy-protected-owned"),
        ({"shared": [{"arn": ORDERS, "access": ["write"]}], "protected": [{"arn": ORDERS}]},
         "tenancy-protected-owned"),
    ],
)  # fmt: skip
def test_a_mistake_is_refused_by_its_code(changed: dict[str, Any], code: str) -> None:
    with pytest.raises(TenancyError) as caught:
        of({**section(), **changed})
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("values", "place"),
    [
        (section(prefixes=[a_prefix(), a_prefix(prefix="{user_id}")]), "tenancy.prefixes[1]"),
        (section(tables=[a_table(indexes={"i": "{x}"})]), "tenancy.tables[0].indexes"),
        (section(**a_key({"k": "all"})), "tenancy.keys[0].encryption_context"),
        (section(assumed_by=[BROKER, "x"]), "tenancy.assumed_by[1]"),
    ],
)
def test_a_mistake_names_its_place(values: dict[str, Any], place: str) -> None:
    with pytest.raises(TenancyError) as caught:
        of(values)
    assert f"`{place}`" in caught.value.message


@pytest.mark.parametrize("keys", [("",), ("a", "A"), ("valetkey_run",), ("aws:a",), ("a$",)])
def test_a_tag_that_aws_or_valetkey_does_not_take_is_refused(keys: tuple[str, ...]) -> None:
    with pytest.raises(TenancyError) as caught:
        of(section(), tags=keys)
    assert caught.value.code == "tenancy-tag-key"


def test_more_tags_than_aws_takes_are_refused() -> None:
    assert len(of(section(), tags=[f"t{i}" for i in range(49)]).tags) == 49
    with pytest.raises(TenancyError) as caught:
        of(section(), tags=[f"t{i}" for i in range(50)])
    assert caught.value.code == "tenancy-tag-key"


def test_tokens_need_the_provider_and_roles_the_broker() -> None:
    by_token = AgentRole("web", ROLE, Source.WEB_IDENTITY)
    with pytest.raises(TenancyError) as caught:
        of({}, roles=[by_token])
    assert caught.value.code == "tenancy-oidc-provider"


def test_a_map_without_roles_is_read() -> None:
    assert isinstance(of({"prefixes": [a_prefix()]}, roles=[]), TenancyMap)
