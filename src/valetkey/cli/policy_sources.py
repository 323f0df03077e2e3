"""The policies that people bring, in files: roles, templates and plans, as one set."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from valetkey.cli.iam_lines import unreadable
from valetkey.cli.source_bytes import bytes_of
from valetkey.errors import ValetkeyError
from valetkey.iam.document import quoted

if TYPE_CHECKING:
    from valetkey.tenancy import PolicySet, TenancyMap
    from valetkey.tenancy.forms import Surroundings, Wanted


@dataclass(frozen=True, slots=True)
class Texts:
    """What files of policies say, by the names that messages call them."""

    roles: Mapping[str, bytes] = field(default_factory=dict)
    templates: Mapping[str, bytes] = field(default_factory=dict)
    plans: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Deployment:
    """Where a template or plan is deployed, as far as the map's ARNs do not tell, and how."""

    account: str | None = None
    region: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)


NOWHERE_ELSE = Deployment()
"""Where the map's ARNs say, with the template's own defaults."""


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
    `file-unreadable`, `source-too-large`, `bad-parameter`, one of `policy-source-…`, among them
    `policy-source-role-missing` where no role was found.
    """
    texts = Texts(_texts(roles), _texts(templates), _texts(plans))
    given = Deployment(account, region, parameters or {})
    found = policy_set_of(texts, tenancy_map, deployment=given)
    check_names(given.parameters, texts.templates)
    return with_a_role(found, tenancy_map)


def policy_set_of(
    texts: Texts, tenancy_map: "TenancyMap | None", *, deployment: Deployment
) -> "PolicySet":
    """Return the policies of texts that were read already, be there any role in them or none.

    Raises ValetkeyError `policy-source-…`.
    """
    from valetkey.tenancy.forms import merged, read_plan, read_role_files, read_template

    around = _surroundings(tenancy_map, deployment.account, deployment.region)
    wanted = _wanted(tenancy_map)
    sets = [read_role_files(texts.roles)]
    for name, text in texts.templates.items():
        parameters = deployment.parameters
        sets.append(read_template(text, around, name=name, parameters=parameters, wanted=wanted))
    for name, text in texts.plans.items():
        sets.append(read_plan(text, around, name=name, wanted=wanted))
    return merged(tuple(sets))


def check_names(parameters: Mapping[str, str], templates: Mapping[str, bytes]) -> None:
    """Refuse a value for what no template has: a typo would leave the default in force.

    Raises ValetkeyError `bad-parameter`.
    """
    from valetkey.tenancy.forms import names_of

    if not parameters:
        return
    names = {named for file, text in templates.items() for named in names_of(text, file)}
    for name in sorted(parameters.keys() - names):
        near = get_close_matches(name, sorted(names), n=1)
        raise ValetkeyError(
            "bad-parameter",
            f"no template has a parameter or resource {quoted(name)}",
            hint=f"one has {quoted(near[0])}" if near else None,
        )


def _texts(paths: Sequence[Path]) -> dict[str, bytes]:
    return {str(path): read_source(path) for path in paths}


def read_source(path: Path) -> bytes:
    """Return the bytes of a file or pipe. Raises `file-unreadable` and as `bytes_of`."""
    try:
        return bytes_of(path)
    except OSError as error:
        raise unreadable(path, error) from None


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


def with_a_role(found: "PolicySet", tenancy_map: "TenancyMap | None") -> "PolicySet":
    """Return the set where it has a role; which of the map's are missing the prover says.

    Raises ValetkeyError `policy-source-role-missing` where it has none.
    """
    if found.roles:
        return found
    asked = () if tenancy_map is None else tuple(role.arn for role in tenancy_map.roles)
    named = f"none of the map's roles: {', '.join(dict.fromkeys(asked))}" if asked else "no role"
    raise ValetkeyError(
        "policy-source-role-missing",
        f"the sources have {named}",
        hint="; ".join(found.unread) or "bring the role with `--role ROLE.json`, too",
    )
