"""Make what a seed says: planned whole first, then called as the account's root would call it.

Every request is signed and goes through the gate, in process, so what a seed makes is what an
API call would make. Two things have no API call: an access key that is given, and a function.
"""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError

from valetkey.errors import ValetkeyError
from valetkey.localaws.client_sessions import in_process_client, in_process_session
from valetkey.localaws.gate import Gate
from valetkey.localaws.http import Answer, Incoming
from valetkey.localaws.seed_identities import identity_steps
from valetkey.localaws.seed_reading import Seed
from valetkey.localaws.seed_services import service_steps
from valetkey.localaws.seed_steps import Call, NewFunction, NewKey, Step
from valetkey.localaws.seed_storage import storage_steps
from valetkey.secret import Secret

AddFunction = Callable[..., str]
"""`LocalAws.add_function`: name, answer, `tags` and `qualifiers` to an ARN."""


@dataclass(frozen=True, slots=True)
class AccessKey:
    """An access key of a user of the seed; `given` by the seed, or made."""

    user: str
    id: str
    secret: Secret
    given: bool


@dataclass(frozen=True, slots=True)
class Seeded:
    """What a seed made: by kind (`role`, `queue`, …) and name the ARN or URL, and access keys."""

    made: Mapping[str, Mapping[str, str]]
    keys: tuple[AccessKey, ...]


def plan(seed: Seed, *, account: str, region: str) -> tuple[Step, ...]:
    """Return all steps in order. Raises LocalAwsError `bad-seed` before anything is made."""
    tables = seed.tables
    for name, wanted, here in (
        ("account", tables.account, account),
        ("region", tables.region, region),
    ):
        if wanted not in {None, here}:
            raise seed.refuse(f"`{name}`", f"it is for `{wanted}`, and this is `{here}`")
    try:
        return (
            *identity_steps(seed, account),
            *storage_steps(seed, account=account, region=region),
            *service_steps(seed, account=account, region=region),
        )
    except RecursionError:
        raise seed.refuse("", "it is nested too deeply") from None


def sow(seed: Seed, gate: Gate, *, add_function: AddFunction) -> Seeded:
    """Make everything that `seed` says in the local AWS behind `gate`, and say what it is.

    Raises LocalAwsError `bad-seed`: before anything was made for all that can be seen without
    asking, and otherwise where a call was refused; what was made until then stays.
    """
    steps = plan(seed, account=gate.storage.account, region=gate.storage.region)
    sowing = _Sowing(seed, gate, add_function, in_process_session(_asking(gate)))
    for step in steps:
        sowing.take(step)
    return Seeded(sowing.made, tuple(sowing.keys))


@dataclass(slots=True)
class _Sowing:
    """A seed half way."""

    seed: Seed
    gate: Gate
    add_function: AddFunction
    session: Any
    made: dict[str, dict[str, str]] = field(default_factory=dict)
    keys: list[AccessKey] = field(default_factory=list)
    clients: dict[str, Any] = field(default_factory=dict)

    def take(self, step: Step) -> None:
        """Take one step. Raises LocalAwsError `bad-seed`."""
        try:
            if isinstance(step, Call):
                self._call(step)
            elif isinstance(step, NewKey):
                self._key(step)
            else:
                self._function(step)
        except ClientError as error:
            found = error.response["Error"]
            why = f"{found.get('Code')}: {str(found.get('Message')).rstrip('.')}"
            raise self.seed.refuse(step.place, why) from None
        except BotoCoreError as error:
            why = " ".join(str(error).split())
            raise self.seed.refuse(step.place, why) from None

    def _call(self, call: Call) -> None:
        params = dict(call.params)
        if self._is_there(call):
            raise self.seed.refuse(call.place, "it is there already")
        if call.queue is not None:
            params["QueueUrl"] = self.made["queue"][call.queue]
        answer = self._ask(call.service, call.operation, params)
        if call.kind:
            for name in call.answer:
                answer = answer[name]
            identifier = call.identifier or str(answer)
            self.made.setdefault(call.kind, {})[call.name] = identifier

    def _is_there(self, call: Call) -> bool:
        """True where making it again would do nothing, and say nothing: not even its tags."""
        storage = self.gate.storage
        with storage.active():
            if call.kind == "queue":
                return call.name in storage.later("sqs").queues
            return call.kind == "bucket" and call.name in storage.s3.buckets

    def _key(self, step: NewKey) -> None:
        made = self._ask("iam", "CreateAccessKey", {"UserName": step.user})["AccessKey"]
        key = AccessKey(step.user, made["AccessKeyId"], Secret(made["SecretAccessKey"]), False)
        if step.given is not None:
            key = AccessKey(step.user, step.given[0], step.given[1], True)
            keyring = self.gate.keyring
            with self.gate.storage.active():
                taken = keyring.identities.user_key(key.id) is not None
                if taken or key.id == keyring.root_access_key_id:
                    raise self.seed.refuse(step.place, f"the key id `{key.id}` is taken")
                keyring.identities.rename_key(made["AccessKeyId"], key.id, secret=key.secret)
        self.keys.append(key)

    def _function(self, step: NewFunction) -> None:
        try:
            arn = self.add_function(
                step.name, step.answer, tags=step.tags, qualifiers=step.qualifiers
            )
        except ValetkeyError as error:
            raise self.seed.refuse(step.place, error.message, hint=error.hint) from None
        self.made.setdefault("function", {})[step.name] = arn

    def _ask(self, service: str, operation: str, params: Mapping[str, Any]) -> Any:
        client = self.clients.get(service)
        if client is None:
            region = self.gate.storage.region
            client = in_process_client(self.session, service, region, keys=root_keys(self.gate))
            self.clients[service] = client
        return getattr(client, xform_name(operation))(**params)


def root_keys(gate: Gate) -> dict[str, str]:
    """Return the root's credentials as IAM writes an access key."""
    keyring = gate.keyring
    return {
        "AccessKeyId": keyring.root_access_key_id,
        "SecretAccessKey": keyring.root_secret.reveal(),
    }


def _asking(gate: Gate) -> Callable[[Callable[[], Incoming], str, str], Answer]:
    """Return the gate as a seed sees it.

    SDKs sign by the real clock, whatever the local AWS takes for now; and what a seed calls does
    not count as called.
    """
    real = replace(gate, clock=time.time, calls=Counter())

    def ask(read: Callable[[], Incoming], method: str, target: str) -> Answer:
        return real.answer(read, method=method, target=target)

    return ask
