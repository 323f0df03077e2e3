"""The doctor's links in the role's account: provider, trust policy, permissions, as IAM has them.

Read with the operator's own AWS credentials. What they may not read is not known, and said so.
"""

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence

from valetkey.cli.doctor_step import Outcome, Step, of_error
from valetkey.cli.doctor_trust import TRUST, trust_steps
from valetkey.credentials import WebIdentityRequest
from valetkey.errors import ValetkeyError
from valetkey.iam import Layer, PolicyError
from valetkey.iam.lint import Document, Finding, Severity, lint, read_documents, tags_in
from valetkey.wiring.doctor import Examination

ACCOUNT, PROVIDER, PERMISSIONS = "account", "provider", "permission policies"
_SHOWN = 3  # findings of one document; `valetkey iam lint` shows them all


async def account_steps(
    examination: Examination, wanted: WebIdentityRequest | None, *, tags: Iterable[str]
) -> AsyncIterator[Step]:
    """Give what IAM says. `wanted` None: the role is assumed without a token.

    `tags` are the keys of the tags that runs have.
    """
    role = examination.grant.role
    try:
        caller = await examination.sts.caller_arn()
    except ValetkeyError as error:
        yield _unread(ACCOUNT, error, "credentials that may read IAM")
        return
    if caller.split(":")[4] != role.account:
        said = f"IAM is read as {caller}, and the role is in account {role.account}"
        fix = "set `[aws] profile` or AWS_PROFILE to an identity of that account to look there too"
        yield Step(ACCOUNT, Outcome.UNKNOWN, said, fix)
        return
    if wanted is not None:
        yield await _provider(examination, wanted)
    documents: list[Document] = []
    async for found in _trust(examination, wanted, into=documents):
        yield found
    async for found in _permissions(examination, documents, tags=tags):
        yield found


async def _provider(examination: Examination, wanted: WebIdentityRequest) -> Step:
    try:
        provider = await examination.iam.provider(wanted.provider)
    except ValetkeyError as error:
        if error.code != "aws-not-found":
            return _unread(PROVIDER, error, "iam:GetOpenIDConnectProvider")
        fix = (
            f"aws iam create-open-id-connect-provider --url {wanted.issuer}"
            f" --client-id-list {wanted.audience}"
        )
        said = f"account {wanted.role.account} has no provider {wanted.provider}"
        return Step(PROVIDER, Outcome.BROKEN, said, fix)
    if wanted.audience not in provider.client_ids:
        fix = (
            "aws iam add-client-id-to-open-id-connect-provider --open-id-connect-provider-arn"
            f" {wanted.provider} --client-id {wanted.audience}"
        )
        said = f"its audiences (client ids) do not have {wanted.audience}"
        return Step(PROVIDER, Outcome.BROKEN, said, fix)
    said = f"registered, with audience {wanted.audience}; a thumbprint is not needed"
    return Step(PROVIDER, Outcome.HOLDS, said)


async def _trust(
    examination: Examination, wanted: WebIdentityRequest | None, *, into: list[Document]
) -> AsyncIterator[Step]:
    role = examination.grant.role
    try:
        known = await examination.iam.role(role)
    except ValetkeyError as error:
        if error.code == "aws-not-found":
            said = f"there is no role {role}"
            yield Step(TRUST, Outcome.BROKEN, said, "create it, or mend the grant's `role`")
        else:
            yield _unread(TRUST, error, "iam:GetRole")
        return
    if known.arn != str(role):
        said = f"the role's ARN is {known.arn}, not {role}"
        yield Step(TRUST, Outcome.BROKEN, said, "mend the grant's `role`: its path is part of it")
    try:
        into += read_documents(known.trust, TRUST, layer=Layer.TRUST)
        if wanted is not None:
            now = examination.broker.clock()
            for step in trust_steps(known.trust, wanted, role_tags=known.tags, now=now):
                yield step
        if known.boundary is not None:
            text = await examination.iam.managed(known.boundary)
            into += read_documents(text, f"boundary {known.boundary}", layer=Layer.BOUNDARY)
    except PolicyError as error:
        yield of_error(TRUST, error)
    except ValetkeyError as error:
        yield _unread(TRUST, error, "iam:GetPolicy and iam:GetPolicyVersion")


async def _permissions(
    examination: Examination, documents: list[Document], *, tags: Iterable[str]
) -> AsyncIterator[Step]:
    try:
        texts = await examination.iam.policies(examination.grant.role)
        for name, text in texts.items():
            documents += read_documents(text, name, layer=Layer.IDENTITY)
    except PolicyError as error:
        yield of_error(PERMISSIONS, error)
        return
    except ValetkeyError as error:
        needed = "iam:ListRolePolicies, iam:GetRolePolicy, iam:ListAttachedRolePolicies and so on"
        yield _unread(PERMISSIONS, error, needed)
    for step in (*_lint_steps(documents), *_use_of_tags(documents, tags)):
        yield step


def _use_of_tags(documents: Sequence[Document], tags: Iterable[str]) -> Iterator[Step]:
    permissions = [one for one in documents if one.layer is Layer.IDENTITY]
    if not permissions:
        return
    looked_at, given = tags_in(permissions), {tag.lower() for tag in tags}
    if used := sorted(looked_at & given):
        said = f"they look at {', '.join(f'aws:PrincipalTag/{tag}' for tag in used)}"
        yield Step(PERMISSIONS, Outcome.HOLDS, said)
        return
    said = "they look at no session tag of the run: every session reaches the same"
    if looked_at:
        said = f"they look at {', '.join(sorted(looked_at))}, which runs do not have"
    fix = "write ${aws:PrincipalTag/…} into their resources or conditions"
    yield Step(PERMISSIONS, Outcome.BROKEN, said, fix)


def _lint_steps(documents: Sequence[Document]) -> Iterator[Step]:
    """Give the traps in all policies of the role: errors one by one, the rest in one line."""
    findings = lint(documents)
    for file in dict.fromkeys(one.policy for one in findings):
        own = [one for one in findings if one.policy == file]
        link, where = (TRUST, "") if file == TRUST else (PERMISSIONS, f" in {file}")
        errors = [one for one in own if one.severity is Severity.ERROR]
        for one in errors[:_SHOWN]:
            said = f"{one.title} [{one.code}]{where} at {one.path}"
            yield Step(link, Outcome.BROKEN, said, one.mend)
        if len(errors) > _SHOWN:
            yield Step(link, Outcome.BROKEN, f"{len(errors) - _SHOWN} errors more{where}", _LINT)
        if rest := [one for one in own if one.severity is not Severity.ERROR]:
            yield Step(link, Outcome.NOTE, f"worth a look{where}: {_codes(rest)}", _LINT)


_LINT = "`valetkey iam lint` explains each"


def _codes(findings: Iterable[Finding]) -> str:
    return ", ".join(dict.fromkeys(one.code for one in findings))


def _unread(link: str, error: ValetkeyError, needed: str) -> Step:
    said = f"not known: {error.message} [{error.code}]"
    fix = f"it takes {needed}" + (f"; {error.hint}" if error.hint else "")
    return Step(link, Outcome.UNKNOWN, said, fix)
