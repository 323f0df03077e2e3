"""An XML body says what AWS's shape of it may say, in one form, or it is malformed."""

import pytest

from valetkey.localaws.faults import AwsError
from valetkey.localaws.s3_bodies import canonical_body, has_xml
from valetkey.localaws.s3_operations import OPERATIONS

SPACE = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
TAGS = "<Tagging><TagSet><Tag><Key>a</Key><Value>b &amp; c&#13;</Value></Tag></TagSet></Tagging>"
PART = "<Part><ETag>x</ETag><PartNumber>1</PartNumber></Part>"
RULE = "<Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>{}</SSEAlgorithm>"
RULE += "</ApplyServerSideEncryptionByDefault></Rule>"


def whole(root: str, inside: str) -> str:
    """Return a document."""
    return f"<{root}>{inside}</{root}>"


@pytest.mark.parametrize(
    ("operation", "body", "plain"),
    [
        ("PutBucketTagging", TAGS, TAGS),
        ("PutBucketTagging", "<Tagging><TagSet/></Tagging>",
         "<Tagging><TagSet></TagSet></Tagging>"),
        ("PutObjectTagging", TAGS.replace("<Tagging>", f"\n<Tagging {SPACE}>\n "), TAGS),
        ("PutBucketTagging", f"<?xml version='1.0' encoding='UTF-8'?>{TAGS}", TAGS),
        ("CompleteMultipartUpload", whole("CompleteMultipartUpload", PART + PART), None),
        ("PutBucketEncryption", whole("ServerSideEncryptionConfiguration", RULE.format("AES256")),
         None),
        ("PutBucketLifecycleConfiguration",
         whole("LifecycleConfiguration", "<Rule><Status>Enabled</Status><Filter/></Rule>"),
         whole("LifecycleConfiguration", "<Rule><Status>Enabled</Status><Filter></Filter></Rule>")),
        ("PutPublicAccessBlock", whole("PublicAccessBlockConfiguration",
                                       "<BlockPublicAcls>true</BlockPublicAcls>"), None),
        ("CreateBucket", "", ""),
        ("CreateBucket", "<CreateBucketConfiguration/>", ""),
        ("CreateBucket", whole("CreateBucketConfiguration",
                               "<LocationConstraint>xx-new-1</LocationConstraint>"), None),
    ],
)  # fmt: skip
def test_a_body_is_written_in_one_form(operation: str, body: str, plain: str | None) -> None:
    found = canonical_body(operation, body.encode()).decode()
    assert found == (body if plain is None else plain)
    assert canonical_body(operation, found.encode()).decode() == found


