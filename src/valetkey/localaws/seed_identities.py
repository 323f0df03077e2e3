"""A seed's managed policies, OpenID Connect providers, users and roles as API calls."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from valetkey.iam import Layer
from valetkey.localaws.seed_reading import Seed
from valetkey.localaws.seed_shape import (
    Document,
    KeyTable,
    PolicyTable,
    ProviderTable,
    RoleTable,
    UserTable,
)
from valetkey.localaws.seed_steps import Call, NewKey, Step
from valetkey.localaws.service_tags import tag_list
from valetkey.secret import Secret

MAX_KEYS = 2  # of a user: "IAM and AWS STS quotas"
MIN_SESSION_SECONDS, MAX_SESSION_SECONDS = 3_600, 43_200  # IAM API, Role: MaxSessionDuration
NOBODY: Document = {"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole"}
"""The trust policy of a role that says none: `LocalAws.session` alone makes sessions of it."""

_DURATION = re.compile(r"([1-9][0-9]{0,5})([smh])", re.ASCII)
_UNITS = {"s": 1, "m": 60, "h": 3600}
_KEY_ID = re.compile(r"\w{16,128}", re.ASCII)  # IAM API, AccessKey


def identity_steps(seed: Seed, account: str) -> Iterator[Step]:
    """Yield the steps that make the account's principals, policies first."""
    arns = {p.name: f"arn:aws:iam::{account}:policy{p.path}{p.name}" for p in seed.tables.policies}
    for policy in seed.tables.policies:
        yield _policy(policy, seed)
    for provider in seed.tables.oidc_providers:
        yield _provider(provider)
    for user in seed.tables.users:
        yield from _user(user, seed, arns=arns)
    for role in seed.tables.roles:
        yield from _role(role, seed, arns=arns)


def _policy(policy: PolicyTable, seed: Seed) -> Call:
    place = f"policy `{policy.name}`"
    params: dict[str, Any] = {
        "PolicyName": policy.name,
        "Path": policy.path,
        "PolicyDocument": seed.policy(policy.document, Layer.IDENTITY, place=f"{place}: document"),
    }
    if policy.tags:
        params["Tags"] = tag_list(policy.tags)
    return Call(
        place, "iam", "CreatePolicy", params,
        kind="policy", name=policy.name, answer=("Policy", "Arn"),
    )  # fmt: skip


def _provider(provider: ProviderTable) -> Call:
    params: dict[str, Any] = {
        "Url": provider.url,
        "ClientIDList": list(provider.client_ids),
        "ThumbprintList": list(provider.thumbprints),
    }
    if provider.tags:
        params["Tags"] = tag_list(provider.tags)
    return Call(
        f"oidc provider `{provider.url}`", "iam", "CreateOpenIDConnectProvider", params,
        kind="provider", name=provider.url, answer=("OpenIDConnectProviderArn",),
    )  # fmt: skip


def _user(user: UserTable, seed: Seed, *, arns: Mapping[str, str]) -> Iterator[Step]:
    place = f"user `{user.name}`"
    yield _principal("User", user, {}, seed, arns=arns)
    yield from _held("User", user, seed, arns=arns)
    keys = user.access_keys
    if isinstance(keys, int):
        if not 0 <= keys <= MAX_KEYS:
            raise seed.refuse(place, f"a user has at most {MAX_KEYS} access keys")
        yield from (NewKey(place, user.name) for _ in range(keys))
        return
    for index, key in enumerate(keys):
        here = f"{place}: access_keys[{index}]"
        yield NewKey(here, user.name, given=_given(key, seed, place=here))


def _given(key: KeyTable, seed: Seed, *, place: str) -> tuple[str, Secret]:
    if not key.secret.startswith(("env:", "file:")):
        raise seed.refuse(
            place, "a secret is not written here", hint="write `env:NAME` or `file:PATH`"
        )
    identifier = seed.text(key.id, place=f"{place}.id").strip()
    if not _KEY_ID.fullmatch(identifier):
        raise seed.refuse(f"{place}.id", "a key id has 16 to 128 letters and digits")
    secret = seed.text(key.secret, place=f"{place}.secret").strip()
    if not secret:
        raise seed.refuse(f"{place}.secret", "the secret is empty")
    return identifier, Secret(secret)


def _role(role: RoleTable, seed: Seed, *, arns: Mapping[str, str]) -> Iterator[Call]:
    place = f"role `{role.name}`"
    trust = NOBODY if role.trust is None else role.trust
    length = _DURATION.fullmatch(role.max_session)
    seconds = int(length[1]) * _UNITS[length[2]] if length else 0
    if not MIN_SESSION_SECONDS <= seconds <= MAX_SESSION_SECONDS:
        raise seed.refuse(place, "`max_session` is `1h` to `12h`, or as many `m` or `s`")
    more = {
        "AssumeRolePolicyDocument": seed.policy(trust, Layer.TRUST, place=f"{place}: trust"),
        "MaxSessionDuration": seconds,
    }
    yield _principal("Role", role, more, seed, arns=arns)
    yield from _held("Role", role, seed, arns=arns)


def _principal(
    kind: str,
    table: UserTable | RoleTable,
    more: Mapping[str, Any],
    seed: Seed,
    *,
    arns: Mapping[str, str],
) -> Call:
    place = f"{kind.lower()} `{table.name}`"
    params: dict[str, Any] = {f"{kind}Name": table.name, "Path": table.path, **more}
    if table.tags:
        params["Tags"] = tag_list(table.tags)
    if table.boundary is not None:
        params["PermissionsBoundary"] = _arn(table.boundary, arns, seed, place=f"{place}: boundary")
    return Call(
        place, "iam", f"Create{kind}", params,
        kind=kind.lower(), name=table.name, answer=(kind, "Arn"),
    )  # fmt: skip


def _held(
    kind: str, table: UserTable | RoleTable, seed: Seed, *, arns: Mapping[str, str]
) -> Iterator[Call]:
    """Yield the calls that put and attach a principal's policies."""
    place = f"{kind.lower()} `{table.name}`"
    for name, document in table.policies.items():
        here = f"{place}: policies.{name}"
        text = seed.policy(document, Layer.IDENTITY, place=here)
        params = {f"{kind}Name": table.name, "PolicyName": name, "PolicyDocument": text}
        yield Call(here, "iam", f"Put{kind}Policy", params)
    for name in table.managed:
        here = f"{place}: managed"
        arn = _arn(name, arns, seed, place=here)
        yield Call(
            here, "iam", f"Attach{kind}Policy", {f"{kind}Name": table.name, "PolicyArn": arn}
        )


def _arn(name: str, arns: Mapping[str, str], seed: Seed, *, place: str) -> str:
    """Return the ARN of a managed policy that is named by itself or by an ARN."""
    if name.startswith("arn:"):
        return name
    if name not in arns:
        raise seed.refuse(
            place, f"no policy is named `{name}`", hint="name one of `[[policies]]`, or give an ARN"
        )
    return arns[name]
