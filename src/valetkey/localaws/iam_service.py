"""IAM operations: which action on which ARN, documents checked, then run by the storage."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from valetkey.iam import Layer
from valetkey.localaws.callers import Caller
from valetkey.localaws.decisions import Ask
from valetkey.localaws.documents import (
    INLINE_LIMITS,
    MANAGED_LIMIT,
    TRUST_LIMIT,
    check_document,
    check_size,
)
from valetkey.localaws.faults import AwsError, Service, Trouble, fault
from valetkey.localaws.http import Answer
from valetkey.localaws.iam_actions import (
    BOUNDED,
    CREATING,
    IMPLICIT_USER,
    OPERATIONS,
    TRUST_DOCUMENTS,
    Target,
)
from valetkey.localaws.iam_names import check_names
from valetkey.localaws.identities import Identities
from valetkey.localaws.models import Params, fail_operation
from valetkey.localaws.oidc_providers import CLIENT_IDS, change_client_ids, check_provider
from valetkey.localaws.oidc_urls import provider_name
from valetkey.localaws.query_protocol import query_answer, write_form
from valetkey.localaws.surroundings import tag_context
from valetkey.localaws.tags import stored_spelling, tags_trouble

Require = Callable[[Ask], None]
_NAMING = frozenset({"CreateGroup", "CreatePolicy", "CreateRole", "CreateUser"})
INLINE = re.compile("Put(User|Group|Role)Policy")


@dataclass(frozen=True, slots=True)
class IdentityService:
    """Answers IAM operations for verified callers."""

    identities: Identities

    def run(
        self, operation: str, params: Params, *, caller: Caller, require: Require, request_id: str
    ) -> Answer:
        """Return IAM's answer. Raises AwsError for a denial or a malformed document."""
        if operation not in OPERATIONS:
            raise fail_operation(Service.IAM, operation)
        params = _named_user(operation, params, caller)
        check_names(params)
        trouble = tags_trouble((tag["Key"], tag["Value"]) for tag in params.get("Tags", ()))
        if trouble is not None:
            raise AwsError("InvalidInput", trouble)
        for ask in self._asks(operation, params):
            require(ask)
        self._check_name(operation, params)
        self._check_documents(operation, params)
        self._check_boundaries(operation, params)
        check_provider(operation, params, self.identities)
        if operation in CLIENT_IDS:
            change_client_ids(operation, params, self.identities)
            return query_answer(Service.IAM, operation, {}, request_id=request_id)
        if operation in {"PutUserPermissionsBoundary", "DeleteUserPermissionsBoundary"}:
            return self._user_boundary(operation, params, request_id=request_id)
        answer = self.identities.storage.call_iam(
            write_form(operation, self._for_storage(operation, params), Service.IAM)
        )
        if answer.status < 300 and operation in {"CreateUser", "DeleteUser"}:
            self.identities.user_boundaries.pop(params["UserName"], None)
            if "PermissionsBoundary" in params and operation == "CreateUser":
                self.identities.user_boundaries[params["UserName"]] = params["PermissionsBoundary"]
        return answer

    def _asks(self, operation: str, params: Params) -> tuple[Ask, ...]:
        """Return what the operation needs; what is made with tags needs the right to tag it, too
        ("Controlling access to and for IAM users and roles using tags", IAM user guide).
        """
        tags = {tag["Key"]: tag["Value"] for tag in params.get("Tags", ())}
        context = tag_context(tags)
        if "TagKeys" in params:
            context["aws:TagKeys"] = tuple(params["TagKeys"])
        resource, owned, boundary = self._resource(OPERATIONS[operation], params)
        context.update(tag_context(owned, prefix="aws:ResourceTag"))
        if OPERATIONS[operation] in {Target.ROLE, Target.USER}:
            context.update(tag_context(owned, prefix="iam:ResourceTag"))
        tagging = CREATING.get(operation) if tags else None
        more = () if tagging is None else (Ask(f"iam:{tagging}", resource, dict(context)),)
        boundary = params.get("PermissionsBoundary", boundary)
        if boundary and operation in BOUNDED:
            context["iam:PermissionsBoundary"] = boundary
        if "PolicyArn" in params and OPERATIONS[operation] is not Target.POLICY:
            context["iam:PolicyARN"] = params["PolicyArn"]
        return (Ask(f"iam:{operation}", resource, context), *more)

    def _resource(self, target: Target, params: Params) -> tuple[str, dict[str, str], str | None]:
        """Return the ARN, its tags and its boundary's ARN, from the storage where it exists."""
        account = self.identities.storage.account
        path = params.get("Path", "/")
        name = params.get(target.value, "")
        if target is Target.ROLE:
            role = self.identities.role(name)
            if role is not None:
                boundary = self.identities.role_boundary_arn(name)
                return role.arn, role.tags, boundary
            return f"arn:aws:iam::{account}:role{path}{name}", {}, None
        if target is Target.USER:
            user = self.identities.user(name)
            if user is not None:
                return user.arn, user.tags, self.identities.user_boundaries.get(name)
            return f"arn:aws:iam::{account}:user{path}{name}", {}, None
        if target is Target.GROUP:
            return self.identities.group_arn(name) or (
                f"arn:aws:iam::{account}:group{path}{name}"
            ), {}, None  # fmt: skip
        if target is Target.POLICY:
            return name, self.identities.managed_tags(name), None
        if target is Target.NEW_POLICY:
            return f"arn:aws:iam::{account}:policy{path}{name}", {}, None
        if target is Target.PROVIDER:
            return name, self.identities.provider_tags(name), None
        if target is Target.NEW_PROVIDER:
            return f"arn:aws:iam::{account}:oidc-provider/{provider_name(name)}", {}, None
        return "*", {}, None

    def _for_storage(self, operation: str, params: Params) -> dict[str, Any]:
        """Return what the storage is to read. A tag that is there keeps its key's case."""
        dropped = {"PermissionsBoundary"} if operation == "CreateUser" else set()
        found = {name: value for name, value in params.items() if name not in dropped}
        _, owned, _ = self._resource(OPERATIONS[operation], params)
        if "Tags" in params:
            found["Tags"] = [
                {**tag, "Key": stored_spelling(tag["Key"], owned)} for tag in params["Tags"]
            ]
        if "TagKeys" in params:
            found["TagKeys"] = [stored_spelling(key, owned) for key in params["TagKeys"]]
        return found

    def _check_name(self, operation: str, params: Params) -> None:
        """Return if nothing of its kind has the name that a new entity is to have."""
        kind = operation.removeprefix("Create")
        if operation in _NAMING and self.identities.is_taken(kind, params[f"{kind}Name"]):
            message = f"{kind} with name {params[f'{kind}Name']} already exists."
            raise AwsError("EntityAlreadyExists", message, status=409)

    def _check_documents(self, operation: str, params: Params) -> None:
        """Return if the documents in `params` are policies and fit IAM's quotas."""
        for name in ("PolicyDocument", "AssumeRolePolicyDocument"):
            if name not in params:
                continue
            text = params[name]
            inline = INLINE.fullmatch(operation)
            if f"{operation}:{name}" in TRUST_DOCUMENTS:
                check_document(text, Layer.TRUST)
                check_size([text], TRUST_LIMIT, "a trust policy")
                continue
            check_document(text, Layer.IDENTITY)
            if inline is None:
                check_size([text], MANAGED_LIMIT, "a managed policy")
                continue
            holder = inline[1]
            others = self.identities.inline_documents(holder, params[f"{holder}Name"])
            kept = {**others, params["PolicyName"]: text}
            check_size(kept.values(), INLINE_LIMITS[holder], f"the {holder.lower()}")

    def _check_boundaries(self, operation: str, params: Params) -> None:
        """Return if a boundary that is set exists, and no policy in use as one is deleted."""
        boundary = params.get("PermissionsBoundary")
        if boundary is not None and self.identities.managed_document(boundary) is None:
            message = f"Scope ARN: {boundary} does not exist or is not attachable."
            raise AwsError("NoSuchEntity", message, status=404)
        if operation == "DeletePolicy" and self.identities.bounds(params["PolicyArn"]):
            message = "Cannot delete a policy that is a permissions boundary."
            raise AwsError("DeleteConflict", message, status=409)

    def _user_boundary(self, operation: str, params: Params, *, request_id: str) -> Answer:
        name = params["UserName"]
        if self.identities.user(name) is None:
            raise AwsError("NoSuchEntity", f"The user {name} cannot be found.", status=404)
        if operation == "DeleteUserPermissionsBoundary":
            self.identities.user_boundaries.pop(name, None)
        else:
            self.identities.user_boundaries[name] = params["PermissionsBoundary"]
        return query_answer(Service.IAM, operation, {}, request_id=request_id)


def _named_user(operation: str, params: Params, caller: Caller) -> Params:
    """The storage never guesses the caller: an implied user name is written out."""
    if operation not in IMPLICIT_USER or "UserName" in params:
        return params
    if caller.user_name is None:
        raise fault(
            Service.IAM,
            Trouble.INVALID,
            "Must specify userName when calling with non-User credentials",
        )
    return {**params, "UserName": caller.user_name}
