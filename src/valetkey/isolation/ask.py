"""A request of which parts are symbols, and the request that it is once they have values."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from valetkey.iam import (
    ContextValue,
    Decision,
    Policies,
    Principal,
    PrincipalKind,
    Request,
    evaluate,
)
from valetkey.isolation.asked import NOT_ASKED, Asked, asked_of, free_key
from valetkey.isolation.formula import Assignment, Symbol, Text
from valetkey.isolation.keys import Absent, Fixed, KeyModel, Keys, One, joined, value_of
from valetkey.isolation.unencodable import Unencodable

TAG = "aws:principaltag/"
FROM_PRINCIPAL = frozenset(
    {
        "aws:principalaccount",
        "aws:principalarn",
        "aws:principaltype",
        "aws:principalservicename",
        "aws:username",
    }
)
OWNER = "aws:resourceaccount"
WHO = "aws:userid"
"""Of a role's session it is the role's id, which begins with AROA, a colon and the session's name
(IAM User Guide, "AWS global condition context keys" and "IAM identifiers").
"""


@dataclass(frozen=True, slots=True, eq=False)
class Ask:
    """A request of which parts are symbols.

    `principal` has no session tags and no tags of the role: those are in `keys`, under
    `aws:principaltag/<key>`. `keys` has models by name in lower case; a key that is not there is
    free: absent, or any value. `prefix` goes before the names of the symbols of free keys.
    `resource_account` None is the principal's own, a symbol any other. A caller that is no ARN has
    no principal tags.
    """

    principal: Principal
    action: str
    resource: Text
    keys: Keys
    policies: Policies
    resource_account: str | Symbol | None = None
    prefix: str = ""
    _asked: Mapping[str, Asked] = field(init=False, repr=False, default_factory=dict)
    _models: dict[str, KeyModel] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_asked", asked_of(self.policies))

    @property
    def account(self) -> str | Symbol | None:
        """The account of the resource: a symbol is never the principal's own."""
        return self.resource_account or self.principal.account

    def model(self, name: str) -> KeyModel:
        """Return what the key (lower case) may be: what follows from principal and resource goes
        first, as in `Request`. Raises Unencodable.
        """
        if name not in self._models:
            self._models[name] = self._model(name)
        return self._models[name]

    def _model(self, name: str) -> KeyModel:
        if name in self.principal.keys:
            return Fixed(self.principal.keys[name])
        if name == OWNER and self.account is not None:
            account = self.account
            return One((account,)) if isinstance(account, Symbol) else Fixed(account)
        if name in self.keys:
            return self.keys[name]
        if name == WHO and self.principal.entity == "assumed-role":
            role, session = (Symbol(f"{self.prefix}key.{name}#{part}") for part in ("id", "name"))
            return One(("AROA", role, ":", session))
        untagged = self.principal.kind is not PrincipalKind.ARN and name.startswith(TAG)
        if name in FROM_PRINCIPAL or untagged:
            return Absent()
        return free_key(name, self._asked.get(name, NOT_ASKED), self.prefix)

    def names(self) -> tuple[str, ...]:
        """Return the keys that are modelled or asked for, but those that follow from the rest."""
        own = {*self.principal.keys, *(() if self.account is None else (OWNER,))}
        return tuple(name for name in {**self.keys, **self._asked} if name not in own)

    def spelled(self, name: str) -> str:
        """Return the key as the policies write it, where they do."""
        return self._asked[name].written if name in self._asked else name


def request_of(ask: Ask, given: Assignment) -> Request:
    """Return the request with these values of its symbols.

    Raises RequestError where no request can have them. A key of which no model can be made is not
    there: no formula of this request looks at it.
    """
    context: dict[str, ContextValue] = {}
    tags: dict[str, str] = {}
    for name in ask.names():
        try:
            value = value_of(ask.model(name), given)
        except Unencodable:
            continue  # no formula rests on it
        if name.startswith(TAG) and isinstance(value, str) and ask.principal.entity:
            tags[ask.spelled(name)[len(TAG) :]] = value
        elif value is not None:
            context[ask.spelled(name)] = value
    return Request(
        _tagged(ask.principal, tags),
        ask.action,
        joined(given.fill(ask.resource)),
        resource_account=_account(ask.resource_account, given),
        context=context,
    )


def _account(account: str | Symbol | None, given: Assignment) -> str | None:
    return joined(given.fill((account,))) if isinstance(account, Symbol) else account


def decided(ask: Ask, given: Assignment) -> Decision:
    """Return what the evaluator itself says of the request with these values."""
    return evaluate(request_of(ask, given), ask.policies)


def _tagged(principal: Principal, tags: Mapping[str, str]) -> Principal:
    """Return the principal with session tags, its role as little known as before."""
    role = principal.role_arn if principal.role_path_known else None
    return replace(principal, tags={**principal.tags, **tags}, role_arn=role)
