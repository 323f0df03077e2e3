"""moto in process, reached only through here: no port, no decision, one caller at a time.

Each local AWS has its own state even in one process: moto's global tables are swapped to the
state of whoever is being served. A request for moto is built from decoded values, never passed on.
"""

import io
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from moto.core.config import default_user_config
from moto.core.request import PRESERVED_HEADER_NAMES_ENVIRON_KEY, Request
from moto.dynamodb.parsing.key_condition_expression import parse_expression
from moto.iam.responses import IamResponse
from moto.s3.models import FakeKey, FakeMultipart
from moto.s3.responses import S3Response
from moto.s3bucket_path.utils import bucket_name_from_url, parse_key_name

from valetkey.localaws.faults import Service
from valetkey.localaws.http import Answer, encode_percent
from valetkey.localaws.json_dialects import DIALECTS
from valetkey.localaws.storage_tables import TABLES, load

_LOCK = threading.RLock()  # moto's state is global and not thread safe
_DISPATCHERS = {
    Service.DYNAMODB: ("dynamodb", "DynamoHandler"),
    Service.SQS: ("sqs", "SQSResponse"),
    Service.SECRETSMANAGER: ("secretsmanager", "SecretsManagerResponse"),
    Service.SSM: ("ssm", "SimpleSystemManagerResponse"),
}
default_user_config["iam"] = {"load_aws_managed_policies": True}  # arn:aws:iam::aws:policy/…
_UNVERIFIED = "AWS4-HMAC-SHA256 Credential={key}/20000101/{region}/{service}/aws4_request"


class MismatchError(RuntimeError):
    """The storage would act on another object than the one that was decided on."""


class KeyConditionError(ValueError):
    """The storage cannot read a query's key condition."""


