"""`sts:AssumeRole`: what a caller asks for, checked in AWS's order, and the session it gets.

Standard: `AssumeRole` (STS API reference), "Roles terms: role chaining", "Monitor and control
actions taken with assumed roles" (source identity). It does not store sessions.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from valetkey.iam import ContextValue, Layer, Policy
from valetkey.localaws.callers import Caller, CallerKind
from valetkey.localaws.decisions import Ask
from valetkey.localaws.documents import DENIES_ALL, check_document, compiled, compiled_or_denying
from valetkey.localaws.faults import AwsError
from valetkey.localaws.identities import Identities, RoleRecord
from valetkey.localaws.models import Params
from valetkey.localaws.packed_size import MAX_PLAIN_POLICY, packed_percentage
from valetkey.localaws.session_tags import SessionTags, session_tags
from valetkey.localaws.surroundings import tag_context

MIN_SECONDS = 900
MAX_SECONDS = 43_200
MAX_CHAINED_SECONDS = 3600  # role chaining ends after an hour, whatever the role allows
DEFAULT_SECONDS = 3600

_ROLE_ARN = re.compile(r"arn:aws:iam::(\d{12}):role/[!-~]{1,512}")
_NAME = re.compile(r"[A-Za-z0-9_+=,.@-]{2,64}", re.ASCII)
_EXTERNAL_ID = re.compile(r"[A-Za-z0-9_+=,.@:/-]{2,1224}", re.ASCII)


@dataclass(frozen=True, slots=True)
class RoleRequest:
    """An AssumeRole call whose parameters are well formed. Nothing is decided yet."""

    role_arn: str
    session_name: str
    tags: SessionTags
    transitive_keys: tuple[str, ...]
    external_id: str | None
    source_identity: str | None  # in this request; an inherited one is not in it
    seconds: int | None
    policy: str | None
    policy_arns: tuple[str, ...]


def read_role_request(params: Params, caller: Caller) -> RoleRequest:
    """Return the well-formed request. Raises AwsError for a parameter that STS refuses."""
    for name in ("SerialNumber", "TokenCode", "ProvidedContexts"):
        if name in params:
            raise _invalid(f"{name} is not modelled by valetkey's local AWS.")
    source = params.get("SourceIdentity")
    check_names(params, source)
    external_id = params.get("ExternalId")
    if external_id is not None and not _EXTERNAL_ID.fullmatch(external_id):
        raise _invalid("ExternalId has 2 to 1224 characters of [\\w+=,.@:/-].")
    session = caller.session
    inherited = {key: session.tags[key] for key in session.transitive} if session else {}
    transitive = tuple(params.get("TransitiveTagKeys", ()))
    tags = session_tags(
        ((tag["Key"], tag["Value"]) for tag in params.get("Tags", ())),
        transitive,
        inherited=inherited,
    )
    return RoleRequest(
        role_arn=params["RoleArn"],
        session_name=params["RoleSessionName"],
        tags=tags,
        transitive_keys=transitive,
        external_id=external_id,
        source_identity=source,
        seconds=params.get("DurationSeconds"),
        policy=params.get("Policy"),
        policy_arns=tuple(item["arn"] for item in params.get("PolicyArns", ())),
    )


def check_names(params: Params, source: str | None) -> None:
    """Return if STS takes the role's ARN, the session's name and the source identity."""
    if not _ROLE_ARN.fullmatch(params["RoleArn"]):
        raise _invalid(f"{params['RoleArn']} is invalid")
    names = [params["RoleSessionName"], *([] if source is None else [source])]
    if not all(_NAME.fullmatch(name) for name in names):
        raise _invalid("RoleSessionName and SourceIdentity have 2 to 64 characters of [\\w+=,.@-].")


def role_asks(
    wanted: RoleRequest,
    role: RoleRecord,
    caller: Caller,
    *,
    action: str = "sts:AssumeRole",
    more: Mapping[str, ContextValue] | None = None,
) -> tuple[Ask, ...]:
    """Return every decision this call needs: each must allow it.

    `action` is the call's own, `more` are condition keys that it alone has, and not the others.
    Tags, passed or inherited, need `sts:TagSession`; a source identity, set or inherited, needs
    `sts:SetSourceIdentity`. Trust and identity policies see the same condition keys.
    """
    context: dict[str, ContextValue] = {
        "sts:RoleSessionName": wanted.session_name,
        **tag_context(dict(wanted.tags.passed)),
        **tag_context(role.tags, prefix="aws:ResourceTag"),
        **tag_context(role.tags, prefix="iam:ResourceTag"),
    }
    if wanted.external_id is not None:
        context["sts:ExternalId"] = wanted.external_id
    if wanted.source_identity is not None:
        context["sts:SourceIdentity"] = wanted.source_identity
    if wanted.transitive_keys:
        context["sts:TransitiveTagKeys"] = wanted.transitive_keys
    contexts = {action: {**context, **(more or {})}}
    if wanted.tags.all:
        contexts["sts:TagSession"] = context
    if wanted.source_identity is not None or _inherited_source(caller) is not None:
        contexts["sts:SetSourceIdentity"] = context
    return tuple(Ask(one, role.arn, seen, trust=role.trust) for one, seen in contexts.items())


def session_source_identity(wanted: RoleRequest, caller: Caller) -> str | None:
    """Return the new session's source identity, which can't change down a chain."""
    inherited = _inherited_source(caller)
    if inherited is None:
        return wanted.source_identity
    if wanted.source_identity not in {None, inherited}:
        raise _denied("The source identity of the calling session cannot be changed.")
    return inherited


def session_seconds(wanted: RoleRequest, role: RoleRecord, caller: Caller) -> int:
    """Return the session's length. Raises AwsError if the role or the chain does not allow it."""
    seconds = DEFAULT_SECONDS if wanted.seconds is None else wanted.seconds
    if not MIN_SECONDS <= seconds <= MAX_SECONDS:
        raise _invalid(f"DurationSeconds must be {MIN_SECONDS} to {MAX_SECONDS}.")
    if caller.kind is CallerKind.SESSION and seconds > MAX_CHAINED_SECONDS:
        raise _invalid(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed "
            "by role chaining"
        )
    if seconds > role.max_session_seconds:
        raise _invalid(
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
        )
    return seconds


