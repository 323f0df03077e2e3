"""The device flow (RFC 8628): how long it waits, when it stops, and which token it takes."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.fakes.device_issuer import CLIENT, DEVICE_CODE, DeviceIssuer, device_issuer
from valetkey.cli.device_answers import Prompt, prompt_in
from valetkey.cli.device_flow import SignedIn, SignInPlace, Waiting, read_place, sign_in
from valetkey.errors import ValetkeyError
from valetkey.identity import issuer_url


@pytest.fixture
async def issuer() -> AsyncIterator[DeviceIssuer]:
    async with device_issuer() as made:
        yield made


@dataclass
class Attempt:
    """One sign-in with a clock that only its own sleep moves."""

    issuer: DeviceIssuer
    token: str = "id_token"
    now: float = 0.0
    slept: list[float] = field(default_factory=list)
    shown: list[Prompt] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    async def run(self) -> SignedIn:
        place = SignInPlace(issuer_url(self.issuer.url), CLIENT, ("openid", "email"), self.token)
        waiting = Waiting(clock=lambda: self.now, sleep=self.sleep)
        return await asyncio.to_thread(sign_in, place, show=self.shown.append, waiting=waiting)

    async def code(self) -> str:
        with pytest.raises(ValetkeyError) as caught:
            await self.run()
        return caught.value.code


async def test_a_person_who_signed_in_has_a_token_of_the_issuer(issuer: DeviceIssuer) -> None:
    attempt = Attempt(issuer)
    signed_in = await attempt.run()
    assert signed_in.issuer == issuer.url
    assert signed_in.token.reveal().count(".") == 2
    assert signed_in.token.reveal() not in repr(signed_in)
    assert attempt.shown == [
        Prompt(
            f"{issuer.url}/sign-in",
            "WDJB-MJHT",
            f"{issuer.url}/sign-in?user_code=WDJB-MJHT",
            600,
        )
    ]
    assert issuer.asked == [
        ("/device", {"client_id": CLIENT, "scope": "openid email"}),
        (
            "/token",
            {
                "grant_type": "urn:ietf:params:oauth:grant-type:device_code",
                "device_code": DEVICE_CODE,
                "client_id": CLIENT,
            },
        ),
    ]


async def test_it_waits_as_long_as_the_issuer_wants(issuer: DeviceIssuer) -> None:
    """RFC 8628 §3.2: five seconds unless it says another; §3.5: five more for each slow_down."""
    issuer.errors = ["authorization_pending", "slow_down", "authorization_pending", "slow_down"]
    attempt = Attempt(issuer)
    await attempt.run()
    assert attempt.slept == [5, 5, 10, 10, 15]


async def test_it_asks_at_the_interval_and_never_without_one(issuer: DeviceIssuer) -> None:
    for interval, slept in ((7, [7.0]), (0, [1.0])):
        issuer.device = {"interval": interval}
        attempt = Attempt(issuer)
        await attempt.run()
        assert attempt.slept == slept


async def test_an_issuer_that_fails_for_a_while_is_asked_less_and_less(
    issuer: DeviceIssuer,
) -> None:
    issuer.errors = ["503", "502", "authorization_pending"]
    attempt = Attempt(issuer)
    await attempt.run()
    assert attempt.slept == [5, 10, 20, 20]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ("access_denied", "login-denied"),
        ("expired_token", "login-code-expired"),
        ("invalid_client", "login-refused"),
        ("invalid_grant", "login-refused"),
    ],
)
async def test_what_the_issuer_says_ends_it_at_once(
    issuer: DeviceIssuer, error: str, code: str
) -> None:
    issuer.errors = [error, "access_denied"]
    assert await Attempt(issuer).code() == code
    assert issuer.polls() == 1


async def test_it_stops_when_the_code_is_no_longer_good(issuer: DeviceIssuer) -> None:
    issuer.device = {"expires_in": 21}
    issuer.errors = ["authorization_pending"] * 99
    assert await Attempt(issuer).code() == "login-code-expired"
    assert issuer.polls() == 4


async def test_a_code_that_is_good_for_ever_is_not_waited_for(issuer: DeviceIssuer) -> None:
    issuer.device = {"expires_in": 10**9, "interval": 600}
    issuer.errors = ["authorization_pending"] * 99
    assert await Attempt(issuer).code() == "login-code-expired"
    assert issuer.polls() == 2


@pytest.mark.parametrize(
    ("of", "changes", "code"),
    [
        ("discovery", {"issuer": "https://other.example"}, "login-answer-unreadable"),
        ("discovery", {"issuer": None}, "login-answer-unreadable"),
        ("discovery", {"device_authorization_endpoint": None}, "login-no-device-flow"),
        ("discovery", {"device_authorization_endpoint": 7}, "login-answer-unreadable"),
        ("discovery", {"device_authorization_endpoint": "http://a.example/d"}, "issuer-invalid"),
        ("discovery", {"token_endpoint": "http://a.example/t"}, "issuer-invalid"),
        ("discovery", {"token_endpoint": "file:///etc/passwd"}, "issuer-invalid"),
        ("discovery", {"token_endpoint": "https://a@b.example/t"}, "issuer-invalid"),
        ("discovery", {"token_endpoint": None}, "login-answer-unreadable"),
        ("device", {"error": "unauthorized_client"}, "login-refused"),
        ("device", {"user_code": None}, "login-answer-unreadable"),
        ("device", {"verification_uri": None}, "login-answer-unreadable"),
        ("device", {"device_code": ""}, "login-answer-unreadable"),
        ("device", {"expires_in": None}, "login-answer-unreadable"),
        ("device", {"expires_in": True}, "login-answer-unreadable"),
        ("device", {"interval": -1}, "login-answer-unreadable"),
        ("tokens", {"id_token": None}, "login-answer-unreadable"),
        ("tokens", {"id_token": "opaque"}, "login-token-unfit"),
        ("claims", {"iss": "https://other.example"}, "login-token-unfit"),
        ("claims", {"exp": None}, "login-token-unfit"),
        ("claims", {"exp": "soon"}, "login-token-unfit"),
    ],
)
async def test_what_is_not_as_it_must_be_signs_nobody_in(
    issuer: DeviceIssuer, of: str, changes: dict[str, Any], code: str
) -> None:
    setattr(issuer, of, changes)
    assert await Attempt(issuer).code() == code


async def test_an_opaque_access_token_is_told_and_not_kept(issuer: DeviceIssuer) -> None:
    assert await Attempt(issuer, token="access_token").code() == "login-token-unfit"


async def test_a_place_of_plain_http_elsewhere_is_refused() -> None:
    good: dict[str, Any] = {
        "issuer": "https://a.example",
        "client_id": "c",
        "scopes": ("openid",),
        "token": "id_token",
    }
    assert read_place(good).client_id == "c"
    for changes, code in (
        ({"issuer": "http://a.example"}, "issuer-invalid"),
        ({"token": "refresh_token"}, "login-answer-unreadable"),
        ({"scopes": "openid"}, "login-answer-unreadable"),
        ({"client_id": ""}, "login-answer-unreadable"),
    ):
        with pytest.raises(ValetkeyError) as caught:
            read_place({**good, **changes})
        assert caught.value.code == code


@pytest.mark.parametrize(
    "changes",
    [
        {"interval": -5},
        {"interval": "5"},
        {"device_code": None},
        {"user_code": "x" * 101},
        {"verification_uri": "javascript:alert(1)"},
        {"verification_uri": "https://issuer.example@other.example/"},
        {"verification_uri": "https://[x"},
        {"verification_uri_complete": "file:///etc/passwd"},
        {"verification_uri_complete": "https://a.example/" + "x" * 2_000},
    ],
)
async def test_nobody_is_shown_what_can_not_go_on(
    issuer: DeviceIssuer, changes: dict[str, Any]
) -> None:
    issuer.device = changes
    attempt = Attempt(issuer)
    assert (await attempt.code(), attempt.shown) == ("login-answer-unreadable", [])


def test_who_signs_in_at_an_https_issuer_opens_no_plain_page() -> None:
    document = {"user_code": "a", "verification_uri": "http://a.example/device"}
    assert prompt_in(document, of="http://127.0.0.1:1", life=8).seconds == 8
    with pytest.raises(ValetkeyError) as caught:
        prompt_in(document, of="https://a.example", life=8)
    assert caught.value.code == "login-answer-unreadable"


async def test_an_answer_that_is_no_oauth_error_is_no_refusal_of_the_client(
    issuer: DeviceIssuer,
) -> None:
    issuer.device = {"error": 7}
    assert await Attempt(issuer).code() == "login-answer-unreadable"