class Storage:
    """The state of one local AWS: buckets, tables, identities of one account and region."""

    _active: "Storage | None" = None

    def __init__(self, *, account: str, region: str) -> None:
        self.account = account
        self.region = region
        self._parked: dict[str, dict[Any, Any]] = {}
        self._tracked: dict[Any, list[Any]] = {FakeKey: [], FakeMultipart: []}
        self._forgets: list[Callable[[], None]] = []

    def at_close(self, forget: Callable[[], None]) -> None:
        """Call `forget` when this local AWS closes: for state that is kept outside moto."""
        self._forgets.append(forget)

    @contextmanager
    def active(self) -> Iterator[None]:
        """Hold moto for this local AWS alone while the block runs."""
        with _LOCK:
            if Storage._active is not self:
                if Storage._active is not None:
                    Storage._active._park()
                self._unpark()
                Storage._active = self
            yield

    def _park(self) -> None:
        self._parked = {name: dict(dict.items(table)) for name, table in TABLES.items()}

    def _unpark(self) -> None:
        for name, table in TABLES.items():
            dict.clear(table)
            dict.update(table, self._parked.get(name, {}))
        for kind, instances in self._tracked.items():
            kind.instances_tracked = instances  # moto closes all of these on a reset

    def close(self) -> None:
        """Forget everything and close what moto holds open."""
        with self.active():
            for account in dict.values(TABLES["s3"]):
                account.reset()  # closes the temporary files of S3's objects
            for table in TABLES.values():
                dict.clear(table)
            for forget in self._forgets:
                forget()
            self._parked = {}
            Storage._active = None

    @property
    def iam(self) -> Any:
        """moto's identities of this account; only `identities.py` reads them."""
        return TABLES["iam"][self.account]["aws"]

    @property
    def s3(self) -> Any:
        """moto's buckets of this account."""
        return TABLES["s3"][self.account]["aws"]

    @property
    def dynamodb(self) -> Any:
        """moto's tables of this account and region."""
        return TABLES["dynamodb"][self.account][self.region]

    def later(self, name: str) -> Any:
        """Return moto's state of a service of this account and region, loaded at first use.

        Only while this local AWS is active: what is loaded is parked with the rest from now on.
        """
        load(name)
        return TABLES[name][self.account][self.region]

    def call_s3(
        self,
        method: str,
        bucket: str,
        *,
        key: str | None,
        query: Mapping[str, str],
        headers: Mapping[str, str],
        body: bytes,
    ) -> Answer:
        """Run one S3 operation that was already allowed.

        Raises MismatchError if moto would read another bucket or key from the request.
        """
        path = "/" if not bucket else f"/{bucket}"
        if key is not None:
            path += f"/{encode_percent(key)}"
        request = self._request("s3", method, path, query=query, headers=headers, body=body)
        seen = S3Response()
        seen.normalized_request = request
        seen.raw_path = request.raw_path
        read_key = parse_key_name(seen.get_safe_path())
        if (bucket_name_from_url(request.raw_url) or "") != bucket or read_key != (key or ""):
            raise MismatchError("bucket or key")
        if dict(request.args.items()) != dict(query):
            raise MismatchError("query")
        run = S3Response.bucket_dispatch if key is None else S3Response.key_dispatch
        return _answer(run(request, request.raw_url, request.headers))

    def call_iam(self, form: str) -> Answer:
        """Run one IAM operation that was already allowed; `form` is its rebuilt parameters."""
        headers = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
        request = self._request(
            "iam", "POST", "/", query={}, headers=headers, body=form.encode("ascii")
        )
        return _answer(IamResponse.dispatch(request, request.raw_url, request.headers))

    def call_json(self, service: Service, operation: str, body: bytes) -> Answer:
        """Run one operation that was already allowed; `body` is rebuilt by `write_json`."""
        name, dispatcher = _DISPATCHERS[service]
        load(name)
        dialect = DIALECTS[service]
        headers = {
            "content-type": dialect.content_type,
            "x-amz-target": f"{dialect.target}{operation}",
        }
        request = self._request(service.value, "POST", "/", query={}, headers=headers, body=body)
        run = getattr(import_module(f"moto.{name}.responses"), dispatcher).dispatch
        return _answer(run(request, request.raw_url, request.headers))

    def query_hash_values(
        self,
        table: str,
        index: str | None,
        *,
        expression: str,
        names: Mapping[str, str],
        values: Mapping[str, Any],
    ) -> list[tuple[str, Any]]:
        """Return what moto will take for the partition key's attributes and values in a query.

        Raises KeyConditionError if moto refuses the expression or does not know the index.
        """
        try:
            schema = self.dynamodb.get_schema(table_name=table, index_name=index)
            hashes, _, _ = parse_expression(expression, dict(values), dict(names), schema)
        except Exception as error:  # moto's many errors all mean one thing here: no query
            raise KeyConditionError(type(error).__name__) from error
        if not hashes:
            raise KeyConditionError("no partition key")
        return list(hashes)

    def _request(
        self,
        service: str,
        method: str,
        path: str,
        *,
        query: Mapping[str, str],
        headers: Mapping[str, str],
        body: bytes,
    ) -> Request:
        host = f"{service}.{self.region}.amazonaws.com"
        text = "&".join(f"{encode_percent(n)}={encode_percent(v)}" for n, v in query.items())
        signed = _UNVERIFIED.format(key="A" * 20, region=self.region, service=service)
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            "PATH_INFO": path,
            "RAW_URI": path,
            "QUERY_STRING": text,
            "SERVER_NAME": host,
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_HOST": host,
            "HTTP_AUTHORIZATION": signed,
            "HTTP_X_MOTO_ACCOUNT_ID": self.account,
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
        }
        preserved: dict[str, str] = {}
        for name, value in headers.items():
            slot = name.upper().replace("-", "_")
            slot = slot if slot == "CONTENT_TYPE" else f"HTTP_{slot}"
            if slot in environ:
                raise MismatchError(f"header {name}")
            environ[slot] = value
            if "_" in name:
                preserved[slot] = name
        environ[PRESERVED_HEADER_NAMES_ENVIRON_KEY] = preserved
        return Request(environ)


def _answer(result: Any) -> Answer:
    status, headers, body = result if isinstance(result, tuple) else (200, {}, result)
    raw = body.encode() if isinstance(body, str) else bytes(body or b"")
    kept = tuple(
        (str(name), str(value))
        for name, value in headers.items()
        if str(name).lower() not in {"status", "date", "server", "connection"}
    )
    return Answer(int(status), kept, raw)
