"""Who may do what here: a power that a trust rule gives, or a denial that is on record."""

from valetkey.audit import RequestRefused
from valetkey.broker.broker import Broker, milliseconds
from valetkey.identity import Power, Principal, Refusal


async def objection(
    broker: Broker, principal: Principal, power: Power, *, route: str, now: float
) -> Refusal | None:
    """Return None if a rule gives the principal exactly `power`; else it is denied, on record."""
    if principal.may(power):
        return None
    await broker.store.append(
        RequestRefused(at=milliseconds(now), code="not-permitted", route=route)
    )
    return Refusal(
        code="not-permitted",
        public=f"no trust rule lets the principal `{power.value}`",
        reasons=(f"no rule of {principal.label} says `{power.value}`",),
    )
