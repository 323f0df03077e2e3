"""Policies of Amazon Bedrock AgentCore's guide, as plain Cedar, and calls that they decide.

The target and its tools are the guide's; each row is one of its rules with calls on both sides of
what it says. The policies are our own wording of those rules.
"""

from typing import Any, NamedTuple

from tests.tools.asking import policy, tool

T = "InsuranceAPI___"
CONTRACT, FILE, COVER = f"{T}get_contract", f"{T}file_claim", f"{T}update_coverage"
STATUS, PREMIUM, APPROVE = f"{T}get_claim_status", f"{T}calculate_premium", f"{T}approve_claim"
DISBURSE, DELETE, ELSEWHERE = f"{T}disburse_payment", f"{T}delete_claim", "OtherAPI___ping"
RISK = {
    "type": "object",
    "properties": {"region": {"type": "string"}, "priorClaims": {"type": "integer"}},
}
TOOLS = (
    tool(CONTRACT, contractId="s"),
    tool(FILE, contractId="s", claimType="s", amount="n", policyTermMonths="i", description="s?"),
    tool(COVER, contractId="s", coverageType="s", newLimit="n"),
    tool(STATUS, claimId="s"),
    tool(PREMIUM, coverageType="s", coverageAmount="n", riskFactors=RISK),
    tool(APPROVE, claimId="s", approved="b", approvedAmountCents="i"),
    tool(DISBURSE, claimId="s", amountCents="i"),
    tool(DELETE, claimId="s"),
    tool(ELSEWHERE),
)
ARGUMENTS: dict[str, dict[str, Any]] = {
    CONTRACT: {"contractId": "c"},
    FILE: {"contractId": "c", "claimType": "auto", "amount": 10, "policyTermMonths": 24},
    COVER: {"contractId": "c", "coverageType": "liability", "newLimit": 40_000},
    STATUS: {"claimId": "c"},
    PREMIUM: {"coverageType": "auto-liability", "coverageAmount": 10},
    APPROVE: {"claimId": "c", "approved": True, "approvedAmountCents": 1},
    DISBURSE: {"claimId": "c", "amountCents": 1},
    DELETE: {"claimId": "c"},
    ELSEWHERE: {},
}


class Call(NamedTuple):
    """A call: tags of its principal, arguments other than the usual ones, and when."""

    tool: str
    tags: dict[str, str]
    arguments: dict[str, Any]
    at: str | None


def call(tool_: str, at: str | None = None, tags: Any = (), **arguments: Any) -> Call:
    return Call(tool_, dict(tags), arguments, at)


def tag(name: str, value: str) -> str:
    return f'principal.hasTag("{name}") && principal.getTag("{name}") == "{value}"'


def role(*names: str) -> str:
    either = " || ".join(f'principal.getTag("role") == "{name}"' for name in names)
    return f'principal.hasTag("role") && ({either})'


CLARE = policy("permit", COVER, tag("username", "clare"))


def between(first: int, last: int) -> str:
    time = "context.system.now.toTime()"
    return f'duration("{first}h") <= {time} && {time} <= duration("{last}h")'


def scoped(part: str) -> str:
    like = f'principal.getTag("scope") like "*{part}*"'
    return policy("permit", FILE, f'principal.hasTag("scope") && {like}')


JANUARY = (
    'context.system.now >= datetime("2025-01-01T00:00:00Z") && '
    'context.system.now < datetime("2025-02-01T00:00:00Z")'
)
RISKS = (
    "context.input has riskFactors && context.input.riskFactors has priorClaims && "
    "context.input.riskFactors.priorClaims == 0 && context.input.riskFactors has region && "
    '(context.input.riskFactors.region == "us-west" || '
    'context.input.riskFactors.region == "us-east")'
)
KINDS = ("health", "property", "auto")
SAFE = [call(CONTRACT), call(STATUS)]

