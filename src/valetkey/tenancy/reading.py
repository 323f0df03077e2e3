"""A tenancy map from the plain values of `[tenancy]`, checked: nothing is guessed."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from valetkey.tenancy.arns import check_model, check_platform, check_provider, check_role
from valetkey.tenancy.entries import read_owned, read_protected, read_shared
from valetkey.tenancy.errors import TenancyError
from valetkey.tenancy.reading_checks import check_apart, check_tag_keys
from valetkey.tenancy.tenancy_map import AgentRole, Kind, Owned, Source, TenancyMap
from valetkey.tenancy.texts import tags_of

Section = Mapping[str, Any]
# In these texts of a table tags may stand; `encryption_context` and `indexes` have texts as values.
_TEXTS = ("partition_key", "indexes", "prefix", "encryption_context", "arn")


def tenancy_map(
    section: Section, *, tags: Collection[str] | None, roles: Iterable[AgentRole]
) -> TenancyMap:
    """Return the map that `[tenancy]` says, its tables as lists of plain values.

    `tags` are the keys of `[tags]` in order; None takes those of the texts. Raises TenancyError
    with the place and one sentence.
    """
    agents = tuple(roles)
    keys = tuple(_tags_in_texts(section) if tags is None else tags)
    check_tag_keys(keys)
    found = TenancyMap(
        tags=keys,
        roles=agents,
        owned=tuple(_owned(section, keys, _partition(agents))),
        shared=tuple(read_shared(place, one) for place, one in _tables(section, "shared")),
        protected=tuple(read_protected(place, one) for place, one in _tables(section, "protected")),
        models=tuple(section.get("models", ())),
        cost_tags=tuple(section.get("cost_tags", ())),
        assumed_by=tuple(section.get("assumed_by", ())),
        oidc_provider=section.get("oidc_provider"),
        platform=tuple(section.get("platform", ())),
    )
    _check_names(found)
    _check_sources(found)
    _check_costs(found)
    check_apart(found)
    _check_partition(found)
    return found


def _tables(section: Section, name: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield each table with its place in the file."""
    for i, table in enumerate(section.get(name, ())):
        yield f"tenancy.{name}[{i}]", table


def _owned(section: Section, tags: Collection[str], partition: str) -> Iterator[Owned]:
    for kind in Kind:
        for place, table in _tables(section, kind.value):
            yield read_owned(kind, place, table, tags=tags, partition=partition)


def _partition(roles: tuple[AgentRole, ...]) -> str:
    """Return the partition of buckets, whose names do not say it: the roles'."""
    return roles[0].arn.split(":")[1] if roles else "aws"


def _tags_in_texts(section: Section) -> Iterator[str]:
    """Yield the tags that the texts name, each once, in the file's order of kinds."""
    seen: set[str] = set()
    for kind in Kind:
        for _, table in _tables(section, kind.value):
            for name in _TEXTS:
                value = table.get(name, "")
                for text in value.values() if isinstance(value, Mapping) else (value,):
                    yield from (key for key in tags_of(text) if key not in seen)
                    seen.update(tags_of(text))


def _check_names(found: TenancyMap) -> None:
    for i, arn in enumerate(found.assumed_by):
        check_role(f"tenancy.assumed_by[{i}]", arn)
    for i, name in enumerate(found.platform):
        check_platform(f"tenancy.platform[{i}]", name)
    for i, arn in enumerate(found.models):
        check_model(f"tenancy.models[{i}]", arn)
    if found.oidc_provider is not None:
        check_provider("tenancy.oidc_provider", found.oidc_provider)
    agents = {role.arn for role in found.roles}
    for name in (*found.assumed_by, *found.platform):
        if name in agents:
            raise TenancyError(
                "tenancy-role-twice",
                f"`[tenancy]` names `{name}`, which is an agents' role of `[[grants]]`",
            )


def _check_sources(found: TenancyMap) -> None:
    """Raise unless the map says who may come to a session, for each way that a grant takes."""
    for role in found.roles:
        if role.source is Source.ASSUME_ROLE and not found.assumed_by:
            raise TenancyError(
                "tenancy-assumed-by",
                f"grant `{role.grant}` is assumed by a role, and `[tenancy]` does not say which",
                hint='write `assumed_by = ["arn:aws:iam::ACCOUNT:role/BROKER"]`',
            )
        if role.source is Source.WEB_IDENTITY and found.oidc_provider is None:
            raise TenancyError(
                "tenancy-oidc-provider",
                f"grant `{role.grant}` is drawn with tokens, and `[tenancy]` names no provider",
                hint='write `oidc_provider = "arn:aws:iam::ACCOUNT:oidc-provider/HOST"`',
            )


def _check_partition(found: TenancyMap) -> None:
    """Raise unless all is in the roles' partition: a session of one is none in another."""
    partition = _partition(found.roles)
    named = [(f"grant `{role.grant}`", role.arn) for role in found.roles]
    named += [(f"`{entry.place}`", str(entry.arn[0])) for entry in found.owned]
    named += [(f"`{entry.place}`", entry.arn) for entry in found.shared]
    named += [("`tenancy.models`", arn) for arn in found.models]
    for place, arn in named if found.roles else ():
        if arn.startswith("arn:") and arn.split(":")[1] != partition:
            raise TenancyError(
                "tenancy-partition",
                f"{place}: `{arn}` is not in the partition `{partition}` of the first role",
            )


def _check_costs(found: TenancyMap) -> None:
    for key in found.cost_tags:
        if key not in found.tags:
            raise TenancyError(
                "tenancy-unknown-tag", f"`tenancy.cost_tags`: `{key}` is not in `[tags]`"
            )
    if found.cost_tags and not found.models:
        raise TenancyError(
            "tenancy-cost-tags", "`tenancy.cost_tags` has no meaning without `models`"
        )
