"""A second evaluator, plain and slow, to compare the real one with.

Written from the IAM User Guide alone. It reads records of `valetkey iam evaluate` as JSON, keeps
nothing compiled, and shares no line with `valetkey.iam`. It expects well-formed policies.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tests.iam.reference_condition import holds, instant
from tests.iam.reference_text import Keys, Token, glob, normalised, tokens, utf16

Json = dict[str, Any]
DIRECT, ROLE, ACCOUNT, NOBODY = "direct", "role", "account", "nobody"
ASSUMING = {
    "sts:assumerole", "sts:assumerolewithsaml", "sts:assumerolewithwebidentity", "sts:tagsession",
    "sts:setsourceidentity", "sts:setcontext",
}  # fmt: skip
TYPES = {
    "assumed-role": "AssumedRole", "role": "AssumedRole", "user": "User", "root": "Account",
    "federated-user": "FederatedUser",
}  # fmt: skip


def listed(value: Any) -> list[Any]:
    """Elements are one value or a list of values."""
    return value if isinstance(value, list) else [value]


class Caller:
    """Who asks: the ARN's parts, and the role behind a session."""

    def __init__(self, principal: Json) -> None:
        self.arn: str | None = principal.get("arn")
        self.federated: str | None = principal.get("federated")
        self.service: str | None = principal.get("service")
        self.account: str | None = principal.get("account")
        self.kind, self.role = "", principal.get("role_arn")
        named = self.arn or self.federated or ""
        if named.startswith("arn:"):
            self.account = named.split(":")[4]
        if self.arn is not None:
            self.kind, _, rest = named.split(":", 5)[5].partition("/")
            if self.kind == "role":
                self.role = self.arn
            elif self.kind == "assumed-role" and self.role is None:
                self.role = f"arn:aws:iam::{self.account}:role/{rest.split('/')[0]}"

    @property
    def service_linked(self) -> bool:
        return self.role is not None and ":role/aws-service-role/" in self.role


def request_keys(record: Json, caller: Caller) -> Keys:
    """The request context, names in lower case; what follows from the rest wins."""
    principal = record["principal"]
    keys: dict[str, Any] = {name.lower(): one for name, one in record.get("context", {}).items()}
    for tags in (principal.get("role_tags", {}), principal.get("tags", {})):
        for name, value in tags.items():
            keys[f"aws:principaltag/{name.lower()}"] = value
    keys["aws:principalisawsservice"] = "true" if caller.service else "false"
    if caller.arn is not None:
        keys["aws:principalarn"] = caller.role or caller.arn
        keys["aws:principalaccount"] = caller.account
        keys["aws:principaltype"] = TYPES[caller.kind]
        if caller.kind == "user":
            keys["aws:username"] = caller.arn.split("/")[-1]
    if principal.get("anonymous"):
        keys |= {"aws:principalaccount": "anonymous", "aws:principaltype": "Anonymous"}
    if "now" in record:
        keys["aws:currenttime"] = record["now"]
        keys["aws:epochtime"] = f"{instant(record['now']):.0f}"
    owner = record.get("resource_account") or caller.account
    if owner is not None:
        keys["aws:resourceaccount"] = owner
    return keys


def names(element: Any, caller: Caller) -> str:
    """How directly a Principal element names the caller: IAM User Guide, "Principal"."""
    if element == "*" or "*" in listed(element.get("AWS", [])):
        return DIRECT
    if caller.federated is not None:
        return DIRECT if caller.federated in listed(element.get("Federated", [])) else NOBODY
    if caller.service is not None:
        return DIRECT if caller.service in listed(element.get("Service", [])) else NOBODY
    if caller.arn is None:
        return NOBODY
    written = listed(element.get("AWS", []))
    account = caller.account in written or f"arn:aws:iam::{caller.account}:root" in written
    if caller.kind == "root":
        return DIRECT if account else NOBODY
    if caller.arn in written and caller.kind != "role":
        return DIRECT
    if caller.role is not None and caller.role in written:
        return ROLE
    return ACCOUNT if account else NOBODY


def covers_action(statement: Json, action: str) -> bool:
    def one(pattern: str) -> bool:
        return glob(tokens(pattern.lower(), {}, variables=False) or [], utf16(action.lower()))

    if "Action" in statement:
        return any(one(pattern) for pattern in listed(statement["Action"]))
    return not any(one(pattern) for pattern in listed(statement["NotAction"]))


