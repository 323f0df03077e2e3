"""A role that can't be assumed is not kept, and what a person can do about it is said."""

import asyncio
import json
import os
import pty
import subprocess

import pytest
from aiohttp import web

from tests.aws.serving import ASSUMED, WHO, FakeEndpoint, error, serving
from tests.cli.entry import VALETKEY, bare, script
from tests.cli.grant_world import Account, GrantWorld, role_arn


@pytest.mark.parametrize(
    ("role", "words", "code", "says"),
    [
        ("NoTags", (), "aws-access-denied-tags", ["sts:TagSession"]),
        ("NoSource", (), "aws-access-denied-source-identity", ["sts:SetSourceIdentity"]),
        ("Delegated", ("--profile", "bob"), "aws-access-denied-identity", ["your own policy:"]),
        ("ForBob", (), "aws-access-denied-trust", ["role's trust policy:"]),
        ("External", (), "aws-access-denied-trust", ["external id"]),
        ("External", ("--external-id", "x-2"), "aws-access-denied-trust", ["external id", '"x-2"']),
        ("Tagged", (), "aws-access-denied-trust", ["tags"]),
        ("Missing", (), "aws-access-denied", ["does not exist", "aws iam get-role"]),
    ],
)
def test_a_role_that_refuses_is_not_kept_and_says_what_is_missing(
    account: Account, role: str, words: tuple[str, ...], code: str, says: list[str]
) -> None:
    done = account.add(role, *words)

    assert done.returncode == 2
    assert f"[{code}]" in done.stderr
    assert "AWS says: AccessDenied: User: arn:aws:iam::" in done.stderr
    assert [each for each in says if each not in done.stderr] == []
    assert account.files() == []


def test_the_statement_that_is_printed_opens_the_role(
    account: Account, grant_world: GrantWorld
) -> None:
    refused = account.add("Fixable")
    _, _, rest = refused.stderr.partition("a statement for the role's trust policy:\n")
    grant_world.retrust("Fixable", json.JSONDecoder().raw_decode(rest.lstrip())[0])

    assert account.add("Fixable").returncode == 0


def test_a_role_session_gets_a_statement_for_its_role(
    account: Account, grant_world: GrantWorld
) -> None:
    refused = account.add("NoTags", "--profile", "chained")
    _, _, rest = refused.stderr.partition("a statement for the role's trust policy:\n")
    statement = json.JSONDecoder().raw_decode(rest.lstrip())[0]

    assert refused.returncode == 2
    assert statement["Principal"] == {"AWS": role_arn("Good")}


def test_the_roles_own_maximum_is_found_when_it_is_granted(account: Account) -> None:
    done = account.add("Long", "--duration", "12h")

    assert done.returncode == 1
    assert "[aws-duration-above-role-maximum]" in done.stderr
    assert "say --duration 4h" in done.stderr
    assert account.files() == []
    assert account.add("Long", "--duration", "4h").returncode == 0


def test_a_role_session_is_told_of_the_hour(account: Account) -> None:
    long = account.add("Chained", "--profile", "chained", "--duration", "2h")

    assert long.returncode == 1
    assert "[aws-duration-chained]" in long.stderr
    assert "say --duration 1h" in long.stderr
    assert account.add("Chained", "--profile", "chained").returncode == 0


@pytest.mark.parametrize(
    ("words", "code", "hint"),
    [
        (("--profile", "nobody"), "aws-profile-unknown", "list-profiles"),
        (("--profile", "sso"), "aws-sso-expired", "aws sso login --profile sso"),
        (("--profile", "mfa"), "aws-mfa-needed", "code"),
        (("--profile", "nowhere"), "aws-region-missing", "AWS_DEFAULT_REGION"),
    ],
)
def test_a_profile_that_gives_nothing_says_what_to_do(
    account: Account, words: tuple[str, ...], code: str, hint: str
) -> None:
    done = account.add("Good", *words)

    assert (done.returncode, done.stdout) == (1, "")
    assert f"[{code}]" in done.stderr
    assert hint in done.stderr
    assert account.files() == []


def test_without_any_credentials_the_way_to_a_profile_is_said(account: Account) -> None:
    done = account.grant("aws", "g", "--role", role_arn("Good"))

    assert done.returncode == 1
    assert "[aws-no-credentials]" in done.stderr
    assert "--profile" in done.stderr


