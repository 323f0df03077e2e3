"""What should have happened: the evaluator asked by ourselves, and the answer held against it."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from tests.fuzz.calls import Call, Holder, Need, canaries_in, owner_of
from tests.fuzz.exchange import DENIED, Outcome
from tests.fuzz.names import Tenant
from tests.fuzz.places import ACCOUNT, REGION, ROLE_TAGS
from tests.fuzz.world import World
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

CARRIER_PARTS = 7  # of an ARN; an eighth is a function's qualifier
_SURROUNDINGS: Mapping[str, ContextValue] = {
    "aws:SourceIp": "127.0.0.1",
    "aws:SecureTransport": "true",
    "aws:RequestedRegion": REGION,
    "aws:ViaAWSService": "false",
}
CRASHES = frozenset(
    {"InternalError", "InternalServerError", "InternalFailure", "InternalServiceError",
     "ServiceException"}
)  # fmt: skip
MISSING = frozenset({"NoSuchKey", "NoSuchVersion", "404", "NoSuchBucket"})


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a call ended; `wrong` says what should not have happened, empty if nothing."""

    kind: str  # "allowed", "denied" or "other"
    wrong: str = ""


class Oracle:
    """Decides every need of one world's calls."""

    def __init__(self, world: World) -> None:
        self._world = world
        documents = world.documents
        self._identity = tuple(
            parse_policy(text, name=f"identity/{number}", layer=Layer.IDENTITY)
            for number, text in enumerate(documents.identity)
        )
        self._session = [_parsed(text, Layer.SESSION) for text in documents.session]
        self._boundary = _parsed(documents.boundary, Layer.BOUNDARY)
        self._resource = {
            Holder.NONE: None,
            Holder.BUCKET: _parsed(documents.bucket, Layer.RESOURCE),
            Holder.TABLE: _parsed(documents.table, Layer.RESOURCE),
        }

    def decide(self, need: Need, tenant: Tenant | None) -> Decision:
        """Return the evaluator's decision on one need of this tenant's session, or of nobody."""
        if tenant is None:
            nobody = Principal(kind=PrincipalKind.ANONYMOUS, name="*")
            return evaluate(
                self._request(need, nobody, {"aws:userid": "anonymous"}),
                Policies(resource=self._resource_policy(need)),
            )
        session = self._session[tenant.number]
        policies = Policies(
            identity=self._identity,
            resource=self._resource_policy(need),
            session=None if session is None else (session,),
            boundary=self._boundary,
        )
        names = self._world.names
        principal = Principal(
            kind=PrincipalKind.ARN,
            name=names.session_arn(tenant.number),
            account=ACCOUNT,
            tags=tenant.tags,
            role_tags=ROLE_TAGS,
            role_arn=names.role_arn,
        )
        return evaluate(self._request(need, principal, self._session_keys(tenant)), policies)

    def _request(
        self, need: Need, principal: Principal, keys: Mapping[str, ContextValue]
    ) -> Request:
        return Request(
            principal=principal,
            action=need.action,
            resource=need.resource,
            resource_account=ACCOUNT,
            context={**_SURROUNDINGS, **keys, **need.context},
            now=time.time(),
        )

    def _resource_policy(self, need: Need) -> Policy | None:
        """Return the policy on what is asked for: a function's versions share its document."""
        if need.policy_of in self._resource:
            return self._resource[need.policy_of]
        carrier = ":".join(need.resource.split(":")[:CARRIER_PARTS])
        return _parsed(self._world.policies.get(carrier), Layer.RESOURCE)

    def _session_keys(self, tenant: Tenant) -> Mapping[str, ContextValue]:
        return {
            "aws:MultiFactorAuthPresent": "false",
            "aws:TokenIssueTime": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "aws:userid": f"{self._world.role_id}:vk-{tenant.number}",
            "aws:SourceIdentity": f"run-{tenant.number}",
        }

    def judge(self, call: Call, tenant: Tenant, outcome: Outcome) -> Verdict:
        """Return how the call ended, and what is wrong with that."""
        caller = None if call.anonymous else tenant
        refused = [n for n in call.needs if not self.decide(n, caller).allowed]
        if call.parts and not refused:
            return self._judge_parts(call, tenant, outcome)
        if call.forged:
            wrong = "" if outcome.unbelieved else "let in with a signature that is not its own"
            return Verdict("denied", wrong or self._leak(call, tenant, outcome))
        expected = bool(refused) or call.refused
        kind = "denied" if outcome.denied else "allowed" if outcome.succeeded else "other"
        wrong = ""
        if expected and not outcome.denied:
            wrong = f"let in although denied: {refused}"
        elif not expected and outcome.denied and not self._is_hidden(call, tenant):
            wrong = "denied although every decision allows"
        elif not expected and outcome.code in MISSING and self._hides(call, tenant):
            wrong = "tells that something is missing to one who may not list"
        elif outcome.code in CRASHES:
            wrong = "failed inside"
        return Verdict(kind, wrong or self._leak(call, tenant, outcome))

    def _judge_parts(self, call: Call, tenant: Tenant, outcome: Outcome) -> Verdict:
        """Return the verdict on a call that answers each key by itself."""
        refused = {k for k, need in call.parts.items() if not self.decide(need, tenant).allowed}
        errors = outcome.parsed.get("Errors", ())
        codes = {e.get("Key") or e["SecretId"]: e.get("Code") or e["ErrorCode"] for e in errors}
        denied = {key for key, code in codes.items() if code in DENIED}
        kind = "denied" if refused else "allowed"
        if not outcome.succeeded:
            return Verdict("other", f"a call in parts failed whole: {outcome.code}")
        if denied != refused:
            return Verdict(kind, f"keys denied {denied}, to be denied {refused}")
        shows = tuple(one for key, one in call.part_shows.items() if key not in refused)
        return Verdict(kind, self._leak(replace(call, shows=shows), tenant, outcome))

    def _hides(self, call: Call, tenant: Tenant) -> bool:
        caller = None if call.anonymous else tenant
        return call.hidden is not None and not self.decide(call.hidden, caller).allowed

    def _is_hidden(self, call: Call, tenant: Tenant) -> bool:
        """Tell whether the denial hides that what was to be read is not there."""
        if call.reads is None or not self._hides(call, tenant):
            return False
        place, version = call.reads
        return not self._world.stored.object_there(self._world.names.bucket, place.name, version)

    def _leak(self, call: Call, tenant: Tenant, outcome: Outcome) -> str:
        """Return what the answer shows and may not. What the request said is no news."""
        found = canaries_in(outcome.text) - canaries_in(call.said)
        found -= self._world.named.get(tenant.number, set())  # in names that it gave itself
        if not found:
            return ""
        foreign = {one for one in found if owner_of(one) != tenant.number}
        if self._world.documents.safe and foreign:
            return f"shows another tenant's data: {foreign}"
        shown = {c for place in call.shows for c in self._world.shown(place)}
        if outcome.denied or call.forged or found - shown:
            return f"shows what no decision allowed: {found - shown}"
        return ""


@lru_cache(maxsize=4096)
def _parsed(text: str | None, layer: Layer) -> Policy | None:
    return None if text is None else parse_policy(text, name=layer.name.lower(), layer=layer)
