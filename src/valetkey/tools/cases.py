"""Cases beside policies, in the shape of `cedar run-tests`, and what came of them.

A case goes the way of a call: its arguments are checked by the tool's schema and decided by the
policies in force. What it gets wrong about the world (a tool that is not there, a tag that nobody
has) fails it: a slip must not look like the denial that was expected.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from valetkey.tools.arguments import ArgumentFault
from valetkey.tools.bundle import ToolBundle
from valetkey.tools.deciding import judge
from valetkey.tools.decision import ToolDecision
from valetkey.tools.definition import Json
from valetkey.tools.entity_names import EntityName, read_entity
from valetkey.tools.errors import ToolsError
from valetkey.tools.exact_json import read_exact
from valetkey.tools.partial import GATEWAY
from valetkey.tools.partial_values import OAUTH_USER
from valetkey.tools.principal import ToolPrincipal
from valetkey.tools.schema import NAMESPACE

MAX_CASES_BYTES: Final = 16 * 1024 * 1024
_KEYS: Final = {"name", "description", "request", "entities", "decision", "reason", "num_errors"}
_DECISIONS: Final = ("allow", "deny", "ask")


@dataclass(frozen=True, slots=True)
class Case:
    """A request and what is expected of it. `at` None: the case does not say when it is asked."""

    file: str
    name: str
    principal: EntityName
    action: EntityName
    resource: EntityName
    arguments: Json
    at: float | None
    tags: Mapping[str, str]
    decision: str
    reason: tuple[str, ...]
    num_errors: int | None


@dataclass(frozen=True, slots=True)
class CaseResult:
    """What came of a case: `differences` are sentences, none where it passed."""

    case: Case
    decision: ToolDecision | None
    differences: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Say whether all was as expected."""
        return not self.differences


def read_cases(file: str, text: str) -> tuple[Case, ...]:
    """Return the cases of a `*.cases.json`. Raises ToolsError `cases-format` naming the case."""
    try:
        document = read_exact(text.encode(), most=MAX_CASES_BYTES)
    except (ToolsError, UnicodeEncodeError) as error:
        raise ToolsError("cases-format", f"{file}: {error}") from None
    if not isinstance(document, list):
        raise ToolsError("cases-format", f"{file}: the file is not an array of cases")
    return tuple(_case(file, number, each) for number, each in enumerate(document, 1))


def _case(file: str, number: int, unverified: Json) -> Case:
    """Return one case."""
    where = f"{file}: case {number}"
    try:
        document = _object(unverified, "the case")
        name = str(document.get("name", number))
        where = f"{file}: case `{name}`"
        unknown = sorted(document.keys() - _KEYS)
        if unknown:
            raise ValueError(f"`{unknown[0]}` is not known")
        request = _object(document.get("request"), "`request`")
        context = _object(request.get("context", {}), "`context`")
        principal = read_entity(request.get("principal"))
        errors = document.get("num_errors")
        return Case(
            file,
            name,
            principal,
            read_entity(request.get("action")),
            read_entity(request.get("resource")),
            _plain(context.get("input", {})),
            _instant(context),
            _tags(document.get("entities", []), principal),
            _one_of(document.get("decision")),
            tuple(_text(each, "`reason`") for each in _array(document.get("reason", []))),
            errors if isinstance(errors, int) else None,
        )
    except ValueError as error:
        raise ToolsError("cases-format", f"{where}: {error}") from None


def run_case(bundle: ToolBundle, case: Case, *, now: float) -> CaseResult:
    """Return what the bundle's policies make of a case; `now` is for one that says no time.

    The gateway's log-only mode is left aside: a case says what the policies mean.
    """
    faults = _misplaced(bundle, case)
    tool = bundle.tools.get(case.action.id)
    if tool is None or faults:
        return CaseResult(case, None, tuple(faults))
    rules = {server.name: server for server in bundle.source.servers}[tool.definition.server]
    arguments = tool.check(case.arguments, undeclared=rules.undeclared_arguments)
    if isinstance(arguments, ArgumentFault):
        place = arguments.place or "/"
        return CaseResult(case, None, (f"the argument at `{place}` {arguments.what}",))
    principal = ToolPrincipal(case.principal.id, case.tags)
    at = now if case.at is None else case.at
    name = tool.definition.public_name
    decision = judge(bundle.index, principal, name, arguments.context, now=at)
    return CaseResult(case, decision, tuple(_differences(bundle, case, decision)))