def test_credentials_that_ran_out_say_so(account: Account) -> None:
    done = account.add("Good", "--profile", "stale")

    assert (done.returncode, done.stdout) == (1, "")
    assert "[aws-credentials-expired]" in done.stderr
    assert "AWS says: ExpiredToken" in done.stderr
    assert account.files() == []


def test_what_a_reference_leads_to_is_not_shown(account: Account) -> None:
    (account.folder / "id").write_text("x-2\n")
    done = account.add("External", "--external-id", "file:id")

    assert done.returncode == 2
    assert "x-2" not in done.stdout + done.stderr


HASTY = """
import valetkey.aws.sts as sts
sts.CALL_SECONDS, sts.FIRST_PAUSE = 0.3, 0.01
from valetkey.cli.main import main
main()
"""


class SilentEndpoint(FakeEndpoint):
    """An STS that says who we are and then nothing."""

    async def answer(self, request: web.Request) -> web.Response:
        if "AssumeRole" in await request.text():
            await asyncio.sleep(60)
        return await super().answer(request)


async def refused_by(endpoint: FakeEndpoint, account: Account) -> str:
    """Return what a person reads whose role is asked for at this endpoint; nothing is kept."""
    endpoint.date = None
    async with serving(endpoint) as url:
        words = ("--role", role_arn("Good"), "--profile", "alice", "--endpoint-url", url)
        done = await asyncio.to_thread(
            script, HASTY, "grant", "aws", "g", *words, folder=account.folder
        )
    assert (done.returncode, account.files()) == (1, [])
    return done.stderr


async def test_an_aws_that_says_nothing_is_a_time_out(account: Account) -> None:
    assert "[aws-timeout]" in await refused_by(FakeEndpoint(delay=60), account)


async def test_an_aws_that_falls_silent_is_a_time_out(account: Account) -> None:
    assert "[aws-timeout]" in await refused_by(SilentEndpoint(), account)


async def test_a_busy_aws_is_asked_three_times(account: Account) -> None:
    busy = (400, error("Throttling"))
    endpoint = FakeEndpoint(answers=[(200, WHO), busy, busy, busy])

    assert "[aws-throttled]" in await refused_by(endpoint, account)
    assert len(endpoint.asked) == 4


async def test_another_session_than_was_asked_for_is_no_success(account: Account) -> None:
    assert "[aws-answer-mismatch]" in await refused_by(
        FakeEndpoint(body=ASSUMED.replace("PACKED", "6")), account
    )


async def test_a_warning_is_for_the_log_and_no_line_without_our_name(account: Account) -> None:
    said = await refused_by(FakeEndpoint(body=ASSUMED.replace("PACKED", "85")), account)

    assert [line for line in said.splitlines() if not line.startswith(("valetkey: ", "  "))] == []
    assert "nearly fill" in (account.folder / ".valetkey" / "valetkey.log").read_text()


async def test_an_answer_that_is_no_answer_is_no_success(account: Account) -> None:
    endpoint = FakeEndpoint(answers=[(200, WHO), *[(200, "<html/>")] * 3])

    assert "[aws-failed]" in await refused_by(endpoint, account)


def at_a_terminal(account: Account, typed: str, **environ: str) -> tuple[str, str]:
    """Ask for a grant by the profile that wants an MFA code, and type at its prompt; return what
    was printed and said.
    """
    screen, terminal = pty.openpty()
    words = ("--role", role_arn("Good"), "--profile", "mfa")
    with subprocess.Popen(
        [*VALETKEY, "grant", "aws", "g", *words],
        stdin=terminal,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=bare(account.folder, **environ),
        start_new_session=True,  # no /dev/tty of who runs the tests
    ) as asking:
        assert asking.stderr is not None
        prompt = ""
        while not prompt.endswith("mfa/alice: ") and (more := asking.stderr.read(1)):
            prompt += more
        os.write(screen, typed.encode())
        said = asking.communicate(timeout=60)
    os.close(screen)
    os.close(terminal)
    return said


async def test_who_sits_at_a_terminal_is_asked_for_the_mfa_code_once(account: Account) -> None:
    endpoint = FakeEndpoint(body=ASSUMED.replace("PACKED", "6"), date=None)
    async with serving(endpoint) as url:
        printed, said = await asyncio.to_thread(
            at_a_terminal, account, "123456\n", AWS_ENDPOINT_URL=url
        )

    assert [each.get("TokenCode") for each in endpoint.asked] == ["123456", None, None]
    assert printed.startswith("as arn:aws:iam::111122223333:user/ASIA1, by profile mfa\n")
    assert "[aws-answer-mismatch]" in said
