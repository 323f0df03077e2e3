"""Whatever the texts of a map are: runs that its trust policy admits never own one another's."""

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.tenancy.asking import Asker, filled
from tests.tenancy.maps import ACCOUNT, BROKER, ROLE, a_prefix, a_table, of, section
from valetkey.iam import (
    ContextValue,
    Layer,
    Policies,
    Principal,
    PrincipalKind,
    Request,
    evaluate,
    parse_policy,
)
from valetkey.tenancy import RUN_TAG, Owned, TenancyError, TenancyMap, generated, rights_of

DELIMITERS = "-/#*?$."
VALUES = st.text("ab-/.:", max_size=3)

literals = st.text("ab-/*?$#.", max_size=3)
delimiters = st.text(DELIMITERS, min_size=1, max_size=2)
texts = st.one_of(
    st.builds("{}{{user_id}}{}".format, literals, delimiters),
    st.builds("{}{{user_id}}{}{{task_id}}{}".format, literals, delimiters, delimiters),
)
runs = st.fixed_dictionaries({"user_id": VALUES, "task_id": VALUES, RUN_TAG: st.just("r-1")})


def map_of(prefix: str, key: str) -> TenancyMap:
    """Return a map of one prefix and one table with these texts; skip what it refuses."""
    try:
        return of(
            section(
                prefixes=[a_prefix(prefix=prefix)],
                tables=[a_table(partition_key=key, indexes={})],
            )
        )
    except TenancyError:
        assume(condition=False)
        raise


def admitted(tenancy: TenancyMap, tags: dict[str, str]) -> bool:
    """Tell whether the trust policy lets the broker make a session with these tags."""
    found = generated(tenancy)
    policies = Policies(
        identity=(parse_policy(found.brokers[BROKER], layer=Layer.IDENTITY, name="broker"),),
        trust=parse_policy(found.roles[0].trust, layer=Layer.TRUST, name="trust"),
    )
    broker = Principal(PrincipalKind.ARN, f"arn:aws:sts::{ACCOUNT}:assumed-role/ValetkeyBroker/b")
    seen: dict[str, ContextValue] = {f"aws:RequestTag/{key}": tags[key] for key in tags}
    seen["aws:TagKeys"] = tuple(tags)
    return evaluate(Request(broker, "sts:AssumeRole", ROLE, context=seen), policies).allowed


@settings(max_examples=60, suppress_health_check=[HealthCheck.filter_too_much])
@given(prefix=texts, key=texts, asks=runs, owns=runs)
def test_a_run_does_its_own_and_never_what_another_owns(
    prefix: str, key: str, asks: dict[str, str], owns: dict[str, str]
) -> None:
    tenancy = map_of(prefix, key)
    assume(admitted(tenancy, asks) and admitted(tenancy, owns))
    found = generated(tenancy)
    asking = Asker(found, found.roles[0])
    for right in rights_of(tenancy):
        assert asking.use(right, of=asks, by=asks).allowed
        assert isinstance(right.entry, Owned)
        text = right.entry.key or ()
        is_own = filled(text, owns) == filled(text, asks)
        assert asking.use(right, of=owns, by=asks).allowed is is_own


@settings(max_examples=60, suppress_health_check=[HealthCheck.filter_too_much])
@given(key=texts, one=runs, other=runs)
def test_runs_that_own_one_text_have_the_tags_of_it_in_common(
    key: str, one: dict[str, str], other: dict[str, str]
) -> None:
    tenancy = map_of("{user_id}/", key)
    assume(admitted(tenancy, one) and admitted(tenancy, other))
    text = tenancy.owned[0].key or ()
    named = [part.key for part in text if not isinstance(part, str)]
    if filled(text, one) == filled(text, other):
        assert all(one[tag] == other[tag] for tag in named)
