"""OpenID Connect providers of IAM, by a real client: rights, limits, and what is kept."""

from typing import Any

import pytest

from tests.localaws.refusals import refused, said
from tests.localaws.seeds import bad, seed, sown
from tests.localaws.world import ACCOUNT, World, allow
from valetkey.localaws.oidc_providers import MAX_CLIENT_IDS, MAX_PROVIDERS

ARN = f"arn:aws:iam::{ACCOUNT}:oidc-provider"
THUMBPRINT = "a" * 40


def create(iam: Any, url: str, **more: Any) -> str:
    """Create a provider and return its ARN."""
    return str(iam.create_open_id_connect_provider(Url=url, **more)["OpenIDConnectProviderArn"])


def test_a_provider_has_what_it_was_made_with(world: World) -> None:
    iam = world.client("iam")
    tags = [{"Key": "team", "Value": "a"}]
    arn = create(iam, "https://kept.example/realm", ClientIDList=["a", "b"], Tags=tags)
    assert arn == f"{ARN}/kept.example/realm"
    found = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    assert (found["Url"], found["ClientIDList"], found["Tags"]) == (
        "kept.example/realm", ["a", "b"], tags,
    )  # fmt: skip
    listed = iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]
    assert {"Arn": arn} in listed
    prints = {"OpenIDConnectProviderArn": arn, "ThumbprintList": [THUMBPRINT]}
    iam.update_open_id_connect_provider_thumbprint(**prints)
    found = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    assert found["ThumbprintList"] == [THUMBPRINT]
    iam.tag_open_id_connect_provider(
        OpenIDConnectProviderArn=arn, Tags=[{"Key": "TEAM", "Value": "b"}]
    )
    listed_tags = iam.list_open_id_connect_provider_tags(OpenIDConnectProviderArn=arn)["Tags"]
    assert listed_tags == [{"Key": "team", "Value": "b"}]
    iam.untag_open_id_connect_provider(OpenIDConnectProviderArn=arn, TagKeys=["Team"])
    assert not iam.list_open_id_connect_provider_tags(OpenIDConnectProviderArn=arn)["Tags"]
    for _ in range(2):  # what is gone is gone
        iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    assert refused(lambda: iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)) == (
        "NoSuchEntity"
    )


def test_client_ids_come_and_go_and_twice_is_no_error(world: World) -> None:
    iam = world.client("iam")
    arn = create(iam, "https://clients.example")
    changes = [(iam.add_client_id_to_open_id_connect_provider, ["a"]),
               (iam.remove_client_id_from_open_id_connect_provider, [])]  # fmt: skip
    for change, left in changes:
        for _ in range(2):
            change(OpenIDConnectProviderArn=arn, ClientID="a")
            found = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
            assert found.get("ClientIDList", []) == left


def test_a_provider_has_a_hundred_client_ids_at_most(world: World) -> None:
    iam = world.client("iam")
    ids = [f"c{index}" for index in range(MAX_CLIENT_IDS)]
    arn = create(iam, "https://many.example", ClientIDList=ids)
    add = iam.add_client_id_to_open_id_connect_provider
    assert refused(lambda: add(OpenIDConnectProviderArn=arn, ClientID="more")) == "LimitExceeded"
    add(OpenIDConnectProviderArn=arn, ClientID="c0")
    more = [*ids, "more"]
    assert refused(lambda: create(iam, "https://more.example", ClientIDList=more)) == (
        "LimitExceeded"
    )


def test_an_account_has_a_hundred_providers_at_most() -> None:
    tables = [{"url": f"https://p{index}.example"} for index in range(MAX_PROVIDERS)]
    with sown(seed(oidc_providers=tables)) as aws:
        iam = aws.session().client("iam")
        assert refused(lambda: create(iam, "https://more.example")) == "LimitExceeded"


@pytest.mark.parametrize(
    ("url", "more"),
    [
        ("http://plain.example", {}),
        ("https://port.example:8443", {}),
        ("https://127.0.0.1:8443", {}),
        ("https://query.example?a=b", {}),
        ("https://print.example", {"ThumbprintList": ["z" * 40]}),
        ("https://prints.example", {"ThumbprintList": [THUMBPRINT] * 6}),
        ("https://twice.example", {"ClientIDList": ["a", "a"]}),
        ("https://long.example", {"ClientIDList": ["a" * 256]}),
    ],
)
def test_what_is_no_provider_is_refused(world: World, url: str, more: dict[str, Any]) -> None:
    iam = world.client("iam")
    assert refused(lambda: create(iam, url, **more)) == "InvalidInput"


def test_an_issuer_has_one_provider(world: World) -> None:
    iam = world.client("iam")
    create(iam, "http://127.0.0.1:9")
    assert refused(lambda: create(iam, "http://127.0.0.1:9")) == "EntityAlreadyExists"
    assert "127.0.0.1:9 already exists" in said(lambda: create(iam, "http://127.0.0.1:9"))
    create(iam, "http://127.0.0.1:9/")


@pytest.mark.parametrize(
    ("operation", "more"),
    [
        ("add_client_id_to_open_id_connect_provider", {"ClientID": "a"}),
        ("remove_client_id_from_open_id_connect_provider", {"ClientID": "a"}),
        ("update_open_id_connect_provider_thumbprint", {"ThumbprintList": [THUMBPRINT]}),
        ("tag_open_id_connect_provider", {"Tags": [{"Key": "a", "Value": "b"}]}),
        ("untag_open_id_connect_provider", {"TagKeys": ["a"]}),
        ("list_open_id_connect_provider_tags", {}),
        ("get_open_id_connect_provider", {}),
    ],
)
def test_each_call_needs_its_action_on_the_provider(
    world: World, operation: str, more: dict[str, Any]
) -> None:
    name = operation.replace("_", "-")
    arn = create(world.client("iam"), f"https://{name}.example")
    action = "".join(word.title() for word in operation.split("_"))
    for written, right in (("OpenId", "OpenID"), ("ClientId", "ClientID")):
        action = action.replace(written, right)
    able = world.client("iam", world.user(f"{name}-able", allow(f"iam:{action}", f"{ARN}/*")))
    call = {"OpenIDConnectProviderArn": arn, **more}
    getattr(able, operation)(**call)
    gone = {**call, "OpenIDConnectProviderArn": f"{ARN}/gone.example"}
    assert refused(lambda: getattr(able, operation)(**gone)) == "NoSuchEntity"
    wrong = world.user(f"{name}-not", allow(f"iam:{action}", f"{ARN}/else"))
    unable = world.client("iam", wrong)
    assert refused(lambda: getattr(unable, operation)(**call)) == "AccessDenied"
    unable_too = {**call, "OpenIDConnectProviderArn": f"{ARN}/gone.example"}
    assert refused(lambda: getattr(unable, operation)(**unable_too)) == "AccessDenied"


def test_a_seed_has_providers() -> None:
    table = {"url": "http://127.0.0.1:9", "client_ids": ["a"], "tags": {"team": "b"},
             "thumbprints": [THUMBPRINT]}  # fmt: skip
    with sown(seed(oidc_providers=[table])) as aws:
        iam = aws.session().client("iam")
        arn = f"{ARN}/127.0.0.1:9"
        found = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
        assert (found["ClientIDList"], found["ThumbprintList"]) == (["a"], [THUMBPRINT])
        assert found["Tags"] == [{"Key": "team", "Value": "b"}]
    why = bad(oidc_providers=[{"url": "http://id.example.com"}])
    assert "oidc provider `http://id.example.com`: InvalidInput" in why
