"""Walking syntax trees: what could read the time is known to."""

import pytest

from valetkey.tools import PolicyFile
from valetkey.tools.expressions import reads_system
from valetkey.tools.policies import read_policies


@pytest.mark.parametrize(
    ("condition", "reads"),
    [
        ("context.input.x == 1", False),
        ("context has input && context.input has system", False),
        ('principal.id == "system"', False),
        ('context.system.now < datetime("2026-01-01")', True),
        ("context has system", True),
        ('context["system"].now == context.input.x', True),
        ("context == {input: {x: 1}}", True),
        ("[context].contains(principal)", True),
        ("{a: context}.a.input.x == 1", True),
        ("(if true then context else context).input.x == 1", True),
    ],
)
def test_a_policy_reads_the_time_if_it_could(condition: str, reads: bool) -> None:
    text = f"permit(principal, action, resource) when {{ {condition} }};"
    (policy,) = read_policies([PolicyFile("f", text)])
    assert reads_system(policy.est) is reads
