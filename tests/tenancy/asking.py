"""Ask the evaluator about generated policies: as a run with these tags, or as another."""

from collections.abc import Mapping

from tests.tenancy.maps import ACCOUNT
from valetkey.iam import (
    ContextValue,
    Decision,
    Layer,
    Policies,
    Policy,
    Principal,
    PrincipalKind,
    Request,
    evaluate,
    parse_policy,
)
from valetkey.tenancy import OwnedText, PolicySet, Right, RolePolicies, Tag

Tags = Mapping[str, str]


class Asker:
    """A role of a policy set with its policies compiled once."""

    def __init__(self, found: PolicySet, role: RolePolicies) -> None:
        self.arn = role.arn
        self._identity = tuple(
            parse_policy(one.document, layer=Layer.IDENTITY, name=one.name)
            for one in role.permissions
        )
        self._resources = {
            arn: parse_policy(document, layer=Layer.RESOURCE, name=arn)
            for arn, document in found.resource_policies.items()
            if document is not None
        }

    def policy_of(self, resource: str) -> Policy | None:
        """Return the policy of the table, bucket or key that the resource is of or in."""
        for arn, policy in self._resources.items():
            if resource == arn or resource.startswith(f"{arn}/"):
                return policy
        return None

    def ask(
        self, action: str, resource: str, tags: Tags, context: Mapping[str, ContextValue]
    ) -> Decision:
        """Return the answer to a session of the role with these tags."""
        session = f"arn:aws:sts::{ACCOUNT}:assumed-role/{self.arn.rpartition('/')[2]}/vk"
        principal = Principal(PrincipalKind.ARN, session, tags=tags, role_arn=self.arn)
        return self.ask_as(principal, action, resource, context=context, identity=self._identity)

    def ask_as(
        self,
        principal: Principal,
        action: str,
        resource: str,
        *,
        context: Mapping[str, ContextValue],
        identity: tuple[Policy, ...],
    ) -> Decision:
        """Return the answer to any principal with policies of its own."""
        policies = Policies(identity=identity, resource=self.policy_of(resource))
        return evaluate(Request(principal, action, resource, context=context), policies)

    def use(self, right: Right, *, of: Tags, by: Tags, **more: ContextValue) -> Decision:
        """Return the answer to a session with the tags `by` that uses `right` on what belongs
        to the tags `of`; `more` are context keys that the request has in place of its own.
        """
        context: dict[str, ContextValue] = {}
        if right.key is not None:
            value = filled(right.key.text, of) + "more" * right.key.open
            context[right.key.name] = (value,) if right.key.many else value
        resource = filled(right.resource, of) + "more" * right.open
        return self.ask(right.action, resource, by, {**context, **more})


def filled(text: OwnedText, tags: Tags) -> str:
    """Return the text with the tags' values."""
    return "".join(tags[part.key] if isinstance(part, Tag) else part for part in text)
