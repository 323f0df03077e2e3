"""Laws of tags: two values never share a tag; a tag is exact or refused."""

from hypothesis import given
from hypothesis import strategies as st

from valetkey.runs import (
    Material,
    TagError,
    TagTemplate,
    check_value,
    escape,
    parse_template,
    render,
)

TEXT = st.text(st.characters(exclude_categories=[]), max_size=12)
TAGGY = st.text(st.sampled_from("ab-_.:/=+@ é"), max_size=6)


def attempt(template: TagTemplate, x: str, y: str) -> str | None:
    try:
        return render(template, Material({"x": x, "y": y}, "issuer", {"z": y}, {"w": y}))
    except TagError:
        return None


@given(TEXT, TEXT)
def test_two_values_never_share_an_escaped_tag(one: str, other: str) -> None:
    assert (escape(one) == escape(other)) == (one == other)


@given(TEXT)
def test_an_escaped_value_is_a_path_segment_that_sts_takes(value: str) -> None:
    escaped = escape(value)
    if escaped and len(escaped) <= 256:
        check_value("k", escaped, path_segment=True)


@given(TAGGY, TAGGY, TAGGY, TAGGY)
def test_two_pairs_of_values_never_share_a_joined_tag(a: str, b: str, c: str, d: str) -> None:
    for text in (
        "{subject.x}-{subject.y}",
        "{subject.x}:={request.z}",
        "p{subject.x}..{request.z}s",
        "{subject.x}-{directory.w}",
    ):
        template = parse_template("k", text, path_segment=False)
        one, other = attempt(template, a, b), attempt(template, c, d)
        if one is not None and one == other:
            assert (a, b) == (c, d)


@given(TEXT)
def test_a_rendered_tag_holds_the_whole_value_exactly(value: str) -> None:
    template = parse_template("k", "{subject.x}", path_segment=False)
    found = attempt(template, value, "")
    assert found is None or found == value
