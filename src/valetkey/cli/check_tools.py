"""What `valetkey check` says of the tool gateway: servers, tools, policies, and what is odd."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from valetkey.settings import Settings
    from valetkey.settings.values import ToolsSettings
    from valetkey.tools import ToolServer
    from valetkey.tools.bundle import ToolBundle
    from valetkey.tools.policies import ToolPolicy


def of_tools(settings: "Settings", bundle: "ToolBundle") -> dict[str, list[str]]:
    """Return the sections on tools, each a title and its lines."""
    tools = settings.tools
    assert tools is not None  # noqa: S101  # there is a bundle, so there are settings for it
    found = {
        "tool gateway": _gateway(settings, tools),
        "tool servers": [server_line(each, bundle) for each in tools.servers],
        "tool policies": [policy_line(each) for each in bundle.policies]
        or ["none: every call is denied"],
    }
    if odd := [*_odd(tools), *bundle.warnings]:
        found["to look at"] = odd
    return found


def _gateway(settings: "Settings", tools: "ToolsSettings") -> list[str]:
    from valetkey.settings.tools import gateway_uri
    from valetkey.tools import Kept, Mode, PrincipalForm

    source = tools.source
    here = settings.public_url or f"http://{settings.host}:{settings.port}"
    by = "subject" if source.principal is PrincipalForm.SUB else "issuer's name and subject"
    whole = source.kept is Kept.WHOLE
    lines = [
        f"at {gateway_uri(here)}, with tokens for {tools.token_seconds} s at most",
        f"policies name it {source.gateway}",
        f"a principal is known by its {by}, and has the tags {', '.join(source.tags)}",
        f"its records keep {'the whole' if whole else 'a digest'} of a call's arguments",
        f"definitions of tools are compared with {tools.lock} every {tools.check_seconds} s",
    ]
    if tools.origins:
        lines.append(f"web pages of {', '.join(sorted(tools.origins))} may call it")
    if source.mode is Mode.LOG_ONLY:
        lines.append("LOG-ONLY: a denial is recorded and lets the call pass")
    return lines


def server_line(server: "ToolServer", bundle: "ToolBundle") -> str:
    """Return a server as a line: where it is, what it gets, how many tools of it are pinned."""
    from valetkey.settings.tool_servers import shown_url
    from valetkey.tools import Reach

    pinned = sum(tool.definition.server == server.name for tool in bundle.tools.values())
    hidden = sum(tool.definition.server == server.name for tool in bundle.hidden.values())
    text = {
        Reach.HTTP: f"{server.name}: {shown_url(server.url or '')} {_gets(server)}",
        Reach.STDIO: f"{server.name}: runs {_command(server)}, one a run{_session(server)}",
        Reach.NONE: f"{server.name}: not reached; agents call its tools themselves",
    }[server.reach]
    text += f"; {pinned} tool{'s' * (pinned != 1)}" + (f", {hidden} hidden" if hidden else "")
    if server.opens:
        text += f"; open for {', '.join(sorted(surface.value for surface in server.opens))}"
    return text + ("; takes undeclared arguments" if server.undeclared_arguments else "")


def _command(server: "ToolServer") -> str:
    """Return the program; what follows it may hold what is not for everybody, and is counted."""
    count = len(server.command) - 1
    said = f" ({count} argument{'s' * (count != 1)})" if count > 0 else ""
    return "".join(server.command[:1]) + said


def _gets(server: "ToolServer") -> str:
    from valetkey.tools import Proof

    bare = "gets nothing that says who calls" + ", but for its query" * ("?" in (server.url or ""))
    return {
        Proof.NOTHING: bare,
        Proof.TOKEN: f"gets a token for {server.audience}",
        Proof.HEADERS: f"gets {', '.join(server.headers)}",
        Proof.SIGV4: f"is signed for ({server.service} in {server.region}) by {server.grant}",
    }[server.proof]


def _session(server: "ToolServer") -> str:
    return f" with the session of {server.grant}" if server.grant else ""


def policy_line(policy: "ToolPolicy") -> str:
    """Return a policy as a line: its id, what it does, and how strictly."""
    from valetkey.tools import Mode, Tier

    text = f"{policy.id}: {policy.effect}"
    if policy.tier is Tier.SOFT:
        text += ", soft: a person may approve, once approvals are there"
    if policy.mode is Mode.LOG_ONLY:
        text += ", LOG-ONLY: it is recorded and changes nothing"
    return text


def _odd(tools: "ToolsSettings") -> list[str]:
    odd = []
    if not tools.is_pinned:
        odd.append(f"{tools.lock} is not there: no tool is known. `valetkey tools refresh`")
    if tools.strays:
        names = ", ".join(tools.strays)
        odd.append(f"{tools.lock} has servers that are not configured: {names}")
    return odd
