"""What policies ask of each context key, and so what it may be where nothing else is known."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from valetkey.iam import Policies, Policy
from valetkey.iam.condition import Condition, Quantifier
from valetkey.iam.policies import Bearing
from valetkey.iam.policy import Statement
from valetkey.isolation.choices import Kind, choices, kind_of
from valetkey.isolation.formula import Flag
from valetkey.isolation.keys import (
    Choice,
    Either,
    KeyModel,
    One,
    one_of,
    several,
    several_of,
    single,
)
from valetkey.isolation.unencodable import Unencodable

# The multivalued keys of IAM's "Global condition context keys" and, in the Service Authorization
# Reference, of the services that a map or a trust policy is about. Of a key that is not here the
# policies decide: one that they ask in sets may have one value or several, any other has one.
MULTIVALUED = frozenset({
    "aws:calledvia", "aws:principalorgpaths", "aws:principalservicenameslist",
    "aws:resourceorgpaths", "aws:sourceorgpaths", "aws:tagkeys",
    "dynamodb:attributes", "dynamodb:fistargetarns", "dynamodb:leadingkeys",
    "dynamodb:firstpartitionkeyvalues", "dynamodb:secondpartitionkeyvalues",
    "dynamodb:thirdpartitionkeyvalues", "dynamodb:fourthpartitionkeyvalues",
    "iam:accountpropertynamespaces",
    "kms:encryptioncontextkeys", "kms:grantoperations", "kms:resourcealiases",
    "lambda:layer", "lambda:securitygroupids", "lambda:subnetids",
    "s3:inventoryaccessibleoptionalfields", "s3:requestobjecttagkeys",
    "secretsmanager:addreplicaregions",
    "ssm:documentcategories", "ssm:documentversion", "ssm:inventorytypename",
    "sts:identitytokenaudience", "sts:requestcontextproviders", "sts:transitivetagkeys",
})  # fmt: skip
SINGLE_PREFIXES = (
    "aws:principaltag/",
    "aws:requesttag/",
    "aws:resourcetag/",
    "kms:encryptioncontext:",
    "s3:existingobjecttag/",
)


@dataclass(frozen=True, slots=True)
class Asked:
    """The conditions on a key, whether it stands in a text as a variable, and how it is written."""

    conditions: tuple[Condition, ...]
    as_variable: bool
    written: str


NOT_ASKED = Asked((), as_variable=False, written="")


def asked_of(policies: Policies) -> Mapping[str, Asked]:
    """Return what all statements ask, whatever their actions, by the key's name in lower case."""
    conditions: dict[str, list[Condition]] = {}
    variables: dict[str, str] = {}
    for statement in _statements(policies):
        templates = list(statement.resources or ())
        for condition in statement.conditions:
            conditions.setdefault(condition.key, []).append(condition)
            templates += condition.comparison.wanted
        for variable in (one for template in templates for one in template.variables):
            spelled = variable.written.removeprefix("${").partition(",")[0].rstrip("} ").strip()
            variables.setdefault(variable.key, spelled)
    return {
        key: Asked(
            tuple(conditions.get(key, ())),
            as_variable=key in variables,
            written=conditions[key][0].written_key if key in conditions else variables[key],
        )
        for key in (*conditions, *(key for key in variables if key not in conditions))
    }


def free_key(name: str, asked: Asked, prefix: str = "") -> KeyModel:
    """Return the model of a key (lower case) of which nothing is known but what is asked of it.

    How many members a multivalued one needs: see `members_needed`. Raises Unencodable where it is
    read both as a text and as something else.
    """
    kinds = {kind for one in asked.conditions if (kind := kind_of(one)) is not None}
    if asked.as_variable or kinds in ({Kind.TEXT, Kind.BOOLEAN}, set()):
        kinds = (kinds - {Kind.BOOLEAN}) | {Kind.TEXT}
    if len(kinds) > 1:
        raise Unencodable(f"the policies compare `{asked.written}` in more than one way")
    in_sets = [one for one in asked.conditions if one.quantifier is not Quantifier.SCALAR]
    if kinds == {Kind.TEXT}:
        one: One | Choice = single(name, prefix)
        many = several(name, members_needed(in_sets), prefix)
    else:
        read = [condition for condition in asked.conditions if kind_of(condition) is not None]
        values = choices(next(iter(kinds)), read)
        one, many = one_of(name, values, prefix), several_of(name, values, prefix)
    if name in MULTIVALUED:
        return many
    if not in_sets or name.startswith(SINGLE_PREFIXES):
        return one
    return Either(Flag(f"{prefix}many.{name}"), one, many)


def members_needed(some: Iterable[Condition], own: int = 1) -> int:
    """Return how many members of a multivalued key tell all that a formula can say of it.

    The small-model argument: push the formula's negations inwards. Of the key it then says, with
    `and` and `or` alone, that it is there, that it is not, that each member is so, or that some
    member is so. Take a request that makes it true; for each different statement about *some*
    member that is true in it keep one such member, and one at least if there was one. All that
    was true still is: fewer members only make statements about each truer, and presence is what
    it was. `some` are the conditions that can be such a statement, the same one twice counted
    once; `own` are those of the formula around them, of which a first also stands for presence.
    """
    different = {
        (one.operator, tuple(template.written for template in one.comparison.wanted))
        for one in some
    }
    return max(1, own + len(different))


def about_some(
    names: Collection[str], bearing: Bearing, *, refused: bool = False
) -> Iterator[Condition]:
    """Yield the conditions on the keys `names` that say "some member is so" where a request is
    allowed: ForAnyValue in an Allow, and ForAllValues in a Deny, which must not hold. Where the
    request is `refused` instead, any set condition may.
    """
    allows = (
        *bearing.identity,
        *(bearing.session or ()),
        *(bearing.boundary or ()),
        *(bearing.own or ()),
        *(one for _, level in bearing.controls for one in level),
    )
    for statements, quantifier in ((allows, Quantifier.ANY), (bearing.denies, Quantifier.ALL)):
        for condition in (one for statement in statements for one in statement.conditions):
            if condition.key not in names or condition.quantifier is Quantifier.SCALAR:
                continue
            if refused or condition.quantifier is quantifier:
                yield condition


def _statements(policies: Policies) -> Iterator[Statement]:
    listed: list[Policy | None] = [
        *policies.identity,
        *(policies.session or ()),
        policies.boundary,
        policies.resource,
        policies.trust,
        *(one for level in policies.service_control for one in level),
        *(one for level in policies.resource_control for one in level),
    ]
    for policy in listed:
        if policy is not None:
            yield from policy.statements
