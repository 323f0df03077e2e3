"""A token alone opens one operation; whatever else is not signed stays shut."""

import json
import re
import threading
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from urllib.error import HTTPError

import pytest

from tests.localaws.refusals import refused
from tests.localaws.web_issuer import AUDIENCE, ROLE, WebIssuer, WebWorld, trusting, web_issuer
from valetkey.localaws.assume_with_web_identity import OPERATION

FORM = "application/x-www-form-urlencoded"


def send(web: WebWorld, form: str, *, query: str = "", method: str = "POST") -> str:
    """Send a request without a signature; return the code of its error, or the body."""
    request = urllib.request.Request(
        f"{web.aws.endpoint}/{query}",
        data=form.encode() if method == "POST" else None,
        headers={"Content-Type": FORM} if method == "POST" else {},
        method=method,
    )
    try:
        with urllib.request.urlopen(request) as answer:
            return str(answer.read().decode())
    except HTTPError as error:
        with error:
            found = re.search("<Code>(.*?)</Code>", error.read().decode())
            return found[1] if found else ""


def asking(web: WebWorld, action: str = OPERATION) -> str:
    """Return a form that brings a good token."""
    params = {"RoleArn": ROLE, "RoleSessionName": "vk-run", "WebIdentityToken": web.issuer.token()}
    return urllib.parse.urlencode({"Action": action, "Version": "2011-06-15", **params})


def test_a_token_needs_no_signature_by_post_or_get(web: WebWorld) -> None:
    assert "<SessionToken>" in send(web, asking(web))
    assert "<SessionToken>" in send(web, "", query=f"?{asking(web)}", method="GET")


@pytest.mark.parametrize(
    "action",
    ["GetCallerIdentity", "AssumeRole", "AssumeRoleWithSAML", "GetSessionToken", "ListRoles",
     "GetFederationToken", "assumerolewithwebidentity", f"{OPERATION}%20", "", "CreateUser"],
)  # fmt: skip
def test_every_other_operation_needs_one(web: WebWorld, action: str) -> None:
    refusal = "MissingAuthenticationToken"
    assert send(web, f"Action={action}&Version=2011-06-15") == refusal
    assert send(web, asking(web, action.replace("%20", " "))) == refusal
    assert "Token>" not in send(web, "", query=f"?Action={action}", method="GET")


def test_the_operation_is_said_once(web: WebWorld) -> None:
    good, other = asking(web), "Action=GetCallerIdentity"
    assert send(web, f"{good}&{other}") == "ValidationError"
    assert send(web, f"{other}&{good}") == "ValidationError"
    assert send(web, good, query=f"?{other}") == "ValidationError"
    assert send(web, other, query=f"?Action={OPERATION}") == "ValidationError"
    assert "Token>" not in send(web, "", query=f"path?{good}", method="GET")


def test_a_broken_signature_is_not_overlooked(web: WebWorld) -> None:
    request = urllib.request.Request(
        web.aws.endpoint,
        data=asking(web).encode(),
        headers={"Content-Type": FORM, "Authorization": "AWS4-HMAC-SHA256 nothing"},
    )
    with pytest.raises(HTTPError) as caught:
        urllib.request.urlopen(request)
    with caught.value as error:
        assert b"IncompleteSignature" in error.read()


@pytest.mark.parametrize("target", ["DynamoDB_20120810.ListTables", "AmazonSSM.GetParameter"])
def test_a_token_opens_no_other_service(web: WebWorld, target: str) -> None:
    request = urllib.request.Request(
        web.aws.endpoint,
        data=asking(web).encode(),
        headers={"Content-Type": FORM, "X-Amz-Target": target},
    )
    with pytest.raises(HTTPError) as caught:
        urllib.request.urlopen(request)
    with caught.value as error:
        assert b"MissingAuthenticationToken" in error.read()


def test_whoever_signs_has_no_say_in_what_a_token_opens(web: WebWorld) -> None:
    call = web.aws.session().client("sts").assume_role_with_web_identity
    wanted = {"RoleArn": ROLE, "RoleSessionName": "vk-run"}
    call(**wanted, WebIdentityToken=web.issuer.token())
    role = web.role("not-for-root", trusting(web.issuer, ["sts:TagSession"]))
    token = web.issuer.token()
    assert refused(lambda: call(**{**wanted, "RoleArn": role}, WebIdentityToken=token)) == (
        "AccessDenied"
    )


class Waiting(WebIssuer):
    """An issuer that answers when it is told to."""

    def __init__(self, like: WebIssuer) -> None:
        super().__init__(like.issuer, like.server)
        self.reached, self.told = threading.Event(), threading.Event()

    def answer(self, path: str) -> tuple[int, dict[str, str], bytes]:
        """Wait, then answer as any issuer."""
        self.reached.set()
        self.told.wait(timeout=30)
        return super().answer(path)


def test_nobody_waits_for_the_issuer_of_anothers_token(web: WebWorld) -> None:
    with web_issuer() as issuer, ThreadPoolExecutor(1) as pool:
        slow = Waiting(issuer)
        issuer.answer = slow.answer  # type: ignore[method-assign]
        web.aws.seed({"oidc_providers": [{"url": slow.url, "client_ids": [AUDIENCE]}]})
        role = web.role("of-a-slow-issuer", trusting(slow))
        pending = pool.submit(web.exchange, slow.token(), role)
        assert slow.reached.wait(timeout=30)
        assert web.exchange(web.issuer.token())["Audience"] == AUDIENCE
        assert not pending.done()
        slow.told.set()
        assert pending.result(timeout=30)["Audience"] == AUDIENCE


@pytest.mark.parametrize("change", ["provider", "audience", "trust"])
def test_what_changes_while_the_issuer_is_asked_counts(web: WebWorld, change: str) -> None:
    iam = web.aws.session().client("iam")
    with web_issuer() as issuer, ThreadPoolExecutor(1) as pool:
        slow = Waiting(issuer)
        issuer.answer = slow.answer  # type: ignore[method-assign]
        web.aws.seed({"oidc_providers": [{"url": slow.url, "client_ids": [AUDIENCE]}]})
        role = web.role(f"slow-{change}", trusting(slow))
        pending = pool.submit(lambda: refused(lambda: web.exchange(slow.token(), role)))
        assert slow.reached.wait(timeout=30)
        here = {"OpenIDConnectProviderArn": slow.provider}
        if change == "provider":
            iam.delete_open_id_connect_provider(**here)
        elif change == "audience":
            iam.remove_client_id_from_open_id_connect_provider(**here, ClientID=AUDIENCE)
        else:
            deny = {**trusting(slow), "Effect": "Deny"}
            text = json.dumps({"Version": "2012-10-17", "Statement": deny})
            iam.update_assume_role_policy(RoleName=f"slow-{change}", PolicyDocument=text)
        slow.told.set()
        assert pending.result(timeout=30) == (
            "AccessDenied" if change == "trust" else "InvalidIdentityToken"
        )