def session_policies(wanted: RoleRequest, identities: Identities) -> tuple[Policy, ...] | None:
    """Return the session policies, None where the call passed none at all."""
    if wanted.policy is None and not wanted.policy_arns:
        return None
    plain = len(wanted.policy or "") + sum(map(len, wanted.policy_arns))
    if plain > MAX_PLAIN_POLICY or len(wanted.policy_arns) > 10:
        raise _too_large(f"Session policies have {plain} characters, 2048 and 10 ARNs at most.")
    found = []
    if wanted.policy is not None:
        check_document(wanted.policy, Layer.SESSION)
        found.append(compiled(wanted.policy, "session/inline", Layer.SESSION))
    for arn in wanted.policy_arns:
        text = identities.managed_document(arn)
        if text is None:
            raise _invalid(f"Policy {arn} does not exist.")
        found.append(compiled_or_denying(text or DENIES_ALL, f"session/{arn}", Layer.SESSION))
    return tuple(found)


def session_size(wanted: RoleRequest) -> int:
    """Return PackedPolicySize in per cent. Raises AwsError above 100."""
    size = packed_percentage(
        policy=wanted.policy, policy_arns=wanted.policy_arns, tags=_all(wanted.tags.all)
    )
    if size > 100:
        raise _too_large(f"Packed size of session tags consumes {size}% of allotted space.")
    return size


def _all(tags: Mapping[str, str]) -> dict[str, str]:
    return dict(sorted(tags.items()))


def _inherited_source(caller: Caller) -> str | None:
    return caller.session.source_identity if caller.session is not None else None


def _invalid(message: str) -> AwsError:
    return AwsError("ValidationError", message, status=400)


def _too_large(message: str) -> AwsError:
    return AwsError("PackedPolicyTooLarge", message, status=400)


def _denied(message: str) -> AwsError:
    return AwsError("AccessDenied", message, status=403)
