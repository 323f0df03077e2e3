"""What a caller hears of a server that does not do its part: never a word of the server's."""

from typing import Final

from valetkey.gateway.errors import GatewayError

LOG: Final = "the gateway's log"
"""What a hint names that is not there where no gateway runs."""
_LOG: Final = f"{LOG} says more"


def unreachable(error: Exception) -> GatewayError:
    """Say that no connection came about."""
    return GatewayError(
        "server-unreachable",
        "the server of this tool can't be reached",
        hint=_LOG,
        detail=f"{type(error).__name__}: {str(error)[:200]}",
    )


def broke_off(why: str) -> GatewayError:
    """Say that the server went away before its answer was whole; it may have acted."""
    return GatewayError(
        "server-broke-off",
        "the server of this tool broke off before it had answered; it may have acted",
        hint=_LOG,
        detail=why,
    )


def slow() -> GatewayError:
    """Say that the server took too long; it may have acted."""
    return GatewayError(
        "server-slow",
        "the server of this tool did not answer in time; it may have acted",
        hint="the operator's `timeout` of this server is the limit",
    )


def floods() -> GatewayError:
    """Say that the server would not stop talking."""
    return GatewayError(
        "server-floods", "the server of this tool sent too many messages", hint=_LOG
    )


def failed(why: str) -> GatewayError:
    """Say that the server answered that it can't, and not in the words of MCP."""
    return GatewayError("server-failed", "the server of this tool failed", hint=_LOG, detail=why)


def session_lost() -> GatewayError:
    """Say that the server has forgotten the session; nothing was done."""
    return GatewayError(
        "server-session-lost",
        "the server of this tool has ended the session",
        hint="begin another one",
    )


def of_status(status: int, *, challenge: str, may_login: bool) -> GatewayError:
    """Say what an HTTP status means; `may_login`: nothing of ours was there to be refused."""
    why = f"status {status}"
    if 300 <= status < 400:
        return GatewayError(
            "server-redirects",
            "the server of this tool is elsewhere now, and redirects are not followed",
            hint="the operator must write the new address into the configuration",
            detail=why,
        )
    if status == 401 and may_login and "bearer" in challenge.lower():
        return GatewayError(
            "server-wants-login",
            "the server of this tool wants the person's own login, which is not offered yet",
            hint="use a server that takes a token for its audience, a header or SigV4",
            detail=why,
        )
    if status in {401, 403, 407}:
        return GatewayError(
            "server-refused",
            "the server of this tool does not accept what it is shown for the run",
            hint="the operator must look at what the configuration sends to this server",
            detail=why,
        )
    if status == 429:
        return GatewayError(
            "server-busy", "the server of this tool takes no more calls now", hint="try later"
        )
    return failed(why)


def stopped() -> GatewayError:
    """Say that the server's process is gone; it may have acted."""
    return GatewayError(
        "server-stopped",
        "the server of this tool has stopped; it may have acted",
        hint="it is started again with the next call; the gateway's log has what it said",
    )
