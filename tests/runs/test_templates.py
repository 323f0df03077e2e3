"""Templates: verified claims and work attributes become tags, injectively or not at all."""

from typing import Any

import pytest

from valetkey.runs import Material, Source, TagError, parse_template, render


def rendered(text: str, claims: dict[str, Any], **attributes: str) -> str:
    template = parse_template("k", text, path_segment=False)
    return render(template, Material(claims, "cognito", attributes))


def code_of(text: str, claims: dict[str, Any], **attributes: str) -> str:
    with pytest.raises(TagError) as caught:
        rendered(text, claims, **attributes)
    return caught.value.code


@pytest.mark.parametrize(
    ("text", "claims", "value"),
    [
        ("{subject.sub}", {"sub": "alice"}, "alice"),
        ("{subject.custom.tenant}", {"custom": {"tenant": "t1"}}, "t1"),
        ("{subject.custom.tenant}", {"custom.tenant": "a whole name"}, "a whole name"),
        ("{subject.https://example.com/tenant}", {"https://example.com/tenant": "t1"}, "t1"),
        ("{issuer}:{subject.sub}", {"sub": "alice"}, "cognito:alice"),
        ("{subject.sub:escaped}", {"sub": "auth0|5f"}, "auth0=7C5f"),
        ("TENANT={subject.sub}", {"sub": "alice"}, "TENANT=alice"),
        ("{subject.sub}", {"sub": "0xABC"}, "0xABC"),  # lesson 7: raw, never normalised
    ],
)
def test_a_value_goes_in_raw(text: str, claims: dict[str, Any], value: str) -> None:
    assert rendered(text, claims) == value


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({}, "tag-value-missing"),
        ({"tenant": None}, "tag-value-missing"),
        ({"tenant": ""}, "tag-value-empty"),
        ({"tenant": 1}, "tag-value-type"),
        ({"tenant": True}, "tag-value-type"),
        ({"tenant": ("a",)}, "tag-value-type"),
        ({"tenant": {"a": "b"}}, "tag-value-type"),
        ({"tenant": "a|b"}, "tag-value-characters"),
    ],
)
def test_nothing_is_defaulted_or_converted(claims: dict[str, Any], code: str) -> None:
    assert code_of("{subject.tenant}", claims) == code


def test_a_join_that_could_collide_is_refused() -> None:
    """`a-b` and `c`, `a` and `b-c` would both be `a-b-c`."""
    assert rendered("{subject.x}-{subject.y}", {"x": "a", "y": "b-c"}) == "a-b-c"
    assert code_of("{subject.x}-{subject.y}", {"x": "a-b", "y": "c"}) == "tag-value-ambiguous"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "constant",
        "{subject}",
        "{subject.}",
        "{actor.sub}",
        "{request.}",
        "{request.a-b}",
        "{directory}",
        "{directory.}",
        "{directory.a-b}",
        "{}",
        "{subject.a}{subject.b}",
        "{subject.sub}|x",
        "{subject.sub",
        "{{subject.sub}}",
        "{subject.sub:lower}x}",
    ],
)
def test_a_template_that_does_not_tell_principals_apart_is_refused(text: str) -> None:
    with pytest.raises(TagError) as caught:
        parse_template("k", text)
    assert caught.value.code == "tag-template"


def test_what_the_directory_says_goes_in_raw_or_not_at_all() -> None:
    template = parse_template("k", "{issuer}:{directory.role}")

    def of(**directory: Any) -> str:
        return render(template, Material({"role": "x"}, "cognito", {"role": "y"}, directory))

    assert of(role="lead") == "cognito:lead"
    for changes, code in (
        ({}, "tag-value-missing"),
        ({"role": ""}, "tag-value-empty"),
        ({"role": 7}, "tag-value-type"),
        ({"role": "a|b"}, "tag-value-characters"),
        ({"role": "a/b"}, "tag-value-path-segment"),
    ):
        with pytest.raises(TagError) as caught:
            of(**changes)
        assert caught.value.code == code


def test_a_tag_from_the_directory_is_neither_a_work_tag_nor_the_subjects_own() -> None:
    template = parse_template("k", "{directory.department}")
    assert template.directory_attributes() == {"department"}
    assert not template.is_bound
    assert not template.attributes()
    assert not template.uses(Source.SUBJECT)
    with pytest.raises(TagError):
        parse_template("k", "{directory.department}", shared=True)
    assert parse_template("k", "{request.x}-{directory.y}").is_bound


def test_only_a_work_tag_can_be_shared() -> None:
    with pytest.raises(TagError) as caught:
        parse_template("k", "{subject.sub}", shared=True)
    assert caught.value.code == "tag-template"


def test_a_template_says_whether_it_tells_issuers_apart() -> None:
    assert parse_template("k", "{issuer}:{subject.sub}").names_issuer()
    assert parse_template("k", "{subject.iss:escaped}:{subject.sub}").names_issuer()
    assert not parse_template("k", "{subject.sub}").names_issuer()
