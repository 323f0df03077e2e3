"""What `[tools]` means: the servers, who a principal is in policies, and what decides a call."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from enum import Enum
from typing import TypeVar
from urllib.parse import urlsplit

from valetkey.credentials import Grant, TokenGrant
from valetkey.identity import Power
from valetkey.settings.checks import is_loopback, is_plain, set_by_people
from valetkey.settings.errors import SettingsError
from valetkey.settings.references import seconds
from valetkey.settings.shape import ToolsTable
from valetkey.settings.tool_files import ToolFiles
from valetkey.settings.tool_servers import tool_server
from valetkey.settings.values import Settings, ToolsSettings
from valetkey.tools import BundleSource, Kept, Mode, PrincipalForm, ServerRules, ToolServer

ALWAYS = ("run", "actor", "issuer")
"""What every principal has as tags: the run's id, who opened it, the subject's issuer."""
MIN_TOKEN_SECONDS, MAX_TOKEN_SECONDS = 30, 3600
MIN_CHECK_SECONDS, MAX_CHECK_SECONDS = 5, 86_400
MAX_SERVERS = 100
_GATEWAY = re.compile(
    r"arn:aws[a-z-]*:bedrock-agentcore:[a-z0-9-]{1,32}:[0-9]{12}:gateway/[0-9a-zA-Z-]{1,100}",
    re.ASCII,
)
_CLAIM = re.compile(r"[\x21-\x7e]{1,128}", re.ASCII)
_Chosen = TypeVar("_Chosen", bound=Enum)


def tools(
    table: ToolsTable,
    files: ToolFiles,
    settings: Settings,
    grants: Iterable[Grant | TokenGrant],
    environ: Mapping[str, str],
) -> ToolsSettings:
    """Return what the table says, with its files. `settings` is all else. Raises SettingsError.

    Nothing is compiled here: a mistake in a policy is told by whoever makes a bundle of `source`.
    """
    _check_place(table, settings)
    servers = _servers(table, tuple(grants), environ, settings)
    directory = _directory(table, settings)
    names, pinned = {server.name for server in servers}, files.lock or ()
    source = BundleSource(
        gateway=_gateway(table.gateway),
        policies=files.policies,
        servers=tuple(
            ServerRules(server.name, server.opens, server.undeclared_arguments)
            for server in servers
        ),
        tools=tuple(tool for tool in pinned if tool.server in names),
        tags=_tags(table, directory, settings),
        principal=_principal(table, settings),
        mode=_choice(Mode, "mode", table.mode),
        kept=_choice(Kept, "record", table.record),
    )
    return ToolsSettings(
        policies=files.folder,
        lock=files.lock_path,
        source=source,
        servers=servers,
        facts=table.claims,
        directory=directory,
        token_seconds=seconds(
            "token_duration", table.token_duration, least=MIN_TOKEN_SECONDS, most=MAX_TOKEN_SECONDS
        ),
        check_seconds=seconds(
            "check", table.check, least=MIN_CHECK_SECONDS, most=MAX_CHECK_SECONDS
        ),
        origins=frozenset(_origin(text) for text in table.origins),
        is_pinned=files.lock is not None,
        strays=tuple(sorted({tool.server for tool in pinned} - names)),
    )


def gateway_uri(public_url: str) -> str:
    """Return the gateway's canonical URI: the one audience of its tokens (RFC 8707 §2)."""
    return f"{public_url.rstrip('/')}/mcp"


def _check_place(table: ToolsTable, settings: Settings) -> None:
    """Raise unless the gateway can have tokens of its own and everybody knows its one address."""
    if settings.issuer is None:
        raise SettingsError(
            "config-invalid",
            "`[tools]` needs valetkey to sign tokens for the gateway, and there is no `[issuer]`",
            hint="write `[issuer]` with its `url` and `key_encryption`",
        )
    if settings.public_url is None and not is_loopback(settings.host):
        raise SettingsError(
            "config-invalid",
            f"`[tools]`: the gateway listens at `{settings.host}`, and no `public_url` says where "
            "others find it: its tokens name that address",
            hint='write `public_url = "https://…"` into `[broker]`',
        )


