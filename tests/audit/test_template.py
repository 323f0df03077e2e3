"""A template's leaf is the record's own leaf, at every instant and whatever the record says."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from valetkey.audit import CredentialsHandedOut, LeafTemplate, RunOpened, leaf_bytes

TEXT = st.text(st.characters(exclude_categories=["Cs"])) | st.sampled_from(
    ['"at":0', '\\"at":0,', '{"at":0}', '","at":0,"x":"']
)
INSTANT = st.integers(0, 2**53 - 1)


@given(TEXT, TEXT, INSTANT)
def test_a_templates_leaf_is_the_records_own(grant: str, session: str, at: int) -> None:
    record = CredentialsHandedOut(
        at=5,
        run="r-1",
        grant=grant,
        role_arn="arn",
        session_name=session,
        access_key_id="ASIA",
        expires_at=0,
        fresh="no",
    )
    assert LeafTemplate(record).at(at) == leaf_bytes(replace(record, at=at))


@given(st.dictionaries(st.sampled_from(["at", "x"]), TEXT), INSTANT)
def test_a_tag_named_at_is_not_taken_for_the_instant(tags: dict[str, str], at: int) -> None:
    record = RunOpened(
        at=0,
        run="r-1",
        subject_issuer="i",
        subject="s",
        actor_issuer="i",
        actor="a",
        actor_rule="r",
        tags=tags,
        grants=("g",),
        policy_version="v",
        expires_at=0,
    )
    assert LeafTemplate(record).at(at) == leaf_bytes(replace(record, at=at))
