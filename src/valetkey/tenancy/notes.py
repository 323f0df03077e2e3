"""What whoever deploys the policies of a map must know, and can't see in them."""

from collections.abc import Iterator
from dataclasses import replace

from valetkey.tenancy.bounds import bounds_of
from valetkey.tenancy.policy_set import PolicySet
from valetkey.tenancy.tenancy_map import Kind, TenancyMap

_PROFILE, _MODEL = ":inference-profile/", ":foundation-model/"


def notes_of(tenancy_map: TenancyMap, policies: PolicySet) -> Iterator[str]:
    """Yield each note in a sentence."""
    if not (tenancy_map.owned or tenancy_map.shared or tenancy_map.models):
        yield "the map gives the runs nothing: it has no entry of theirs, nothing shared, no models"
    yield from _about_tags(tenancy_map)
    yield from _about_models(tenancy_map)
    yield from _about_replacing(tenancy_map, policies)


def _about_tags(tenancy_map: TenancyMap) -> Iterator[str]:
    """Say which characters keep a run from every session, and for which text."""
    for tag, letters in bounds_of(tenancy_map).items():
        if not letters:
            continue
        named = " or ".join(f"`{letter}`" for letter in letters)
        places = ", ".join(_places(tenancy_map, tag))
        note = f"a `{tag}` with {named} gets no session: the trust policy refuses it ({places})"
        if set(letters) - {"/", ":"}:
            note += "; a text in which `/` follows the tag takes any but that"
        yield note


def _places(tenancy_map: TenancyMap, tag: str) -> Iterator[str]:
    for entry in tenancy_map.owned:
        if bounds_of(replace(tenancy_map, owned=(entry,)))[tag]:
            yield entry.place


def _about_models(tenancy_map: TenancyMap) -> Iterator[str]:
    """Bedrock User Guide, "Prerequisites for inference profiles": the models are asked for, too."""
    profiles = [arn for arn in tenancy_map.models if _PROFILE in arn]
    if profiles and not any(_MODEL in arn for arn in tenancy_map.models):
        yield (
            f"`{profiles[0]}` can't be invoked by itself: `models` needs the foundation model, "
            "too, in each region of the profile"
        )


def _about_replacing(tenancy_map: TenancyMap, policies: PolicySet) -> Iterator[str]:
    arns = [arn for arn, one in policies.resource_policies.items() if one is not None]
    if arns:
        yield (
            "a policy that one of these has already is replaced, so take its statements into the "
            f"new one first: {', '.join(arns)}"
        )
    owned = {entry.arn for entry in tenancy_map.owned if entry.kind is Kind.KEY}
    for arn in (one for one in arns if one.split(":")[2] == "kms"):
        who = "the agents and `platform` alone" if (arn,) in owned else "whom IAM policies let in"
        yield (
            f"the policy of {arn} lets in {who}, without statements that it has already; "
            "attach it as one of the roles of `platform`, which KMS must see in it"
        )