def _misplaced(bundle: ToolBundle, case: Case) -> list[str]:
    """Return what a case asks about that is not there."""
    found = []
    action = case.action.id
    if case.principal.type != OAUTH_USER:
        found.append(f"the principal is a `{case.principal.type}`, not a `{OAUTH_USER}`")
    if case.resource != EntityName(GATEWAY, bundle.source.gateway):
        found.append(f"the resource is not this gateway, `{bundle.source.gateway}`")
    if action in bundle.hidden:
        found.append(f"the tool `{action}` is hidden: {bundle.hidden[action].reason}")
    elif case.action.type != f"{NAMESPACE}::Action" or action not in bundle.tools:
        found.append(f"there is no tool `{action}`")
    found += [
        f"no principal has a tag `{tag}`" for tag in case.tags if tag not in bundle.source.tags
    ]
    return found


def _differences(bundle: ToolBundle, case: Case, decision: ToolDecision) -> list[str]:
    """Return where a decision is not the expected one."""
    found = []
    if decision.verdict.value != case.decision:
        by = ", ".join(f"`{rule}`" for rule in decision.rules or decision.errors) or "no policy"
        found.append(
            f"expected {case.decision}, got {decision.verdict.value} ({decision.code}) by {by}"
        )
    names = {policy.id: policy.rule_id for policy in bundle.policies}
    given = {*decision.rules, *(names[rule] for rule in decision.rules)}
    found += [f"`{rule}` is not among the reasons" for rule in case.reason if rule not in given]
    if case.num_errors is not None and case.num_errors != len(decision.errors):
        found.append(f"expected {case.num_errors} errors, got {len(decision.errors)}")
    return found


def _object(value: Json, what: str) -> dict[str, Json]:
    if not isinstance(value, dict):
        raise ValueError(f"{what} is not an object")
    return value


def _array(value: Json) -> list[Json]:
    if not isinstance(value, list):
        raise ValueError("`entities` and `reason` are arrays")
    return value


def _text(value: Json, what: str) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{what} is not text")
    return value


def _one_of(value: Json) -> str:
    if value not in _DECISIONS:
        raise ValueError('`decision` is one of "allow", "deny", "ask"')
    return str(value)


def _tags(entities: Json, principal: EntityName) -> dict[str, str]:
    """Return the tags that the case's entities give its principal."""
    for unverified in _array(entities):
        entity = _object(unverified, "an entity")
        if read_entity(entity.get("uid")) != principal:
            continue
        attributes = _object(entity.get("attrs", {}), "`attrs`")
        if attributes.get("id", principal.id) != principal.id or attributes.keys() - {"id"}:
            raise ValueError("the principal's one attribute is `id`, and it is the principal's id")
        if entity.get("parents"):
            raise ValueError("a principal is in no group: it has tags")
        tags = _object(entity.get("tags", {}), "`tags`")
        return {name: _text(value, f"the tag `{name}`") for name, value in tags.items()}
    return {}


def _plain(value: Json) -> Json:
    """Return arguments as their tool gets them: Cedar's JSON for a decimal becomes a number."""
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if not isinstance(value, dict):
        return value
    call = value.get("__extn")
    if isinstance(call, dict) and call.get("fn") == "decimal":
        return float(_text(call.get("arg"), "a decimal"))
    return {name: _plain(member) for name, member in value.items()}


def _instant(context: Mapping[str, Any]) -> float | None:
    """Return `context.system.now` in Unix seconds."""
    now = _object(context.get("system", {}), "`system`").get("now")
    if isinstance(now, dict):
        now = _object(now.get("__extn"), "`now`").get("arg")
    if now is None:
        return None
    moment = datetime.fromisoformat(_text(now, "`now`"))
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
