"""`valetkey policy activate`: bind runs to the policies as they are now."""

import asyncio
import json
from pathlib import Path

from valetkey.broker.activate import Activated, Running
from valetkey.errors import ValetkeyError
from valetkey.settings import SettingsError, read_settings
from valetkey.wiring.activation import activate_at, policy_of

_LEFT = "runs that are open under this version stay: `valetkey runs revoke` ends one"


def activate_policy(config: Path, running: Running, because: str, *, as_json: bool) -> None:
    """Activate the configuration's policy version in its store; print what that changed.

    Where that is nothing, it says so. Raises ValetkeyError `reason-missing`, and `store-absent`
    without a store.
    """
    if not because.strip():
        raise ValetkeyError("reason-missing", "say why: it is recorded")
    settings = read_settings(config)
    policy_of(settings)  # a mistaken policy is told before the store is looked at
    if not settings.store.exists():
        raise SettingsError(
            "store-absent",
            f"`{settings.store}` is not there: no broker has run with this configuration",
            hint="`valetkey serve` begins with the policies as they are",
        )
    done = asyncio.run(activate_at(settings, running=running, because=because))
    if as_json:
        print(json.dumps(_document(done), indent=2))
        return
    for line in _lines(done, running):
        print(line)


def _document(done: Activated) -> dict[str, object]:
    return {
        "version": done.version,
        "previous": done.previous,
        "rebound": list(done.rebound),
        "revoked": list(done.revoked),
        "not_rebound": dict(done.unfit),
    }


def _lines(done: Activated, running: Running) -> list[str]:
    if done.previous == done.version and not (done.rebound or done.revoked):
        return _nothing(done, running)
    lines = [f"new runs are opened under policy version {done.version}"]
    if done.previous not in {None, done.version}:
        lines[0] += f", no more under {done.previous}"
    if running is Running.KEEP:
        return [*lines, "open runs keep the version they were opened under"]
    lines += [f"{run} goes on under it" for run in done.rebound]
    why = "" if running is Running.REVOKE else "it has no grant of its own"
    for run in done.revoked:
        reason = done.unfit.get(run, why)
        lines.append(f"{run} is revoked: {reason}" if reason else f"{run} is revoked")
    return [*lines, _LEFT] if running is Running.REVOKE else lines


def _nothing(done: Activated, running: Running) -> list[str]:
    """Say that nothing was to be done, and what else somebody may have meant."""
    lines = [f"policy version {done.version} is the active one already: nothing is changed"]
    if running is Running.KEEP:
        return [*lines, "`--running rebind` is for runs that were opened under another version"]
    lines.append("no open run is under another")
    return [*lines, _LEFT] if running is Running.REVOKE else lines