def resource_tokens(pattern: str, keys: Keys, *, variables: bool) -> Sequence[Token] | None:
    """The pattern as tokens: in the first five parts of an ARN, `?` and any star but a last one
    stay in their part; missing parts are stars (IAM User Guide, "Resource").
    """
    found = tokens(pattern, keys, variables=variables)
    if found is None or not pattern.startswith("arn:"):
        return found
    parts: list[list[Token]] = [[]]
    for token in normalised(found):
        if token == ("text", ":") and len(parts) < 6:
            parts.append([])
        else:
            parts[-1].append(token)
    parts += [[("star", "")] for _ in range(6 - len(parts))]
    whole: list[Token] = []
    for part in parts[:5]:
        for index, (kind, unit) in enumerate(part):
            runs_on = kind == "star" and index == len(part) - 1
            inside = kind in ("star", "one") and not runs_on
            whole.append((f"{kind}-in-part" if inside else kind, unit))
        whole.append(("text", ":"))
    return [*whole, *parts[5]]


def covers_resource(statement: Json, resource: str, keys: Keys, *, variables: bool) -> bool:
    element = "Resource" if "Resource" in statement else "NotResource"
    if element not in statement:
        return True  # a trust policy: the role itself
    found = False
    for pattern in listed(statement[element]):
        wanted = resource_tokens(pattern, keys, variables=variables)
        found = found or (wanted is not None and glob(wanted, utf16(resource)))
    return found == (element == "Resource")


class Reference:
    """One record; `decide` tells what AWS says of it."""

    def __init__(self, record: Json) -> None:
        self.record = record
        self.policies = record["policies"]
        self.caller = Caller(record["principal"])
        self.keys = request_keys(record, self.caller)
        self.action = record["action"].lower()
        self.assuming = self.action in ASSUMING

    def naming(self, document: Json, effect: str) -> Iterator[str]:
        """How each statement of that effect names the caller, where it applies at all."""
        variables = document.get("Version") == "2012-10-17"
        for statement in listed(document["Statement"]):
            named = names(statement["Principal"], self.caller) if "Principal" in statement else ""
            if (
                statement["Effect"] == effect
                and named != NOBODY
                and covers_action(statement, self.record["action"])
                and covers_resource(
                    statement, self.record["resource"], self.keys, variables=variables
                )
                and holds(statement.get("Condition", {}), self.keys, variables=variables)
            ):
                yield named

    def allows(self, documents: Sequence[Json]) -> bool:
        return any(True for document in documents for _ in self.naming(document, "Allow"))

    def controls(self) -> Iterator[Sequence[Json]]:
        if not self.caller.service_linked:
            yield from self.policies.get("resource_control") or []
            if self.caller.arn is not None:
                yield from self.policies.get("service_control") or []

    def own(self) -> list[Json]:
        """The resource's own policy: a role's trust policy, when it is assumed."""
        document = self.policies.get("trust" if self.assuming else "resource")
        return [] if document is None else [document]

    def decide(self) -> str:
        boundary, session = self.policies.get("boundary"), self.policies.get("session")
        identity = self.policies.get("identity") or []
        every = [*identity, *(session or []), *([boundary] if boundary else []), *self.own()]
        every += [document for level in self.controls() for document in level]
        if any(True for document in every for _ in self.naming(document, "Deny")):
            return "explicit-deny"
        if not all(self.allows(level) for level in self.controls()):
            return "implicit-deny"
        return "allow" if self.granted(identity, boundary, session) else "implicit-deny"

    def granted(
        self, identity: Sequence[Json], boundary: Json | None, session: Sequence[Json] | None
    ) -> bool:
        grants = {one for document in self.own() for one in self.naming(document, "Allow")}
        if self.caller.arn is None:
            return bool(grants)
        root = self.caller.kind == "root"
        if root and self.assuming:
            return False
        home = self.keys["aws:resourceaccount"] == self.caller.account
        within = boundary is None or self.allows([boundary])
        if session is not None:
            within = within and self.allows(session)
        elif self.caller.kind == "federated-user":
            within = False
        of_its_own = within and (root or self.allows(identity))
        if not home:
            return of_its_own and bool(grants)
        if DIRECT in grants or (ROLE in grants and within):
            return True
        key = "key/" in self.record["resource"].split(":")[-1] or bool(self.own())
        needed = self.assuming or (self.action.startswith("kms:") and key)
        return of_its_own and (bool(grants) or not needed)


def decide(record: Mapping[str, Any]) -> str:
    """`allow`, `implicit-deny` or `explicit-deny`."""
    return Reference(dict(record)).decide()
