"""A run of this machine's own account: one person, no broker process, no issuer.

The operating system says who the account is, not a token. That is worth what the account is worth:
it may assume these roles by itself, so a run here is convenience and attribution, not isolation.
No route of `web` leads here; only the process that runs as the account calls it.
"""

from collections.abc import Mapping
from typing import Final

from valetkey.broker.broker import Broker
from valetkey.broker.new_run import Opened, RunPlan, asked_grants, asked_life, carry_out
from valetkey.identity import Refusal
from valetkey.runs import PrincipalRef, check_keys, check_value

LOCAL_ACCOUNT: Final = "urn:valetkey:local-account"
"""In the place of an issuer's URL. No token can name it: an issuer's URL is https, or loopback."""
_RULE: Final = "local-account"
DOCTOR_RULE: Final = "doctor"
"""In the place of a trust rule's name: the run only finds out what its role can reach."""


async def open_own_run(
    broker: Broker,
    account: str,
    *,
    tags: Mapping[str, str],
    expires_in: int | None = None,
    rule: str = _RULE,
) -> Opened | Refusal:
    """Open a run for `account` with every grant of the broker's policy; it has the tags `tags`.

    `account` is the login name of who runs us, `tags` what that person wrote into the grants,
    `expires_in` seconds, `rule` what stands in the record where a trust rule's name would. The
    record is durable before the token leaves. Raises a `ValetkeyError` for a tag that STS would not
    take or a life out of bounds.
    """
    now = broker.clock()
    check_keys(tuple(tags))
    for key, value in tags.items():
        check_value(key, value, path_segment=False)
    principal = PrincipalRef(LOCAL_ACCOUNT, account)
    plan = RunPlan(
        subject=principal,
        actor=principal,
        actor_rule=rule,
        tags=dict(tags),
        grants=asked_grants(broker.policy, None),
        seconds=asked_life(broker, expires_in),
    )
    return await carry_out(broker, plan, policy=broker.policy, now=now)