def _servers(
    table: ToolsTable,
    grants: tuple[Grant | TokenGrant, ...],
    environ: Mapping[str, str],
    settings: Settings,
) -> tuple[ToolServer, ...]:
    folder = settings.path.parent
    servers = tuple(tool_server(one, grants, environ, folder=folder) for one in table.servers)
    if not servers:
        raise SettingsError(
            "config-invalid", "`[tools]` has no servers", hint="write a `[[tools.servers]]` table"
        )
    if len(servers) > MAX_SERVERS:
        raise SettingsError("config-invalid", f"`[tools]` has more than {MAX_SERVERS} servers")
    for name, count in Counter(server.name.lower() for server in servers).items():
        if count > 1:
            raise SettingsError(
                "config-invalid",
                f"{count} servers are named `{name}`, letters' case aside",
                hint="a tool is `server___tool`: each server has a name of its own",
            )
    return servers


def _gateway(text: str) -> str:
    if not _GATEWAY.fullmatch(text):
        raise SettingsError(
            "config-invalid",
            f"`gateway`: `{text}` is not the ARN of a gateway of Amazon Bedrock AgentCore",
            hint="policies name it as their resource; it need not exist: "
            "`arn:aws:bedrock-agentcore:eu-west-1:111122223333:gateway/tools`",
        )
    return text


def _principal(table: ToolsTable, settings: Settings) -> PrincipalForm:
    form = _choice(PrincipalForm, "principal", table.principal)
    issuers = {rule.issuer for rule in settings.rules if rule.may is Power.BE_WORKED_FOR}
    if form is PrincipalForm.SUB and len(issuers) > 1:
        raise SettingsError(
            "config-invalid",
            f"`[tools]`: equal subjects of {len(issuers)} issuers would be one principal",
            hint='write `principal = "issuer:sub"`',
        )
    return form


def _directory(table: ToolsTable, settings: Settings) -> tuple[str, ...]:
    known = () if settings.directory is None else settings.directory.attributes
    if table.directory is None:
        return known
    for name in table.directory:
        if name not in known:
            raise SettingsError(
                "config-invalid",
                f"`[tools]`: `directory` names `{name}`, which `[directory]` does not tell",
                hint="name it in the `attributes` of `[directory]`",
            )
    return table.directory


def _tags(table: ToolsTable, directory: tuple[str, ...], settings: Settings) -> tuple[str, ...]:
    """Return the names of all tags of a principal; a name that means two things is an error."""
    for name in table.claims:
        if not _CLAIM.fullmatch(name):
            raise SettingsError("config-invalid", f"`[tools]`: `{name!r}` is no claim's name")
        if by := set_by_people(name, settings.issuers, settings.rules):
            raise SettingsError(
                "tool-claim",
                f"`[tools]`: at `{by}` people may set claim `{name}` themselves, so no policy can "
                "rely on it",
                hint="name a claim that the issuer gives; `email` needs `email_verified = true` in "
                "every rule that lets people of that issuer be worked for",
            )
    meanings = {
        "every run has it": ALWAYS,
        "a claim": table.claims,
        "an attribute of the directory": directory,
        "a tag of `[tags]`": tuple(template.key for template in settings.templates),
    }
    names = tuple(name for found in meanings.values() for name in found)
    for name, count in Counter(names).items():
        if count > 1:
            meant = [what for what, found in meanings.items() for each in found if each == name]
            raise SettingsError(
                "tool-tag-twice",
                f"`[tools]`: tag `{name}` of a principal would be two things: "
                f"{' and '.join(meant)}",
                hint="leave it out of `claims` or `directory`; a tag of `[tags]` is one already",
            )
    return names


def _origin(text: str) -> str:
    try:
        url = urlsplit(text)
        good = url.scheme in {"http", "https"} and url.hostname and url.port != 0
    except ValueError:
        good = None
    if not good or text != f"{url.scheme}://{url.netloc}" or "@" in text or text != text.lower():
        raise SettingsError(
            "config-invalid",
            f"`origins`: `{text}` is not the origin of a web page",
            hint="scheme, host and port as browsers send them, in lower case: `https://example.com`",
        )
    if is_plain(text):
        raise SettingsError(
            "config-invalid", f"`origins`: anybody on the network can pass for `{text}`"
        )
    return text


def _choice(kind: type[_Chosen], key: str, text: str) -> _Chosen:
    try:
        return kind(text)
    except ValueError:
        known = " or ".join(f"`{each.value}`" for each in kind)
        raise SettingsError(
            "config-invalid", f"`[tools]`: `{key}` is {known}, not `{text}`"
        ) from None
