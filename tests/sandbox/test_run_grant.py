"""The broker's words are checked before they become files and URLs."""

import pytest

from valetkey.errors import ValetkeyError
from valetkey.sandbox.run_grant import choose_grant, default_grant, parse_opened, parse_run

GRANT = {
    "name": "tenant-data",
    "region": "eu-west-1",
    "endpoint_url": None,
    "credentials_url": "https://broker.example/v1/credentials/tenant-data",
}
RUN = {"id": "r-1", "state": "open", "grants": [GRANT], "expires_at": "2026-11-21T09:00:00Z"}


def test_a_run_is_read_with_its_grants() -> None:
    view = parse_run(RUN)
    assert (view.id, view.expires_at) == ("r-1", "2026-11-21T09:00:00Z")
    assert view.grants[0].region == "eu-west-1"


def test_the_run_token_is_a_secret_from_the_first_moment() -> None:
    opened = parse_opened({"run": RUN, "run_token": "vkr_r-1_abc"})
    assert opened.token.reveal() == "vkr_r-1_abc"
    assert "vkr_" not in repr(opened)


@pytest.mark.parametrize(
    "change",
    [
        {"name": "a]\ncredential_process = evil\n["},
        {"name": "../x"},
        {"name": ""},
        {"name": 5},
        {"region": "eu\naws_access_key_id = x"},
        {"region": ""},
        {"region": 5},
        {"endpoint_url": 5},
        {"credentials_url": ""},
        {"credentials_url": "https://a\nb"},
    ],
)
def test_a_grant_that_could_write_more_than_a_value_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValetkeyError) as caught:
        parse_run(RUN | {"grants": [GRANT | change]})
    assert caught.value.code == "broker-answer-unreadable"


@pytest.mark.parametrize("endpoint", ["http://x\ny", "file:///etc", "http://a b"])
def test_an_endpoint_is_a_url(endpoint: str) -> None:
    with pytest.raises(ValetkeyError) as caught:
        parse_run(RUN | {"grants": [GRANT | {"endpoint_url": endpoint}]})
    assert caught.value.code == "broker-url-invalid"


@pytest.mark.parametrize(
    "run",
    [
        None,
        [],
        {},
        RUN | {"grants": []},
        RUN | {"grants": None},
        RUN | {"grants": [GRANT] * 2},
        RUN | {"grants": ["x"]},
        RUN | {"id": ""},
        RUN | {"id": "r 1"},
        RUN | {"expires_at": None},
        RUN | {"servers": None},
        RUN | {"servers": ["a/b"]},
        RUN | {"servers": ["tenant-data"]},
        RUN | {"grants": [], "servers": [], "mcp_url": "https://broker.example/mcp"},
        RUN | {"mcp_url": "https://a\nb"},
        RUN | {"mcp_url": 5},
    ],
)
def test_a_run_that_is_not_understood_is_refused(run: object) -> None:
    with pytest.raises(ValetkeyError) as caught:
        parse_run(run)
    assert caught.value.code == "broker-answer-unreadable"


def test_the_first_grant_is_the_default_one() -> None:
    view = parse_run(RUN | {"grants": [GRANT, GRANT | {"name": "b"}]})
    assert choose_grant(view, None).name == "tenant-data"
    assert choose_grant(view, "b").name == "b"


def test_a_grant_that_the_run_has_not_is_named_with_those_it_has() -> None:
    with pytest.raises(ValetkeyError) as caught:
        choose_grant(parse_run(RUN), "x")
    assert caught.value.code == "grant-unknown"
    assert "tenant-data" in (caught.value.hint or "")


TOOL = {"name": "billing", "audience": "https://billing.internal/mcp", "scopes": ["read"]}


def test_a_run_may_have_tools_alone() -> None:
    view = parse_run(RUN | {"grants": [], "tokens": [TOOL]})
    assert view.names == ("billing",)
    assert default_grant(view, ["billing"]) is None
    with pytest.raises(ValetkeyError) as caught:
        choose_grant(view, "billing")
    assert caught.value.code == "grant-unknown"
    assert "valetkey token" in (caught.value.hint or "")


@pytest.mark.parametrize(("names", "chosen"), [([], "tenant-data"), (["billing", "b"], "b")])
def test_the_default_is_the_first_role_that_was_asked_for(names: list[str], chosen: str) -> None:
    view = parse_run(RUN | {"grants": [GRANT, GRANT | {"name": "b"}], "tokens": [TOOL]})
    grant = default_grant(view, names)
    assert grant is not None
    assert grant.name == chosen


@pytest.mark.parametrize(
    "change",
    [
        {"tokens": [TOOL | {"name": "../x"}]},
        {"tokens": [TOOL | {"name": "tenant-data"}]},
        {"tokens": [TOOL | {"audience": "a b"}]},
        {"tokens": [TOOL | {"scopes": [1]}]},
        {"tokens": "billing"},
        {"grants": [GRANT | {"web_identity_role": "arn\nx"}]},
        {"grants": [GRANT | {"web_identity_role": 5}]},
    ],
)
def test_tools_and_roles_are_read_as_strictly(change: dict[str, object]) -> None:
    with pytest.raises(ValetkeyError) as caught:
        parse_run(RUN | change)
    assert caught.value.code == "broker-answer-unreadable"


TOOLS = {"grants": [], "servers": ["billing"], "mcp_url": "https://broker.example/mcp"}


def test_a_run_may_have_servers_of_tools_alone() -> None:
    view = parse_run(RUN | TOOLS)
    assert (view.names, view.mcp_url) == (("billing",), "https://broker.example/mcp")
    assert view.mcp_audience == "https://broker.example/mcp"
    assert default_grant(view, ["billing"]) is None


def test_in_a_run_the_gateway_has_an_address_and_a_name_of_its_own() -> None:
    here = {"mcp_url": "http://127.0.0.1:4/mcp", "mcp_resource": "https://broker.example/mcp"}
    view = parse_run(RUN | TOOLS | here)
    assert (view.mcp_url, view.mcp_audience) == tuple(here.values())


def test_an_address_of_a_gateway_is_a_url() -> None:
    with pytest.raises(ValetkeyError) as caught:
        parse_run(RUN | TOOLS | {"mcp_url": "file:///etc"})
    assert caught.value.code == "broker-url-invalid"


def test_a_server_of_tools_is_no_role() -> None:
    with pytest.raises(ValetkeyError) as caught:
        choose_grant(parse_run(RUN | {"servers": ["billing"]}), "billing")
    assert caught.value.code == "grant-unknown"
    assert "AWS role" in caught.value.message