@pytest.mark.parametrize(
    ("operation", "body"),
    [
        ("CompleteMultipartUpload", ""),
        ("CompleteMultipartUpload", "<a/>"),
        ("CompleteMultipartUpload", "<CompleteMultipartUpload/>"),
        ("CompleteMultipartUpload",
         whole("CompleteMultipartUpload", "<Part><PartNumber>1</PartNumber></Part>")),
        ("CompleteMultipartUpload", whole("CompleteMultipartUpload", PART.replace("x", ""))),
        ("CompleteMultipartUpload", whole("CompleteMultipartUpload", PART.replace("1", "one"))),
        ("PutBucketTagging", "<Tagging/>"),
        ("PutBucketTagging", "<A/>"),
        ("PutBucketTagging", TAGS.replace("<TagSet>", "<TagSet>text")),
        ("PutBucketTagging", TAGS.replace("<TagSet>", '<TagSet a="b">')),
        ("PutBucketTagging", TAGS.replace("Tag>", "Other>")),
        ("PutBucketTagging", TAGS.replace("<Key>a</Key>", "<Key>a<b/></Key>")),
        ("PutBucketTagging", TAGS.replace("<Key>", "<x:Key xmlns:x='other'>").replace(
            "</Key>", "</x:Key>")),
        ("PutObjectTagging", TAGS.replace("<Key>a</Key>", "")),
        ("PutObjectTagging", TAGS.replace("<Key>a</Key>", "<Key>a</Key><Key>b</Key>")),
        ("PutBucketVersioning", "<VersioningConfiguration/>"),
        ("PutBucketVersioning", whole("VersioningConfiguration", "<Status>On</Status>")),
        ("PutBucketLifecycleConfiguration", "<LifecycleConfiguration/>"),
        ("PutBucketLifecycleConfiguration", whole("LifecycleConfiguration", "<Rule/>")),
        ("PutPublicAccessBlock", "<A/>"),
        ("PutPublicAccessBlock", "<PublicAccessBlockConfiguration/>"),
        ("PutPublicAccessBlock", whole("PublicAccessBlockConfiguration",
                                       "<BlockPublicAcls>yes</BlockPublicAcls>")),
        ("PutBucketOwnershipControls", "<A/>"),
        ("PutBucketEncryption", whole("ServerSideEncryptionConfiguration",
                                      RULE.format("AES256") * 2)),
        ("PutBucketEncryption", whole("ServerSideEncryptionConfiguration", RULE.format("X"))),
        ("CreateBucket", "<A/>"),
        ("CreateBucket", "not xml"),
    ],
)  # fmt: skip
def test_anything_else_is_malformed(operation: str, body: str) -> None:
    with pytest.raises(AwsError) as caught:
        canonical_body(operation, body.encode())
    assert (caught.value.code, caught.value.status) == ("MalformedXML", 400)


@pytest.mark.parametrize(
    "body",
    [
        TAGS.encode("utf-16"),
        f'<?xml version="1.0" encoding="UTF-16"?>{TAGS}'.encode("utf-16"),
        f'<?xml version="1.0" encoding="UTF-7"?>{TAGS}'.encode(),
        f"<?xml version='1.0' encoding = 'latin-1'?>{TAGS}".encode(),
        TAGS.replace("a", "é").encode("latin-1"),
        f'<!DOCTYPE d [<!ENTITY k "v">]>{TAGS}'.encode(),
    ],
)
def test_no_encoding_but_utf_8_hides_a_dtd(body: bytes) -> None:
    with pytest.raises(AwsError) as caught:
        canonical_body("PutBucketTagging", body)
    assert caught.value.code == "MalformedXML"


def test_a_body_that_has_to_be_there_is_missed() -> None:
    for operation in {one.name for one in OPERATIONS.values()}:
        if has_xml(operation) and operation not in {"CreateBucket", "CompleteMultipartUpload"}:
            with pytest.raises(AwsError) as caught:
                canonical_body(operation, b"")
            assert caught.value.code == "MissingRequestBodyError"


def test_mfa_delete_that_is_off_is_said_in_vain() -> None:
    body = "<MfaDelete>Disabled</MfaDelete><Status>Enabled</Status>"
    assert canonical_body("PutBucketVersioning", whole("VersioningConfiguration", body).encode())


@pytest.mark.parametrize("name", ["ObjectSizeGreaterThan", "ObjectSizeLessThan"])
def test_what_the_storage_would_drop_is_refused(name: str) -> None:
    rule = f"<Filter><{name}>5</{name}></Filter><Status>Enabled</Status>"
    rule += "<Expiration><Days>1</Days></Expiration>"
    body = whole("LifecycleConfiguration", f"<Rule>{rule}</Rule>").encode()
    with pytest.raises(AwsError) as caught:
        canonical_body("PutBucketLifecycleConfiguration", body)
    assert caught.value.code == "NotImplemented"


def test_mfa_delete_is_refused_and_not_left_out() -> None:
    body = "<Status>Enabled</Status><MfaDelete>Enabled</MfaDelete>"
    with pytest.raises(AwsError) as caught:
        canonical_body("PutBucketVersioning", whole("VersioningConfiguration", body).encode())
    assert caught.value.code == "NotImplemented"
