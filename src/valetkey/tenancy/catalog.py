"""The actions that proofs ask about: every one that a map can give, and those that no map gives.

Facts of the Service Authorization Reference. It is not all of AWS: what a policy allows beyond it
is found by the pattern of its action, not here.
"""

from dataclasses import dataclass
from enum import Enum

from valetkey.tenancy.catalog_given import GIVEN
from valetkey.tenancy.catalog_never import BUCKET_CONTROL, NEVER
from valetkey.tenancy.tenancy_map import Access, Kind


class Shape(Enum):
    """What an action is checked on, by the reference's name of the resource type."""

    TABLE = "table"
    INDEX = "index"
    STREAM = "stream"
    BUCKET = "bucket"
    OBJECT = "object"
    QUEUE = "queue"
    SECRET = "Secret"  # noqa: S105 - the reference's word
    PARAMETER = "parameter"
    FUNCTION = "function"
    KEY = "key"
    MODEL = "foundation-model"
    ROLE = "role"
    ANY = "*"


class Reach(Enum):
    """DATA: the action reads, writes, lists or deletes data itself. OTHER: it moves data in bulk,
    changes who may, or tells about the resource.
    """

    DATA = "data"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class KnownAction:
    """An action. `given_by`: an entry gives it that has all accesses of one of these sets; none:
    no entry ever does. `key` names the context key that says which data, in full or, for an
    encryption context, up to the last colon. `writes`: it changes what is in or around it.
    """

    name: str
    reach: Reach
    shapes: tuple[Shape, ...]
    key: str | None = None
    writes: bool = False
    given_by: tuple[tuple[Access, ...], ...] = ()

    @property
    def service(self) -> str:
        """The prefix, such as `dynamodb`."""
        return self.name.partition(":")[0]


KIND_OF_SERVICE = {
    "dynamodb": Kind.TABLE,
    "s3": Kind.PREFIX,
    "sqs": Kind.QUEUE,
    "secretsmanager": Kind.SECRET,
    "ssm": Kind.PARAMETER,
    "lambda": Kind.FUNCTION,
    "kms": Kind.KEY,
}
SERVICE_OF_KIND = {kind: service for service, kind in KIND_OF_SERVICE.items()}


def _catalog() -> dict[str, KnownAction]:
    found: dict[str, KnownAction] = {}
    for service, shapes, key, rows in GIVEN:
        for names, accesses, writes in rows:
            for name in names.split():
                found[f"{service}:{name}"] = KnownAction(
                    f"{service}:{name}",
                    Reach.DATA,
                    _shapes(shapes),
                    key,
                    writes,
                    tuple(tuple(Access(one) for one in each.split("+")) for each in accesses),
                )
    for reach, service, shapes, key, writes, names in NEVER:
        for name in names.split():
            found[f"{service}:{name}"] = KnownAction(
                f"{service}:{name}", Reach(reach), _shapes(shapes), key, writes
            )
    for name in BUCKET_CONTROL.split():
        writes = not name.startswith(("Get", "List"))
        found[f"s3:{name}"] = KnownAction(f"s3:{name}", Reach.OTHER, (Shape.BUCKET,), None, writes)
    return found


def _shapes(names: str) -> tuple[Shape, ...]:
    return tuple(Shape(name) for name in names.split())


_BY_NAME = {action.name.lower(): action for action in _catalog().values()}

CATALOG: tuple[KnownAction, ...] = tuple(_BY_NAME.values())


def known_action(name: str) -> KnownAction | None:
    """Return the action by its name in any case, None if it is not in the catalog."""
    return _BY_NAME.get(name.lower())


def given_actions(kind: Kind) -> tuple[KnownAction, ...]:
    """Return the actions that entries of the kind can give, in a fixed order."""
    service = SERVICE_OF_KIND[kind]
    return tuple(one for one in CATALOG if one.service == service and one.given_by)


ITEM_ACTIONS = frozenset(one.name for one in given_actions(Kind.TABLE))
"""The actions on a table's items, which carry `dynamodb:LeadingKeys`."""

MODEL_ACTIONS = tuple(one.name for one in CATALOG if one.service == "bedrock" and one.given_by)
"""What every run may do with the models of the map."""
