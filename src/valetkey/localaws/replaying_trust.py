"""Assume a role, as a witness of a trust policy says: by a caller, or with a token."""

import json
from collections.abc import Mapping
from typing import Any

from botocore import UNSIGNED
from botocore.config import Config

from valetkey.localaws.oidc_urls import provider_url
from valetkey.localaws.replaying_outcome import NotPlayedError, Outcome, Played
from valetkey.localaws.replaying_stage import MAY_ASSUME, Perform, Stage, asked, of_arn
from valetkey.localaws.web_identity_claims import ROLES

REQUEST_TAG = "aws:requesttag/"
PROVIDER = "oidc-provider/"


def _tags(stage: Stage) -> dict[str, str]:
    """Return the tags that the request passes: those with a value in it, and bare keys."""
    bare = {key: stage.attempt.tags.get(key, "") for key in stage.attempt.keys("aws:TagKeys")}
    return bare | {
        name[len(REQUEST_TAG) :]: str(value)
        for name, value in stage.attempt.context.items()
        if name.lower().startswith(REQUEST_TAG)
    }


def _assume(stage: Stage) -> Played:
    stage.make_roles()
    params: dict[str, Any] = {
        "RoleArn": stage.attempt.resource,
        "RoleSessionName": stage.attempt.key("sts:RoleSessionName") or stage.session_name,
    }
    if tags := _tags(stage):
        params["Tags"] = [{"Key": key, "Value": value} for key, value in tags.items()]
    for name in ("ExternalId", "SourceIdentity"):
        if (value := stage.attempt.key(f"sts:{name}")) is not None:
            params[name] = value
    if transitive := stage.attempt.keys("sts:TransitiveTagKeys"):
        params["TransitiveTagKeys"] = list(transitive)
    return _given(stage, asked(_caller(stage).client("sts"), "assume_role", **params))


def _caller(stage: Stage) -> Any:
    """Return the caller's boto3 session; its own policies let it assume what it likes."""
    arn = of_arn(stage.attempt.principal)
    role = next((one for one in stage.scene.roles if one.arn == stage.attempt.role), None)
    if role is not None and arn.resource.startswith("assumed-role/"):
        # A run's session, whose tag of the run goes on with it wherever it chains to.
        tags = dict(stage.attempt.tags)
        keys = [key for key in tags if key == "valetkey_run"]
        stage.root("iam").put_role_policy(
            RoleName=role.arn.rpartition("/")[2], PolicyName="assume", PolicyDocument=_may_assume()
        )
        return stage.session_of(role.arn, tags, **({"TransitiveTagKeys": keys} if keys else {}))
    if arn.account != stage.aws.account:
        raise NotPlayedError(f"`{stage.attempt.principal}` is of another account")
    name = arn.resource.split("/")[-1 if arn.resource.startswith(("role/", "user/")) else 1]
    kind = "users" if arn.resource.startswith("user/") else "roles"
    if kind == "users" or not stage.is_broker(name):
        stage.aws.seed({kind: [{"name": name, "policies": {"assume": MAY_ASSUME}}]})
    return stage.aws.session(user=name) if kind == "users" else stage.session_of(name, {})


def _may_assume() -> str:
    return json.dumps(MAY_ASSUME)


def _with_token(stage: Stage) -> Played:
    """Bring a token with the witness's claims, signed by an issuer that stands in for the real."""
    stage.make_roles()
    principal = stage.attempt.principal
    if PROVIDER not in principal:
        raise NotPlayedError(f"`{principal}` is no OpenID Connect provider")
    name = principal.partition(PROVIDER)[2]
    claims = {
        claim: value
        for claim, default in (("aud", "anybody"), ("sub", "somebody"))
        for value in [stage.attempt.key(f"{name}:{claim}") or default]
    }
    if stage.attempt.key("sts:RoleAuthorizedByIdp") == "true":
        claims[ROLES] = stage.attempt.resource
    stage.root("iam").create_open_id_connect_provider(
        Url=provider_url(name), ClientIDList=[claims["aud"]]
    )
    token = stage.issuer.token(
        provider_url(name),
        claims,
        tags=_tags(stage),
        source_identity=stage.attempt.key("sts:SourceIdentity"),
    )
    client = stage.aws.session().client("sts", config=Config(signature_version=UNSIGNED))
    answer = asked(
        client,
        "assume_role_with_web_identity",
        RoleArn=stage.attempt.resource,
        RoleSessionName=stage.attempt.key("sts:RoleSessionName") or stage.session_name,
        WebIdentityToken=token,
    )
    return _given(stage, answer)


def _given(stage: Stage, answer: Mapping[str, Any]) -> Played:
    tags = ", ".join(f"{key}={value}" for key, value in _tags(stage).items())
    who = answer["AssumedRoleUser"]["Arn"]
    tagged = f"tagged {tags}" if tags else "without tags"
    return Played(Outcome.GIVEN, f"STS gave a session, {who}, {tagged}")


TRUST_CALLS: Mapping[str, Perform] = {
    "sts:AssumeRole": _assume,
    "sts:AssumeRoleWithWebIdentity": _with_token,
}
