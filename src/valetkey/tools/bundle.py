"""Policies and tools made ready to decide: what a run's policy version means.

Made whole or not at all: a policy that is mistaken is an error here, never a silent no later. Only
a tool that can't be mapped is left out alone, with its reason.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from valetkey.tools.decision import Mode
from valetkey.tools.errors import ToolsError
from valetkey.tools.index import PolicyIndex
from valetkey.tools.lint import Vocabulary
from valetkey.tools.listing_index import ListingIndex
from valetkey.tools.mapping import HiddenTool, MappedTool, map_tool
from valetkey.tools.policies import ToolPolicy, read_policies
from valetkey.tools.schema import NAMESPACE, cedar_schema
from valetkey.tools.source import BundleSource
from valetkey.tools.validating import check_policies


@dataclass(frozen=True, slots=True)
class ToolBundle:
    """A compiled policy version. Equal sources make equal bundles.

    `tools` are those that may be called and `hidden` those that may not, with the reason, both by
    public name. `warnings` are sentences for the operator, at start and at `valetkey check`.
    """

    source: BundleSource
    tools: Mapping[str, MappedTool] = field(repr=False, compare=False)
    hidden: Mapping[str, HiddenTool] = field(repr=False, compare=False)
    policies: tuple[ToolPolicy, ...] = field(repr=False, compare=False)
    warnings: tuple[str, ...] = field(repr=False, compare=False)
    schema: str = field(repr=False, compare=False)
    index: PolicyIndex = field(repr=False, compare=False)
    listing: ListingIndex = field(repr=False, compare=False)


def make_bundle(source: BundleSource) -> ToolBundle:
    """Return the bundle of `source`.

    Raises ToolsError: `policy-…` with `file:line` for the first policy that is mistaken,
    `tools-schema` if Cedar takes no schema made of the tools, `tools-server` for a tool of a server
    that the source does not name.
    """
    tools, hidden = _map(source)
    schema = cedar_schema(tools.values(), [server.name for server in source.servers])
    policies = read_policies(source.policies)
    try:
        index = PolicyIndex(policies, schema, gateway=source.gateway)
    except ValueError as error:
        raise ToolsError(
            "tools-schema", "the tools make no Cedar schema", detail=str(error)
        ) from None
    check_policies(policies, index.schema, _vocabulary(source, tools, hidden, schema=schema))
    listing = ListingIndex(index, source.gateway)
    warnings = _warnings(source, hidden, policies, index=index, tools=tools)
    return ToolBundle(source, tools, hidden, policies, warnings, schema, index, listing)


def _map(source: BundleSource) -> tuple[dict[str, MappedTool], dict[str, HiddenTool]]:
    """Return the tools that can be mapped and those that can't, sorted by public name."""
    servers = {server.name for server in source.servers}
    tools: dict[str, MappedTool] = {}
    hidden: dict[str, HiddenTool] = {}
    for definition in sorted(source.tools, key=lambda each: each.public_name):
        name = definition.public_name
        if definition.server not in servers:
            raise ToolsError("tools-server", f"the tool `{name}` is of no configured server")
        mapped = map_tool(definition)
        if name in tools or name in hidden:
            mapped = HiddenTool(definition, "two tools have this name")
            tools.pop(name, None)
        if isinstance(mapped, HiddenTool):
            hidden[name] = mapped
        else:
            tools[name] = mapped
    return tools, hidden


def _vocabulary(
    source: BundleSource,
    tools: Mapping[str, MappedTool],
    hidden: Mapping[str, HiddenTool],
    *,
    schema: str,
) -> Vocabulary:
    """Return what policies may name."""
    actions = json.loads(schema)[NAMESPACE]["actions"]
    groups: dict[str, set[str]] = {}
    for name in tools:
        waiting = [name]
        while waiting:
            for group in actions[waiting.pop()].get("memberOf") or ():
                groups.setdefault(group["id"], set()).add(name)
                waiting.append(group["id"])
    return Vocabulary(
        gateway=source.gateway,
        servers=frozenset(server.name for server in source.servers),
        tags=frozenset(source.tags),
        contexts={name: actions[name]["appliesTo"]["context"] for name in tools},
        groups={name: frozenset(members) for name, members in groups.items()},
        inputs={name: tool.definition.document.get("inputSchema") for name, tool in tools.items()},
        hidden={name: tool.reason for name, tool in hidden.items()},
        form=source.principal,
    )


def _warnings(
    source: BundleSource,
    hidden: Mapping[str, HiddenTool],
    policies: tuple[ToolPolicy, ...],
    *,
    index: PolicyIndex,
    tools: Mapping[str, MappedTool],
) -> tuple[str, ...]:
    """Return what is no error and must not go unseen."""
    found = []
    if source.mode is Mode.LOG_ONLY:
        found.append("the tool gateway is in log-only mode: no policy keeps a call from passing")
    found += [
        f"the policy `{policy.id}` is in log-only mode: it is recorded and changes nothing"
        for policy in policies
        if policy.mode is Mode.LOG_ONLY
    ]
    found += [
        f"{policy.file}:{policy.line}: `@{name}` has no meaning here"
        for policy in policies
        for name in policy.unknown_annotations
    ]
    found += [f"the tool `{name}` is hidden: {tool.reason}" for name, tool in hidden.items()]
    found += [
        f"the server `{server.name}` takes undeclared arguments, which no policy can see"
        for server in source.servers
        if server.undeclared_arguments
    ]
    then = "" if source.mode is Mode.ENFORCE else ", once policies are enforced"
    found += [
        f"no policy permits the tool `{name}`: every call of it is denied{then}"
        for name in tools
        if not any(
            policy.effect == "permit" and policy.mode is Mode.ENFORCE
            for policy in index.applicable(name)
        )
    ]
    return tuple(found)
