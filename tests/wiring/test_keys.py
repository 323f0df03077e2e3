"""The issuer of the settings: a key of AWS KMS and one of our own may follow each other."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.aws.kms_world import FakeKms, an_ec_key, kms_arn, kms_at
from tests.fakes.issuer import NOW
from tests.fakes.own_issuer import OWN_URL, SECRET
from valetkey.broker.minting import JWT, mint
from valetkey.credentials import Algorithm, KeySchedule
from valetkey.credentials.issuer_documents import key_set_document
from valetkey.credentials.token_claims import Json
from valetkey.identity import IssuerUrl, KeySet
from valetkey.identity.base64url import decode_base64url
from valetkey.settings.values import OwnIssuerSettings, Publish, SubjectForm
from valetkey.store import SqliteStore
from valetkey.wiring.own_issuer import build_issuer, start_issuer

ARN = kms_arn("one")
SETTINGS = OwnIssuerSettings(
    url=IssuerUrl(OWN_URL),
    algorithms=(Algorithm.ES256,),
    publish=Publish.BROKER,
    schedule=KeySchedule(),
    subject=SubjectForm.SUB,
    wrapping_secret=SECRET,
)
CLAIMS: dict[str, Json] = {"iss": OWN_URL, "jti": "t-1", "exp": NOW + 99_999}


async def test_a_key_of_kms_takes_over_from_our_own_without_a_gap(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """First `keys rotate --kms-key`, then the configuration: a broker signs all the while."""
    store = await SqliteStore.open(tmp_path / "valetkey.db")
    async with kms_at(FakeKms({ARN: an_ec_key()}), monkeypatch) as kms:
        own = build_issuer(SETTINGS, store, kms=kms)
        by_kms = build_issuer(replace(SETTINGS, kms_key=ARN), store, kms=kms)
        assert own is not None
        assert by_kms is not None
        await start_issuer(own, now=NOW)
        key = await by_kms.ring.rotate(now=NOW, by="test")
        assert key.signs_from is not None
        signers = []
        for now in (NOW + 2.0, key.signs_from - 1.0, key.signs_from + 1.0):
            minted = await mint(own, CLAIMS, typ=JWT, algorithm=None, now=now)
            published = key_set_document(await own.ring.published(now=now))
            found = KeySet.from_jwks(published, ("ES256",)).find(minted.key_id)
            assert found is not None
            message, _, signature = minted.token.reveal().rpartition(".")
            assert found.verifies(
                "ES256", signing_input=message.encode(), signature=decode_base64url(signature)
            )
            signers.append(minted.key_id)
        assert signers[0] == signers[1] != signers[2] == key.kid
        await start_issuer(own, now=key.signs_from + 2)  # a restart before the edit is no harm
        again = build_issuer(replace(SETTINGS, kms_key=ARN), store, kms=kms)
        await start_issuer(again, now=key.signs_from + 3)
        assert again is not None
        minted = await mint(again, CLAIMS, typ=JWT, algorithm=None, now=key.signs_from + 3)
        assert minted.key_id == key.kid
    await store.close()
