"""An S3 request has one reading, the storage's own, or it is refused."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from valetkey.localaws.faults import AwsError
from valetkey.localaws.http import Incoming
from valetkey.localaws.s3_request import read_s3
from valetkey.localaws.s3_xml import Deletion, read_deletions, write_deletions
from valetkey.localaws.sigv4 import SIGNATURE_PARAMETERS
from valetkey.localaws.storage import Storage


def request(method: str = "GET", path: str = "/bucket/key", **more: Any) -> Incoming:
    """Return a request to the local AWS."""
    headers = {"host": "127.0.0.1:9000", **more.pop("headers", {})}
    values = {"query": {}, "body": b"", **more}
    return Incoming(method=method, path=path, headers=headers, source_ip="127.0.0.1", **values)


@pytest.mark.parametrize(
    ("host", "path", "bucket", "key"),
    [
        ("127.0.0.1:9", "/bucket/a/b", "bucket", "a/b"),
        ("localhost", "/bucket", "bucket", None),
        ("localhost", "/bucket/", "bucket", None),
        ("localhost", "/bucket//", "bucket", "/"),
        ("bucket.localhost:9", "/a/b", "bucket", "a/b"),
        ("bucket.localhost:9", "//a", "bucket", "/a"),
        ("my.bucket.s3.eu-west-1.amazonaws.com", "/a", "my.bucket", "a"),
        ("s3.eu-west-1.amazonaws.com", "/bucket/a", "bucket", "a"),
        ("BUCKET.localhost", "/a", "bucket", "a"),
    ],
)
def test_host_and_path_name_bucket_and_key(
    host: str, path: str, bucket: str, key: str | None
) -> None:
    call = read_s3(request(path=path, headers={"host": host}))
    assert (call.bucket, call.key) == (bucket, key)


@pytest.mark.parametrize(
    "bad",
    [
        {"path": "//key"},
        {"path": "/Bucket/key"},
        {"path": "/../key"},
        {"headers": {"host": "evil.example.com"}},
        {"query": {"versionId": ""}},
        {"query": {"Action": "Scan"}},
        {"query": {"uploadId": "u", "tagging": ""}},
        {"query": {"retention": ""}},
        {"query": {"list-type": "1"}, "path": "/bucket"},
        {"query": {"max-keys": "-1"}, "path": "/bucket"},
        {"query": {"X-Amz-Foo": "1"}},
        {"query": {"X-Amz-Acl": "public-read"}, "method": "PUT"},
        {"query": {"X-Amz-Expected-Bucket-Owner": "999999999999"}},
        {"query": {"X-Amz-date": "20260101T000000Z"}},
        {"method": "OPTIONS"},
        {"method": "POST"},
        {"path": "/bucket/" + "k" * 1025},
        {
            "method": "POST",
            "query": {"uploads": ""},
            "headers": {"content-type": "Multipart/Form-Data; boundary=x"},
        },
        {
            "method": "POST",
            "query": {"uploads": ""},
            "headers": {"content-type": "application/x-www-form-urlencoded"},
        },
        {"method": "PUT", "headers": {"x-amz-grant-read": "id=1"}},
        {"method": "PUT", "headers": {"x-amz-server-side-encryption-customer-key": "k"}},
        {"method": "PUT", "headers": {"x-amz-meta-a_b": "1", "x-amz-meta-a-b": "2"}},
        {"method": "PUT", "headers": {"x-amz-copy-source": "bucket/key?other=1"}},
        {"method": "PUT", "headers": {"x-amz-copy-source": "bucket/a+b"}},
        {"method": "PUT", "headers": {"x-amz-copy-source": "bucket/a?versionId="}},
        {"method": "PUT", "headers": {"x-amz-copy-source": "arn:aws:s3:::bucket/key"}},
        {"method": "PUT", "headers": {"x-amz-tagging": "a=1&a=2"}},
        {"method": "GET", "headers": {"x-amz-copy-source": "bucket/key"}},
        {"method": "PUT", "headers": {"content-md5": "AAAA"}},
    ],
)
def test_what_has_no_reading_or_two_is_refused(bad: dict[str, Any]) -> None:
    with pytest.raises(AwsError):
        read_s3(request(**bad))


def test_what_a_query_says_of_its_signature_is_no_parameter() -> None:
    query = dict.fromkeys(SIGNATURE_PARAMETERS, "x")
    assert read_s3(request(query=query | {"versionId": "v"})).query == {"versionId": "v"}


keys = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)
xml_keys = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Cn"], exclude_characters="\ufffe\uffff"),
    min_size=1,
    max_size=30,
)


@pytest.fixture(scope="module")
def storage() -> Iterator[Storage]:
    """A storage with one bucket."""
    made = Storage(account="111122223333", region="us-east-1")
    with made.active():
        made.call_s3("PUT", "bucket", key=None, query={}, headers={}, body=b"")
    yield made
    made.close()


@given(key=keys, version=keys.filter(lambda version: version != "null"))
def test_the_storage_acts_on_exactly_the_key_that_was_decided(
    storage: Storage, key: str, version: str
) -> None:
    call = read_s3(request(method="PUT", path=f"/bucket/{key}"))
    assert call.key == key
    with storage.active():
        stored = storage.s3.buckets["bucket"].keys
        stored.clear()
        storage.call_s3("PUT", "bucket", key=key, query={}, headers={}, body=b"x")
        assert list(stored) == [key]
        named = {"versionId": version}
        answer = storage.call_s3("GET", "bucket", key=key, query=named, headers={}, body=b"")
        assert answer.status == 404


@given(st.lists(st.builds(Deletion, xml_keys, st.none() | xml_keys), min_size=1, max_size=4))
def test_deletions_survive_being_written_again(deletions: list[Deletion]) -> None:
    body = write_deletions(tuple(deletions), quiet=True)
    assert read_deletions(body) == (tuple(deletions), True)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<Delete/>",
        b"<Other><Object><Key>a</Key></Object></Other>",
        b"<Delete><Object><Key></Key></Object></Delete>",
        b"<Delete><Object><Key>a</Key><Key>b</Key></Object></Delete>",
        b"<Delete><Object><Key>a</Key><VersionId/></Object></Delete>",
        b"<Delete><Object><Key>a<b/></Key></Object></Delete>",
        b'<!DOCTYPE d [<!ENTITY e "x">]><Delete><Object><Key>&e;</Key></Object></Delete>',
        b"<Delete><Object><Key><![CDATA[a]]></Key></Object></Delete>",
        '<!DOCTYPE d [<!ENTITY k "a">]><Delete><Object><Key>&k;</Key></Object></Delete>'.encode(
            "utf-16"
        ),
    ],
)
def test_a_deletion_with_two_readings_is_refused(body: bytes) -> None:
    with pytest.raises(AwsError) as caught:
        read_deletions(body)
    assert caught.value.code == "MalformedXML"
