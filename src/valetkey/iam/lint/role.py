"""All policies of one role, and what separates tenants in them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from valetkey.iam.lint.pattern import Effort, Pattern, filled, glob, meet, within
from valetkey.iam.lint.written import Document, Line, Text, Written
from valetkey.iam.policy import Layer
from valetkey.iam.principal import Principal, PrincipalKind
from valetkey.iam.variables import ContextValue, Variable
from valetkey.iam.work import Work

PRINCIPAL_TAG, REQUEST_TAG = "aws:principaltag/", "aws:requesttag/"
OF_THE_CALLER = ("aws:principal", "aws:userid", "aws:username")
OF_THE_DATA = ("aws:resource", "aws:requestedregion", REQUEST_TAG)
OWN, FOREIGN = "zq7-own", "tenant-b"  # two values of every tenant tag, for trying things out
STRANGER = "zq7-other"  # another foreign one; no policy names it
SESSION = "arn:aws:sts::111122223333:assumed-role/linted/session"
STEPS_OF_ONE = 700  # the evaluator's steps that cost one of Effort's
NOBODYS = "\0"  # in the place of a variable of which nothing is known


@dataclass(frozen=True, slots=True, eq=False)
class Role:
    """`tags` (lower case) separate tenants; `guarded` are ARNs that decide about the role.

    `caller` is a session of the tenant `OWN`.
    """

    documents: tuple[Document, ...]
    tags: frozenset[str]
    guarded: tuple[str, ...] = ()
    effort: Effort = field(default_factory=Effort)
    caller: Principal = field(init=False, repr=False)

    def __post_init__(self) -> None:
        tags = dict.fromkeys(sorted(self.tags), OWN)
        object.__setattr__(self, "caller", Principal(PrincipalKind.ARN, SESSION, tags=tags))

    def statements(self, *layers: Layer) -> Iterator[Written]:
        """Give the statements of these layers; of all where none is named.

        Each costs effort, so that no check goes through them for each of them without end.
        """
        for document in self.documents:
            if not layers or document.layer in layers:
                for statement in document.statements:
                    self.effort.spend(2)
                    yield statement

    def allows(self, *layers: Layer) -> Iterator[Written]:
        """Give the Allow statements of these layers."""
        return (one for one in self.statements(*layers) if one.allow)

    def denies(self, *layers: Layer) -> Iterator[Written]:
        """Give the Deny statements of these layers."""
        return (one for one in self.statements(*layers) if not one.allow)

    def is_tenant_key(self, key: str) -> bool:
        """Tell whether a condition key (lower case) is the principal's tag that separates."""
        return key.startswith(PRINCIPAL_TAG) and key.removeprefix(PRINCIPAL_TAG) in self.tags

    def tenant_variables(self, statement: Written, text: Text) -> list[Variable]:
        """Return the variables of a text that stand for the caller's tenant."""
        return [one for one in statement.variables_of(text) if self.is_tenant_key(one.key)]

    def speaks_of_tenant(self, statement: Written, line: Line) -> bool:
        """Tell whether the caller's tenant is the key or in a value, other than by a Null test."""
        if line.name == "Null":
            return False
        if self.is_tenant_key(line.key):
            return True
        return any(self.tenant_variables(statement, value) for value in line.values)

    def ties(self, statement: Written, line: Line) -> bool:
        """Tell whether the line holds for nothing that is another tenant's: it compares the
        caller's tag with what the request or the resource has, and not the caller with itself.

        `StringLike aws:PrincipalTag/TAG *` says which sessions, not whose data.
        """
        if line.name == "Null" or not self.speaks_of_tenant(statement, line):
            return False
        tried = False
        for keys in self._foreign(statement, line):
            tried = True
            if self.holds(line, keys):
                return False
        return tried

    def _foreign(self, statement: Written, line: Line) -> Iterator[Mapping[str, ContextValue]]:
        """Give requests of `OWN` for what is `FOREIGN`, one for each value that tells whose."""
        scalar = not line.quantifier.value
        for value in line.values:
            variables = [one.key for one in statement.variables_of(value)]
            others = [key for key in variables if tells_whose(key)]
            keys: dict[str, ContextValue] = dict(self.caller.keys)
            self.effort.spend(1 + len(self.tags) // 8)
            keys.update(dict.fromkeys(others, FOREIGN))
            if tells_whose(line.key):
                if not any(map(self.is_tenant_key, variables)):
                    continue
                told = filled(value.value, lambda _variable: FOREIGN)
                sample = "".join(chr(token) if token >= 0 else "x" for token in told)
                keys[line.key] = sample if scalar else (sample,)
            elif not others:
                continue
            yield keys

    def holds(self, line: Line, keys: Mapping[str, ContextValue]) -> bool:
        """Ask the evaluator whether the line holds of a request with these keys."""
        value = keys.get(line.key) or ""
        members = [value] if isinstance(value, str) else value
        letters = sum(map(len, members))
        self.spend(line.condition.work, values=len(members), letters=letters)
        return line.condition.holds(keys)

    def spend(self, work: Work, *, values: int, letters: int) -> None:
        """Count what the evaluator is asked. Raises PolicyError `policies-too-large`."""
        self.effort.spend(1 + work.steps(values=values, letters=letters) // STEPS_OF_ONE)

    def is_tied(self, statement: Written) -> bool:
        """Tell whether a condition of the statement ties it to the caller's tenant."""
        return any(self.ties(statement, line) for line in statement.lines)

    def keeps_to_own(self, statement: Written) -> bool:
        """Tell whether each resource has the tenant's variable, or a condition ties them."""
        own = bool(statement.resources) and not statement.not_resource
        own = own and all(self.tenant_variables(statement, text) for text in statement.resources)
        return own or self.is_tied(statement)

    def is_for_some(self, statement: Written) -> bool:
        """Tell whether a condition on the tag itself keeps out tenants that it does not name."""
        return any(
            self.is_tenant_key(line.key)
            and not any(statement.variables_of(value) for value in line.values)
            and not self.holds(line, self.caller.keys)
            for line in statement.lines
        )

    def covers(self, statement: Written, action: str) -> bool:
        """Tell whether the statement covers some action of the pattern (lower case)."""
        wanted = glob(action)
        self.effort.spend(3 * len(statement.actions))
        named = (glob(text.value.lower()) for text in statement.actions)
        if statement.not_action:
            return not any(within(wanted, one, self.effort) for one in named)
        return any(meet(wanted, one, self.effort) for one in named)

    def each_reached(self, statement: Written, wanted: Pattern) -> Iterator[tuple[Text, Pattern]]:
        """Give the texts by which the statement reaches a resource of the pattern, any tenant's,
        with their patterns; none where its NotResource excepts all of them.
        """
        if statement.not_resource:
            if not any(
                within(wanted, self._surely(statement, text), self.effort)
                for text in statement.resources
            ):
                yield statement.resources[0], glob("*")
            return
        for text in statement.resources:
            pattern = self.pattern(statement, text)
            if meet(pattern, wanted, self.effort):
                yield text, pattern

    def _surely(self, statement: Written, text: Text) -> Pattern:
        """Return the pattern of a text for the tenant `OWN`, other variables as nobody's text."""
        if not statement.variables:
            return glob(whole(text.value))
        return filled(
            whole(text.value), lambda one: OWN if self.is_tenant_key(one.key) else NOBODYS
        )

    def pattern(self, statement: Written, text: Text, tenant: str | None = None) -> Pattern:
        """Return the pattern of a resource or value: tenant variables as `tenant`, others `*`.

        An ARN with fewer than six parts has `*` for those that are missing.
        """
        value = whole(text.value)
        self.effort.spend(1 + len(value) // 16)
        if not statement.variables:
            return glob(value)
        return filled(value, lambda one: tenant if self.is_tenant_key(one.key) else None)


def tells_whose(key: str) -> bool:
    """Tell whether a key (lower case) says whose data is asked for, not who asks, from where or
    when.
    """
    return not key.startswith("aws:") or key.startswith(OF_THE_DATA)


def whole(text: str) -> str:
    """Return an ARN with at least six parts, `*` for those that are missing; another text as is."""
    return f"{text}:*" if text.startswith("arn:") and text.count(":") < 5 else text


def role_of(documents: Sequence[Document], *, tags: frozenset[str], guarded: Sequence[str]) -> Role:
    """Return the role. Without `tags`, every principal tag that stands in its policies, and every
    tag that its trust policy asks for, separates tenants.
    """
    known = frozenset(tag.lower() for tag in tags) or tags_in(documents)
    return Role(tuple(documents), known, tuple(guarded))


def tags_in(documents: Sequence[Document]) -> frozenset[str]:
    """Return the keys (lower case) of the principal tags that stand in the policies, and of those
    that a trust policy asks for.
    """
    found: set[str] = set()
    for document in documents:
        asked = (PRINCIPAL_TAG, REQUEST_TAG)[: 2 if document.layer is Layer.TRUST else 1]
        for key in (key for statement in document.statements for key in _keys(statement)):
            found.update(key.removeprefix(one) for one in asked if key.startswith(one))
    return frozenset(found - {""})


def _keys(statement: Written) -> Iterator[str]:
    texts = [*statement.resources]
    for line in statement.lines:
        yield line.key
        texts += line.values
    for text in texts:
        for variable in statement.variables_of(text):
            yield variable.key
