"""How long one tool call's decision takes, beside Cedar over all policies in the same run.

Ten policies name the tool that is called, by role and by arguments, the others name others. The
baselines ask Cedar about the whole set: parsed once (`handles`), or given as text each time as
`cedarpy`'s own first example does (`text`). Every row takes its turn in each round, and its best
round counts.

    python -m bench.cedar [--json] [--rounds N]
"""

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

import cedarpy

from valetkey.tools import (
    BundleSource,
    PolicyFile,
    ServerRules,
    ToolDefinition,
    ToolPrincipal,
    Verdict,
)
from valetkey.tools.arguments import Arguments
from valetkey.tools.bundle import ToolBundle, make_bundle
from valetkey.tools.deciding import decide
from valetkey.tools.listing import visible

GATEWAY = "arn:aws:bedrock-agentcore:eu-west-1:111122223333:gateway/bench"
RESOURCE = f'AgentCore::Gateway::"{GATEWAY}"'
NOW = 1_795_341_600.5
TOOLS = 200
NAMED = 10
TURN = 0.004  # seconds, about
CALLED = "server___tool_0"
WHO = ToolPrincipal("person", {"role": "r-7", "department": "finance", "run": "r-1"})


@dataclass(frozen=True, slots=True)
class Figure:
    """Microseconds of one decision at so many policies, and of what else a policy version costs."""

    policies: int
    decide: float
    decide_timed: float
    handles: float
    text: float
    one_more_list_of_200_tools: float
    first_list_of_200_tools: float
    load_ms: float


def definition(number: int) -> ToolDefinition:
    """A tool of 15 arguments."""
    properties = {f"text_{each}": {"type": "string"} for each in range(14)}
    schema = {
        "type": "object",
        "properties": {"amount": {"type": "integer"}, **properties},
        "required": ["amount"],
    }
    return ToolDefinition(
        "server",
        f"tool_{number}",
        json.loads(json.dumps({"name": f"tool_{number}", "inputSchema": schema})),
    )


def statement(tool: int, number: int, more: str) -> str:
    """A policy of five conditions on one tool."""
    action = f'AgentCore::Action::"server___tool_{tool}"'
    head = f"permit(principal is AgentCore::OAuthUser, action == {action}, resource == {RESOURCE})"
    role = f'principal.hasTag("role") && principal.getTag("role") == "r-{number}"'
    asked = (
        'context.input.amount < 500 && context.input has text_3 && context.input.text_3 like "a*"'
    )
    return f"{head} when {{ {role} && {asked}{more} }};"


def bundle_of(count: int, *, timed: bool) -> ToolBundle:
    """Return `count` policies over the tools, ten of them on the one that is called."""
    more = ' && context.system.now > datetime("2020-01-01")' if timed else ""
    texts = [statement(0, number, more) for number in range(min(count, NAMED))]
    texts += [statement(1 + n % (TOOLS - 1), n, more) for n in range(count - len(texts))]
    return make_bundle(
        BundleSource(
            gateway=GATEWAY,
            policies=(PolicyFile("bench.cedar", "\n".join(texts)),),
            servers=(ServerRules("server"),),
            tools=tuple(definition(number) for number in range(TOOLS)),
            tags=("role", "department", "run"),
        )
    )


def decision(bundle: ToolBundle) -> Callable[[], object]:
    """Return one decision, which allows."""
    tool = bundle.tools[CALLED]
    arguments = tool.check({"amount": 5, "text_3": "abc", "text_9": "x"}, undeclared=False)
    assert isinstance(arguments, Arguments)

    def act() -> object:
        return decide(bundle, WHO, tool, arguments, now=NOW)

    assert decide(bundle, WHO, tool, arguments, now=NOW).verdict is Verdict.ALLOW
    return act


def whole_set(bundle: ToolBundle, *, handles: bool) -> Callable[[], object]:
    """Return the same decision by Cedar over all policies."""
    who = {"type": "AgentCore::OAuthUser", "id": WHO.id}
    where = {"type": "AgentCore::Gateway", "id": GATEWAY}
    entities = [
        {"uid": who, "attrs": {"id": WHO.id}, "tags": WHO.tags, "parents": []},
        {"uid": where, "attrs": {}, "parents": []},
    ]
    now = {"now": {"__extn": {"fn": "datetime", "arg": "2026-11-22T10:00:00.500Z"}}}
    context = {"input": {"amount": 5, "text_3": "abc", "text_9": "x"}, "system": now}
    action = {"type": "AgentCore::Action", "id": CALLED}
    request = {"principal": who, "action": action, "resource": where, "context": context}
    text = "\n".join(policy.text for policy in bundle.policies)
    if not handles:
        return lambda: cedarpy.is_authorized(request, text, entities, bundle.schema)
    schema = cedarpy.Schema.from_json_str(bundle.schema)
    parsed = cedarpy.Entities.from_json_str(json.dumps(entities), schema)
    policies = cedarpy.PolicySet.from_str(text)
    assert cedarpy.is_authorized(request, policies, parsed, schema).allowed
    return lambda: cedarpy.is_authorized(request, policies, parsed, schema)


def best(acts: list[Callable[[], object]], *, rounds: int) -> list[float]:
    """Return the microseconds that each takes once, in its best round."""
    once = [seconds(act, 1) for act in acts]
    counts = [max(1, int(TURN / each)) for each in once]
    found = list(once)
    for _ in range(rounds):
        for number, act in enumerate(acts):
            found[number] = min(found[number], seconds(act, counts[number]))
    return [each * 1e6 for each in found]


def seconds(act: Callable[[], object], count: int) -> float:
    """Return how long one of `count` took."""
    started = time.perf_counter()
    for _ in range(count):
        act()
    return (time.perf_counter() - started) / count


def measure(count: int, *, rounds: int) -> Figure:
    """Return the figures at `count` policies."""
    started = time.perf_counter()
    bundle = bundle_of(count, timed=False)
    load = time.perf_counter() - started
    tools = list(bundle.tools.values())
    first = seconds(lambda: visible(bundle, WHO, tools), 1)
    acts = [
        decision(bundle),
        decision(bundle_of(count, timed=True)),
        whole_set(bundle, handles=True),
        whole_set(bundle, handles=False),
        lambda: visible(bundle, WHO, tools),
    ]
    one, timed, handles, text, listed = best(acts, rounds=rounds)
    return Figure(count, one, timed, handles, text, listed, first * 1e6, load * 1e3)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rounds", type=int, default=15)
    given = parser.parse_args()
    figures = [measure(count, rounds=given.rounds) for count in (10, 100, 1000)]
    if given.json:
        print(json.dumps([asdict(figure) for figure in figures], indent=2))
        return
    print(f"microseconds a decision, {NAMED} policies on the tool, {TOOLS} tools, best of rounds")
    print(f"{'policies':>9}{'decide':>9}{'with now':>10}{'whole set, handles':>20}", end="")
    print(f"{'whole set, text':>17}{'list 200':>10}{'first list':>12}{'load, ms':>10}")
    for each in figures:
        print(
            f"{each.policies:>9}{each.decide:>9.0f}{each.decide_timed:>10.0f}{each.handles:>20.0f}"
            f"{each.text:>17.0f}{each.one_more_list_of_200_tools:>10.0f}"
            f"{each.first_list_of_200_tools:>12.0f}{each.load_ms:>10.0f}"
        )


if __name__ == "__main__":
    main()
