"""What a person can do about a role that could not be tried: from AWS's words to the next step.

At grant time operator and person are one, so AWS's own text may be shown, marked as AWS's. Codes
and hints are the AWS room's; here is what the trial alone knows: who asks, and what to paste.
"""

import json
import re
import shlex
from dataclasses import dataclass

from valetkey.aws import AwsError
from valetkey.cli.grant_trial import Failed, is_role_session
from valetkey.cli.output import AWS_DENIAL
from valetkey.credentials import RoleArn
from valetkey.errors import ValetkeyError

ACTIONS = ("sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity")
"""What every session of a run needs: it has the tag `valetkey_run` and a source identity."""
_OWN_POLICY = "identity-based policy"
_NO_STATEMENT_HELPS = re.compile(
    r"explicit deny|control policy|endpoint policy|permissions boundary|session policy", re.I
)
_SESSION = re.compile(
    r"arn:(?P<partition>[a-z-]+):sts::(?P<account>[0-9]{12}):assumed-role/(?P<name>[^/]+)/"
)
_PRINCIPAL = re.compile(
    r"arn:[a-z-]+:(?:iam::[0-9]{12}:user/|sts::[0-9]{12}:federated-user/)[!-~]+"
)
_SSO_ROLE = "AWSReservedSSO_"
_AWS_SAID = re.compile(r"[A-Z][A-Za-z.]*: ", re.ASCII)
_RENEWS = "a run renews its session by itself, so short ones do"


@dataclass(frozen=True, slots=True)
class Asked:
    """What was tried, as far as advice needs it. `external_id` is None where it may not be shown:
    who gave a reference instead of the text had a reason.
    """

    role: RoleArn
    profile: str | None
    external_id: str | None


@dataclass(frozen=True, slots=True)
class Advice:
    """An error whose hint fits, and lines to print below it: AWS's words, a statement to paste."""

    error: ValetkeyError
    lines: tuple[str, ...]


def advise(failed: Failed, asked: Asked) -> Advice:
    """Say what to do about a trial that failed. Code and message stay what they were."""
    error = failed.error
    lines = []
    if error.detail:
        lines.append(f"{'AWS says' if is_of_aws(error) else 'details'}: {error.detail}")
    if error.code.startswith(AWS_DENIAL) and failed.caller is not None:
        lines += _statements(error.detail or "", failed.caller, asked)
    hint = _hint(failed, asked) or error.hint
    return Advice(ValetkeyError(error.code, error.message, hint=hint), tuple(lines))


def is_of_aws(error: ValetkeyError) -> bool:
    """Say whether an error's detail is AWS's own words: one of AWS's codes, then its text."""
    return isinstance(error, AwsError) and bool(_AWS_SAID.match(error.detail or ""))


def trust_statement(caller: str, external_id: str | None) -> dict[str, object] | None:
    """Return the statement with which a trust policy admits `caller` for runs; None for root.

    A session is no principal of its own: its role is named. The path of that role is not in the
    session's ARN; for IAM Identity Center's roles a pattern stands in its place (its user guide,
    "Referencing permission sets in resource policies").
    """
    condition: dict[str, dict[str, str]] = {}
    if external_id is not None:
        condition["StringEquals"] = {"sts:ExternalId": external_id}
    session = _SESSION.match(caller)
    if session is None:
        if not _PRINCIPAL.fullmatch(caller):
            return None
        principal = caller
    else:
        account = f"arn:{session['partition']}:iam::{session['account']}"
        principal = f"{account}:role/{session['name']}"
        if session["name"].startswith(_SSO_ROLE):
            pattern = f"{account}:role/aws-reserved/sso.amazonaws.com/*{session['name']}"
            condition["ArnLike"] = {"aws:PrincipalArn": pattern}
            principal = f"{account}:root"
    return {
        "Effect": "Allow",
        "Principal": {"AWS": principal},
        "Action": list(ACTIONS),
        **({"Condition": condition} if condition else {}),
    }


def own_statement(role: RoleArn) -> dict[str, object]:
    """Return the statement with which the caller's own policy lets it assume `role` for runs."""
    return {"Effect": "Allow", "Action": list(ACTIONS), "Resource": str(role)}


def _hint(failed: Failed, asked: Asked) -> str | None:
    """Return a better hint than the AWS room can give, which knows less of the moment."""
    if failed.caller is not None and failed.caller.endswith(":root"):
        return "no role can be assumed by a root login: sign in as an IAM user or a role"
    match failed.error.code:
        case "aws-access-denied":
            # AWS answers alike for a role that is not there; who may call GetRole can tell.
            look = ["aws", "iam", "get-role", "--role-name", asked.role.name]
            look += [] if asked.profile is None else ["--profile", asked.profile]
            return (
                "AWS does not say why: the role does not exist, its trust policy does not admit"
                " you (it may want another external id, --tag or MFA), or your own policy does"
                f" not; look with `{shlex.join(look)}`"
            )
        case "aws-access-denied-trust" if not _NO_STATEMENT_HELPS.search(failed.error.detail or ""):
            who = "you" if asked.profile is None else f"profile `{asked.profile}`"
            return (
                "add the statement below to the role's trust policy; if it has one that admits"
                f" {who}, meet its conditions: an external id (--external-id), tags (--tag) or MFA"
            )
        case "aws-duration-above-role-maximum" if failed.most_hours is not None:
            most = failed.most_hours
            return f"the role gives {most} h at most: say --duration {most}h; {_RENEWS}"
        case "aws-duration-above-role-maximum" | "aws-duration-chained":
            return f"say --duration 1h or less: {_RENEWS}"
        case "aws-request-refused":
            return "most often it is the session policy; AWS's own words are below"
        case "aws-no-credentials" if asked.profile is None:
            return (
                "name a profile with --profile: `aws configure list-profiles` shows those that"
                " exist, `aws configure sso` makes one"
            )
    return None


def _statements(words: str, caller: str, asked: Asked) -> list[str]:
    """Return the statements that are missing, or nothing where no Allow would help."""
    if _NO_STATEMENT_HELPS.search(words) or caller.endswith(":root"):
        return []
    own = _pasteable("a statement for your own policy", own_statement(asked.role))
    if _OWN_POLICY in words:
        return own
    lines: list[str] = []
    statement = trust_statement(caller, asked.external_id)
    if statement is not None:
        lines += _pasteable("a statement for the role's trust policy", statement)
    if is_role_session(caller) and f"/{_SSO_ROLE}" not in caller:
        lines.append("if your own role has a path, put it before the name in `Principal`")
    if asked.role.account not in caller.split(":")[4:5]:
        lines += own  # across accounts either side alone is not enough, and AWS names one at most
    return lines


def _pasteable(title: str, statement: dict[str, object]) -> list[str]:
    return [f"{title}:", *json.dumps(statement, indent=2, ensure_ascii=False).splitlines()]
