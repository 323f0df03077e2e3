"""What `terraform show -json` prints of a plan or a state, as the set of policies in force then."""

from valetkey.tenancy.forms.gathering import EVERY_ROLE, Gathering, Wanted
from valetkey.tenancy.forms.plan_resources import read_resources
from valetkey.tenancy.forms.plan_roles import read_roles
from valetkey.tenancy.forms.plan_values import plan_of
from valetkey.tenancy.forms.surroundings import Surroundings
from valetkey.tenancy.forms.values import malformed
from valetkey.tenancy.policy_set import PolicySet


def read_plan(
    text: str | bytes,
    surroundings: Surroundings,
    *,
    name: str = "plan",
    wanted: Wanted = EVERY_ROLE,
) -> PolicySet:
    """Return the policies of a plan (as they will be) or of a state (as they are).

    Raises TenancyError `policy-source-malformed` for what is not understood and
    `policy-source-undecided` for what bears on a wanted role and only applying decides; other
    such policies are reasons in `unread`.
    """
    found = Gathering(wanted)
    try:
        plan = plan_of(text, name)
        read_roles(plan, surroundings, found)
        read_resources(plan, surroundings, found)
    except RecursionError:
        raise malformed(name, "is nested too deep") from None
    if not plan.is_complete:
        found.miss(f"{name} is not the whole plan: Terraform put some changes off")
    return found.policy_set()
