"""What is decided otherwise at AgentCore than here, told to who exports policies to it."""

from collections.abc import Iterator

from valetkey.tools.agentcore_fit import Statement, asked_tags, read_names
from valetkey.tools.bundle import ToolBundle
from valetkey.tools.cedar_types import CedarRecord, CedarSet, CedarType, Scalar
from valetkey.tools.decision import Mode


def notes_of(
    statements: tuple[Statement, ...], bundle: ToolBundle, *, claims: frozenset[str]
) -> tuple[str, ...]:
    """Return a sentence on each difference; `claims` are the tags that a token has, too."""
    return tuple(
        note
        for note in (
            _soft(statements),
            _logged(statements),
            _mode(bundle),
            _tags(statements, claims),
            _texts(statements, bundle),
            _undeclared(bundle),
            _hidden(bundle),
        )
        if note
    )


def _soft(statements: tuple[Statement, ...]) -> str | None:
    soft = [each.policy.id for each in statements if each.is_soft]
    return _with("soft rules are absolute there and nobody is asked", soft)


def _logged(statements: tuple[Statement, ...]) -> str | None:
    logged = [each.policy.id for each in statements if each.is_log_only]
    return _with("these policies only log there, too (LOG_ONLY)", logged)


def _mode(bundle: ToolBundle) -> str | None:
    if bundle.source.mode is Mode.ENFORCE:
        return None
    return 'the gateway is in mode LOG_ONLY, as `mode = "log-only"` says: every call passes there'


def _tags(statements: tuple[Statement, ...], claims: frozenset[str]) -> str | None:
    asked = {name for each in statements for name in asked_tags(each.policy)}
    return _with(
        "tags are the token's claims there; policies ask for these, which are no `claims` here",
        sorted(asked - claims),
    )


def _texts(statements: tuple[Statement, ...], bundle: ToolBundle) -> str | None:
    read = {name for each in statements for name in read_names(each.policy)}
    found = {
        f"`{name}` of {tool.definition.public_name}"
        for tool in bundle.tools.values()
        for name in _text_arguments(tool.input)
        if name in read
    }
    return _with(
        "these arguments are JSON text here, and AgentCore types them otherwise", sorted(found)
    )


def _text_arguments(type_: CedarType, name: str = "") -> Iterator[str]:
    """Yield the names under which a value stands as its JSON text."""
    if isinstance(type_, CedarRecord):
        for member, attribute in type_.attributes.items():
            yield from _text_arguments(attribute.type, member)
    elif isinstance(type_, CedarSet):
        yield from _text_arguments(type_.element, name)
    elif type_ is Scalar.TEXT:
        yield name


def _undeclared(bundle: ToolBundle) -> str | None:
    loose = [rules.name for rules in bundle.source.servers if rules.undeclared_arguments]
    return _with("arguments that a tool does not declare are judged by nobody there", loose)


def _hidden(bundle: ToolBundle) -> str | None:
    return _with("these tools are hidden here, and a target has them there", sorted(bundle.hidden))


def _with(sentence: str, names: list[str]) -> str | None:
    return f"{sentence}: {', '.join(names)}" if names else None