ROWS: dict[str, tuple[str, list[Call], list[Call]]] = {
    "1 a scope": (
        scoped("insurance:claim"),
        [
            call(FILE, tags={"scope": "openid insurance:claim"}),
            call(FILE, tags={"scope": '["insurance:claim"]'}),
            call(FILE, tags={"scope": "insurance:claim:admin"}),
        ],
        [call(FILE, tags={"scope": "insurance:view"}), call(FILE)],
    ),
    "2 a person": (
        CLARE,
        [call(COVER, tags={"username": "clare"})],
        [call(COVER, tags={"username": "bob"}), call(FILE, tags={"username": "clare"})],
    ),
    "3 a role": (
        policy("permit", DELETE, role("admin", "manager")),
        [call(DELETE, tags={"role": "manager"}), call(DELETE, tags={"role": "admin"})],
        [call(DELETE, tags={"role": "adjuster"}), call(DELETE)],
    ),
    "4 forbidden unless a role": (
        CLARE + policy("forbid", COVER, more=f" unless {{ {role('senior-adjuster', 'manager')} }}"),
        [call(COVER, tags={"username": "clare", "role": "manager"})],
        [call(COVER, tags={"username": "clare"}), call(COVER, tags={"role": "manager"})],
    ),
    "5 a suspended person": (
        policy("permit", "*") + policy("forbid", "*", tag("username", "suspended-user")),
        [call(FILE, tags={"username": "clare"}), call(ELSEWHERE)],
        [call(each, tags={"username": "suspended-user"}) for each in ARGUMENTS],
    ),
    "6 several tools": (policy("permit", f"{CONTRACT}|{STATUS}"), SAFE, [call(FILE)]),
    "7 all tools of a target": (
        policy("permit", "in InsuranceAPI"),
        [call(each) for each in ARGUMENTS if each != ELSEWHERE],
        [call(ELSEWHERE)],
    ),
    "8 one of some values": (
        policy("permit", FILE, " || ".join(f'context.input.claimType == "{k}"' for k in KINDS)),
        [call(FILE, claimType="auto"), call(FILE, claimType="health")],
        [call(FILE, claimType="life")],
    ),
    "9 in a set of values": (
        policy("permit", FILE, '["health", "property"].contains(context.input.claimType)'),
        [call(FILE, claimType="health")],
        [call(FILE, claimType="life")],
    ),
    "10 a pattern": (
        policy("permit", PREMIUM, 'context.input.coverageType like "auto*"'),
        [call(PREMIUM)],
        [call(PREMIUM, coverageType="semi-auto")],
    ),
    "11 a whole number": (
        policy("permit", FILE, "context.input.policyTermMonths >= 12"),
        [call(FILE, policyTermMonths=12)],
        [call(FILE, policyTermMonths=11)],
    ),
    "12 a decimal": (
        policy("permit", FILE, 'context.input.amount.lessThan(decimal("1000.00"))'),
        [call(FILE, amount=999.99), call(FILE, amount=0)],
        [call(FILE, amount=1000), call(FILE, amount=1000.0)],
    ),
    "13 a boolean": (
        policy("permit", APPROVE, "context.input.approved"),
        [call(APPROVE)],
        [call(APPROVE, approved=False)],
    ),
    "14 a record": (
        policy("permit", PREMIUM, RISKS),
        [call(PREMIUM, riskFactors={"priorClaims": 0, "region": "us-west"})],
        [
            call(PREMIUM, riskFactors={"priorClaims": 1, "region": "us-west"}),
            call(PREMIUM, riskFactors={"priorClaims": 0, "region": "eu"}),
            call(PREMIUM, riskFactors={"region": "us-west"}),
            call(PREMIUM),
        ],
    ),
    "15 an argument that may be left out": (
        policy("permit", FILE, "context.input has description"),
        [call(FILE, description="x")],
        [call(FILE)],
    ),
    "16 forbidden without an argument": (
        policy("permit", FILE)
        + scoped("x")
        + policy("forbid", FILE, more=" unless { context.input has description }"),
        [call(FILE, description="x")],
        [call(FILE), call(FILE, tags={"scope": "x"})],
    ),
    "17 all stopped": (
        policy("permit", "*") + policy("forbid", "*"),
        [],
        [call(each) for each in ARGUMENTS],
    ),
    "18 one tool stopped": (
        policy("permit", "*") + policy("forbid", DISBURSE),
        [call(each) for each in ARGUMENTS if each != DISBURSE],
        [call(DISBURSE)],
    ),
    "19 all of a role and arguments": (
        policy(
            "permit",
            COVER,
            f'{role("senior-adjuster")} && (context.input.coverageType == "liability" || '
            'context.input.coverageType == "collision") && '
            'context.input.newLimit.lessThanOrEqual(decimal("50000.00"))',
        ),
        [
            call(COVER, tags={"role": "senior-adjuster"}),
            call(COVER, tags={"role": "senior-adjuster"}, newLimit=50_000),
        ],
        [
            call(COVER, tags={"role": "senior-adjuster"}, coverageType="comprehensive"),
            call(COVER, tags={"role": "senior-adjuster"}, newLimit=50_000.01),
            call(COVER, tags={"role": "adjuster"}),
            call(COVER),
        ],
    ),
    "20 a limit a role": (
        policy("permit", DISBURSE, f"{role('adjuster')} && context.input.amountCents <= 100000")
        + policy("permit", DISBURSE, f"{role('manager')} && context.input.amountCents <= 2500000"),
        [
            call(DISBURSE, tags={"role": "adjuster"}, amountCents=100_000),
            call(DISBURSE, tags={"role": "manager"}, amountCents=2_500_000),
        ],
        [
            call(DISBURSE, tags={"role": "adjuster"}, amountCents=100_001),
            call(DISBURSE, tags={"role": "manager"}, amountCents=2_500_001),
            call(DISBURSE, tags={"role": "clerk"}),
        ],
    ),
    "21 a month": (
        policy("permit", PREMIUM, JANUARY),
        [call(PREMIUM, "2025-01-31T23:59:59Z"), call(PREMIUM, "2025-01-01T00:00:00Z")],
        [call(PREMIUM, "2025-02-01T00:00:00Z"), call(PREMIUM, "2024-12-31T23:59:59Z")],
    ),
    "22 hours of a day": (
        policy("permit", DISBURSE, between(9, 17)),
        [call(DISBURSE, "2026-03-01T09:00:00Z"), call(DISBURSE, "2026-03-01T17:00:00Z")],
        [call(DISBURSE, "2026-03-01T17:00:01Z"), call(DISBURSE, "2026-03-01T08:59:59Z")],
    ),
    "23 hours of a month": (
        policy(
            "permit",
            COVER,
            JANUARY.replace("2025-02", "2025-03").replace("2025-01", "2025-02")
            + " && "
            + between(9, 21),
        ),
        [call(COVER, "2025-02-10T12:00:00Z")],
        [call(COVER, "2025-02-10T22:00:00Z"), call(COVER, "2025-03-01T12:00:00Z")],
    ),
}
TAGS = ("scope", "username", "role")
