"""A world: tenants with data and sessions in a local AWS, and who may see what of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote

from tests.fuzz.calls import Place, Put, canaries_in, canary
from tests.fuzz.exchange import Exchange
from tests.fuzz.names import Tenant
from tests.fuzz.places import REGION, ROLE_TAGS, TABLE_TAGS, Names
from tests.fuzz.policies import Documents
from tests.fuzz.statements import document
from tests.fuzz.stored import Stored

VAULT_ROW = "99"
Version = tuple[str, str]  # key, version id


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a reader of a queue was given to delete a message with."""

    queue: str
    handle: str
    body: str


@dataclass(slots=True)
class World:
    """What is there and what every call left behind. Things are added here, never forgotten."""

    names: Names
    tenants: tuple[Tenant, ...]
    documents: Documents
    exchange: Exchange
    stored: Stored
    versioned: bool
    extra: str  # the one further service of this world
    honest: bool = True  # whether the next call keeps to its caller's own data
    role_id: str = ""
    keys: list[Mapping[str, Any]] = field(default_factory=list)  # credentials by tenant
    objects: dict[str, set[str]] = field(default_factory=dict)  # key to canaries in its bodies
    items: dict[Place, set[str]] = field(default_factory=dict)
    views: dict[Place, set[Place]] = field(default_factory=dict)
    versions: list[Version] = field(default_factory=list)
    uploads: list[Version] = field(default_factory=list)  # key, upload id
    ids: dict[int, str] = field(default_factory=dict)  # of the further service, by tenant
    etags: dict[str, str] = field(default_factory=dict)  # of an upload's first part, by upload id
    policies: dict[str, str] = field(default_factory=dict)  # of the further service, by ARN
    messages: dict[str, str] = field(default_factory=dict)  # by queue, never deleted by its owner
    receipts: list[Receipt] = field(default_factory=list)
    vaults: dict[Place, str] = field(default_factory=dict)  # never written by their owners
    named: dict[int, set[str]] = field(default_factory=dict)  # canaries in keys, by who wrote them
    _canaries: int = 0

    def number(self) -> int:
        """Return a number that was not there before."""
        self._canaries += 1
        return self._canaries

    def canary(self, tenant: Tenant) -> str:
        """Return a new text of this tenant's."""
        return canary(tenant.number, self.number())

    def name(self, tenant: Tenant, key: str) -> None:
        """Remember that a tenant gave an object this name, which may repeat another's."""
        self.named.setdefault(tenant.number, set()).update(canaries_in(key))

    def put(self, put: Put) -> None:
        """Remember what a call left at a place."""
        left = canaries_in(put.text)
        if put.source is not None:
            left |= self.shown(put.source)
        if put.place.what == "object":
            self.objects.setdefault(put.place.name, set()).update(left)
        else:
            self.items.setdefault(put.place, set()).update(left)
        for view in put.views:
            self.views.setdefault(view, set()).add(put.place)

    def shown(self, place: Place) -> set[str]:
        """Return every canary that reading this place may show, now or ever."""
        if place.what == "object":
            return set(self.objects.get(place.name, ()))
        if place.what == "prefix":
            keys = {*self.objects, *(key for key, _ in self.uploads)}
            return {c for key in keys if key.startswith(place.name) for c in canaries_in(key)}
        if place.what == "item":
            return set(self.items.get(place, ()))
        return {c for one in self.views.get(place, ()) for c in self.items.get(one, ())}


def object_place(key: str) -> Place:
    """Return an object's place."""
    return Place("object", key)


def item_place(repo: str, seq: str) -> Place:
    """Return an item's place."""
    return Place("item", f"{seq}\0{repo}")


def item_views(repo: str, *, holder: str | None, kind: str | None) -> frozenset[Place]:
    """Return what shows an item: its table, its partition, and its partitions in the indexes."""
    found = {Place("table", ""), Place("partition", repo)}
    if holder is not None:
        found.add(Place("holder", holder))
    if kind is not None:
        found.add(Place("kind", kind))
    return frozenset(found)


def build_world(world: World) -> None:
    """Make the bucket, the table, the role, everybody's data and their sessions."""
    _make_bucket(world)
    _make_table(world)
    for tenant in world.tenants:
        _make_objects(world, tenant)
        _make_items(world, tenant)
    _make_role(world)
    _put_resource_policies(world)
    for tenant in world.tenants:
        world.keys.append(_session(world, tenant))


def _make_bucket(world: World) -> None:
    made, bucket = world.exchange.made, world.names.bucket
    made("s3", "create_bucket", Bucket=bucket,
         CreateBucketConfiguration={"LocationConstraint": REGION})  # fmt: skip
    if world.versioned:
        made("s3", "put_bucket_versioning", Bucket=bucket,
             VersioningConfiguration={"Status": "Enabled"})  # fmt: skip


