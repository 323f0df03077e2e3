"""What the map gives of what a statement says: what a mend writes where there was too much."""

from collections.abc import Iterator, Sequence

from valetkey.iam.glob import Token, Wild, matches_tokens
from valetkey.isolation.editing import Json
from valetkey.tenancy import Right, TenancyMap, rights_of
from valetkey.tenancy.generating_permissions import allowing
from valetkey.tenancy.statements import policy_text


def rights_within(
    tenancy: TenancyMap, actions: Sequence[str], resources: Sequence[str]
) -> Iterator[Right]:
    """Yield the rights that patterns of actions and of resources cover, as policies write them."""
    for right in rights_of(tenancy):
        resource = policy_text(right.resource, is_open=right.open)
        if any(covers(one.lower(), right.action.lower()) for one in actions) and any(
            covers(one, resource) for one in resources
        ):
            yield right


def conditions_of(rights: Sequence[Right]) -> list[Json]:
    """Return the different conditions on which the map gives these rights."""
    blocks = [one.get("Condition", {}) for one in allowing(rights)]
    return [block for at, block in enumerate(blocks) if block not in blocks[:at]]


def covers(pattern: str, text: str) -> bool:
    """Tell whether the pattern, its variables taken as they stand, matches the text."""
    wilds: dict[str, Token] = {"*": Wild.STAR, "?": Wild.ONE}
    return matches_tokens([wilds.get(letter, letter) for letter in pattern], text)
