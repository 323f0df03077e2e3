"""The policies that people bring, in files: roles, templates and plans, as one set."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from valetkey.cli.iam_lines import unreadable
from valetkey.errors import ValetkeyError

if TYPE_CHECKING:
    from valetkey.tenancy import PolicySet, TenancyMap
    from valetkey.tenancy.forms import Surroundings, Wanted


def read_policy_set(
    roles: Sequence[Path],
    templates: Sequence[Path],
    plans: Sequence[Path],
    *,
    tenancy_map: "TenancyMap | None" = None,
    account: str | None = None,
    region: str | None = None,
    parameters: Mapping[str, str] | None = None,
) -> "PolicySet":
    """Return the policies of ROLE.json files, CloudFormation templates and Terraform plans.

    With a map, account, region and partition are those of its ARNs where they are not given, and
    of a template or plan only the map's roles and brokers are read. Raises ValetkeyError:
    `file-unreadable`, one of `policy-source-…`, among them `policy-source-role-missing` where no
    role was found.
    """
    from valetkey.tenancy.forms import merged, read_plan, read_role_files, read_template

    around = _surroundings(tenancy_map, account, region)
    wanted = _wanted(tenancy_map)
    brought = read_role_files(_texts(roles))
    sets = [brought]
    for path, text in _texts(templates).items():
        sets.append(read_template(text, around, name=path, parameters=parameters, wanted=wanted))
    for path, text in _texts(plans).items():
        sets.append(read_plan(text, around, name=path, wanted=wanted))
    return _with_a_role(merged(tuple(sets)), tenancy_map)


def _texts(paths: Sequence[Path]) -> dict[str, bytes]:
    found = {}
    for path in paths:
        try:
            found[str(path)] = path.read_bytes()
        except OSError as error:
            raise unreadable(path, error) from None
    return found


def _surroundings(
    tenancy_map: "TenancyMap | None", account: str | None, region: str | None
) -> "Surroundings":
    """Return where the map's roles and resources are, as far as its ARNs agree."""
    from valetkey.tenancy.forms import Surroundings

    if tenancy_map is None:
        return Surroundings(account, region)
    roles = [role.arn.split(":") for role in tenancy_map.roles]
    heads = [str(entry.arn[0]).split(":") for entry in tenancy_map.owned]
    of_iam = [*roles, *(arn.split(":") for arn in tenancy_map.assumed_by)]
    return Surroundings(
        account or _one(parts[4] for parts in (roles or of_iam or heads) if len(parts) > 4),
        region or _one(parts[3] for parts in heads if len(parts) > 4),
        _one(parts[1] for parts in [*of_iam, *heads] if len(parts) > 1) or "aws",
    )


def _one(values: Iterable[str]) -> str | None:
    found = {value for value in values if value}
    return found.pop() if len(found) == 1 else None


def _wanted(tenancy_map: "TenancyMap | None") -> "Wanted":
    from valetkey.tenancy.forms import Wanted

    if tenancy_map is None:
        return Wanted()
    agents = frozenset(role.arn for role in tenancy_map.roles)
    return Wanted(agents, frozenset(tenancy_map.assumed_by) - agents)


def _with_a_role(found: "PolicySet", tenancy_map: "TenancyMap | None") -> "PolicySet":
    """Return the set where it has a role; which of the map's are missing the prover says."""
    if found.roles:
        return found
    asked = () if tenancy_map is None else tuple(role.arn for role in tenancy_map.roles)
    named = f"none of the map's roles: {', '.join(dict.fromkeys(asked))}" if asked else "no role"
    raise ValetkeyError(
        "policy-source-role-missing",
        f"the sources have {named}",
        hint="; ".join(found.unread) or "bring the role with `--role ROLE.json`, too",
    )