def _make_table(world: World) -> None:
    def index(name: str, *keys: str) -> dict[str, Any]:
        kinds = zip(keys, ("HASH", "RANGE"), strict=False)
        schema = [{"AttributeName": key, "KeyType": kind} for key, kind in kinds]
        return {"IndexName": name, "KeySchema": schema, "Projection": {"ProjectionType": "ALL"}}

    types = {"repo": "S", "seq": "N", "holder": "S", "kind": "S", "rank": "N"}
    world.exchange.made(
        "dynamodb", "create_table", TableName=world.names.table, BillingMode="PAY_PER_REQUEST",
        KeySchema=index("table", "repo", "seq")["KeySchema"],
        AttributeDefinitions=[{"AttributeName": n, "AttributeType": t} for n, t in types.items()],
        GlobalSecondaryIndexes=[index("by-holder", "holder"), index("by-kind", "kind")],
        LocalSecondaryIndexes=[index("by-rank", "repo", "rank")],
        Tags=[{"Key": key, "Value": value} for key, value in TABLE_TAGS.items()],
    )  # fmt: skip


def _make_objects(world: World, tenant: Tenant) -> None:
    made, bucket = world.exchange.made, world.names.bucket
    for name, times in (("o", 2), ("vault", 1)):
        key = f"traces/{tenant.user}/{name}-{world.canary(tenant)}"
        for _ in range(times):
            body = world.canary(tenant)
            answer = made("s3", "put_object", Bucket=bucket, Key=key, Body=body.encode(),
                          Tagging=f"owner={quote(tenant.user)}")  # fmt: skip
            world.put(Put(object_place(key), body))
            if "VersionId" in answer:
                world.versions.append((key, answer["VersionId"]))
            if name == "vault":
                world.vaults[object_place(key)] = body
    key = f"traces/{tenant.user}/up-{world.canary(tenant)}"
    upload = made("s3", "create_multipart_upload", Bucket=bucket, Key=key)["UploadId"]
    world.uploads.append((key, upload))


def _make_items(world: World, tenant: Tenant) -> None:
    writes = []
    for seq in ("1", "2", VAULT_ROW):
        secret = world.canary(tenant)
        item = {
            "repo": {"S": tenant.repo}, "seq": {"N": seq}, "rank": {"N": seq},
            "holder": {"S": tenant.repo}, "kind": {"S": "note"}, "secret": {"S": secret},
        }  # fmt: skip
        writes.append({"PutRequest": {"Item": item}})
        place = item_place(tenant.repo, seq)
        world.put(
            Put(place, secret, views=item_views(tenant.repo, holder=tenant.repo, kind="note"))
        )
        if seq == VAULT_ROW:
            world.vaults[place] = secret
    world.exchange.made(
        "dynamodb", "batch_write_item", RequestItems={world.names.table: writes}
    )  # fmt: skip


def _make_role(world: World) -> None:
    made, names = world.exchange.made, world.names
    trusts = [{"Effect": "Allow", "Principal": "*", "Action": "sts:*"}]
    more: dict[str, Any] = {}
    if world.documents.boundary is not None:
        made("iam", "create_policy", PolicyName=f"Bound{names.number}",
             PolicyDocument=world.documents.boundary)  # fmt: skip
        more["PermissionsBoundary"] = names.boundary_arn
    role = made(
        "iam", "create_role", RoleName=names.role, AssumeRolePolicyDocument=document(trusts),
        Tags=[{"Key": key, "Value": value} for key, value in ROLE_TAGS.items()], **more,
    )["Role"]  # fmt: skip
    world.role_id = role["RoleId"]
    for number, text in enumerate(world.documents.identity):
        made("iam", "put_role_policy", RoleName=names.role, PolicyName=f"p{number}",
             PolicyDocument=text)  # fmt: skip


def _put_resource_policies(world: World) -> None:
    if world.documents.bucket is not None:
        world.exchange.made("s3", "put_bucket_policy", Bucket=world.names.bucket,
                            Policy=world.documents.bucket)  # fmt: skip
    if world.documents.table is not None:
        named = {"ResourceArn": world.names.table_arn, "Policy": world.documents.table}
        world.exchange.made("dynamodb", "put_resource_policy", **named)


def _session(world: World, tenant: Tenant) -> Mapping[str, Any]:
    arguments: dict[str, Any] = {
        "RoleArn": world.names.role_arn,
        "RoleSessionName": f"vk-{tenant.number}",
        "SourceIdentity": f"run-{tenant.number}",
        "Tags": [{"Key": key, "Value": value} for key, value in tenant.tags.items()],
    }
    policy = world.documents.session[tenant.number]
    limited = {} if policy is None else {"Policy": policy}
    send, broker = world.exchange.send, world.exchange.broker
    outcome = send("sts", "assume_role", arguments={**arguments, **limited}, keys=broker)
    if outcome.code == "PackedPolicyTooLarge":
        session = list(world.documents.session)
        session[tenant.number] = None
        world.documents = replace(world.documents, session=tuple(session))
        outcome = send("sts", "assume_role", arguments=arguments, keys=broker)
    assert outcome.succeeded, outcome.text
    found: Mapping[str, Any] = outcome.parsed["Credentials"]
    return found
