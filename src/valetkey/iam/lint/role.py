"""All policies of one role, and what separates tenants in them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from valetkey.iam.lint.pattern import Effort, Pattern, filled, glob, meet
from valetkey.iam.lint.written import Document, Line, Text, Written
from valetkey.iam.policy import Layer
from valetkey.iam.variables import Variable

PRINCIPAL_TAG, REQUEST_TAG = "aws:principaltag/", "aws:requesttag/"
OWN, FOREIGN = "tenant-a", "tenant-b"  # two values of every tenant tag, for trying things out


@dataclass(frozen=True, slots=True, eq=False)
class Role:
    """`tags` (lower case) separate tenants; `guarded` are ARNs that decide about the role."""

    documents: tuple[Document, ...]
    tags: frozenset[str]
    guarded: tuple[str, ...] = ()
    effort: Effort = field(default_factory=Effort)

    def statements(self, *layers: Layer) -> Iterator[Written]:
        """Give the statements of these layers; of all where none is named."""
        for document in self.documents:
            if not layers or document.layer in layers:
                yield from document.statements

    def allows(self, *layers: Layer) -> Iterator[Written]:
        """Give the Allow statements of these layers."""
        return (one for one in self.statements(*layers) if one.allow)

    def is_tenant_key(self, key: str) -> bool:
        """Tell whether a condition key (lower case) is the principal's tag that separates."""
        return key.startswith(PRINCIPAL_TAG) and key.removeprefix(PRINCIPAL_TAG) in self.tags

    def tenant_variables(self, statement: Written, text: Text) -> list[Variable]:
        """Return the variables of a text that stand for the caller's tenant."""
        return [one for one in statement.variables_of(text) if self.is_tenant_key(one.key)]

    def ties(self, statement: Written, line: Line) -> bool:
        """Tell whether a condition line speaks of the caller's tenant (a Null test does not)."""
        if line.name == "Null":
            return False
        if self.is_tenant_key(line.key):
            return True
        return any(self.tenant_variables(statement, value) for value in line.values)

    def is_tied(self, statement: Written) -> bool:
        """Tell whether a condition of the statement ties it to the caller's tenant."""
        return any(self.ties(statement, line) for line in statement.lines)

    def covers(self, statement: Written, action: str) -> bool:
        """Tell whether the statement covers some action of the pattern (lower case)."""
        wanted = glob(action)
        met = any(meet(wanted, glob(text.value.lower()), self.effort) for text in statement.actions)
        return met or statement.not_action

    def pattern(self, statement: Written, text: Text, tenant: str | None = None) -> Pattern:
        """Return the pattern of a resource or value: tenant variables as `tenant`, others `*`.

        An ARN with fewer than six parts has `*` for those that are missing.
        """
        value = text.value
        if value.startswith("arn:") and value.count(":") < 5:
            value += ":*"
        if not statement.variables:
            return glob(value)
        return filled(value, lambda one: tenant if self.is_tenant_key(one.key) else None)


def role_of(documents: Sequence[Document], *, tags: frozenset[str], guarded: Sequence[str]) -> Role:
    """Return the role. Without `tags`, every principal tag that stands in its policies, and every
    tag that its trust policy asks for, separates tenants.
    """
    known = frozenset(tag.lower() for tag in tags) or frozenset(_tags_in(documents))
    return Role(tuple(documents), known, tuple(guarded))


def _tags_in(documents: Sequence[Document]) -> Iterator[str]:
    for document in documents:
        for statement in document.statements:
            asked = (PRINCIPAL_TAG, REQUEST_TAG)[: 2 if document.layer is Layer.TRUST else 1]
            for key in _keys(statement):
                for prefix in asked:
                    if key.startswith(prefix) and key != prefix:
                        yield key.removeprefix(prefix)


def _keys(statement: Written) -> Iterator[str]:
    texts = [*statement.resources]
    for line in statement.lines:
        yield line.key
        texts += line.values
    for text in texts:
        for variable in statement.variables_of(text):
            yield variable.key
