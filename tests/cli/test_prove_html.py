"""`valetkey prove --html`: one page, nothing fetched, nothing run, all of it escaped."""

from html.parser import HTMLParser
from xml.etree import ElementTree

from tests.cli.proof_world import (
    EDIT,
    HOSTILE,
    OWN,
    REFUTED,
    TENANCY,
    answered,
    policies,
    proof,
    report,
    witness,
)
from valetkey.cli.prove_html import page_of
from valetkey.cli.prove_proof import Change
from valetkey.cli.prove_reach import Whose, reaches
from valetkey.cli.prove_svg import colours_of, picture
from valetkey.iam import StatementRef
from valetkey.isolation.answer import Answer, Theorem
from valetkey.isolation.mending import Mend
from valetkey.tenancy.tenancy_map import Tag

VOID = {"meta", "br"}


class Page(HTMLParser):
    """The elements of a page, and whether they are closed in their order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []
        self.said: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes += attrs
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.said.append(data)


def test_the_page_is_whole_and_fetches_and_runs_nothing() -> None:
    change = Change("main", Answer.PROVED, ("a right",))
    page = Page(page_of(proof(mend=Mend(policies(OWN), (EDIT,), report()), change=change)))

    assert not {"script", "img", "link", "iframe", "object", "form", "a"} & page.names
    assert not {name for name, _ in page.attributes if name.startswith("on") or name == "href"}
    assert "default-src 'none'" in str(dict(page.attributes).get("content")) or any(
        "default-src 'none'" in (value or "") for _, value in page.attributes
    )


def test_the_page_says_what_a_reviewer_signs() -> None:
    text = " ".join(Page(page_of(proof())).said)

    for words in (
        "refuted: the policies do not do what the map says",
        "asks for s3:GetObject on",
        "$.policies[0].Statement[1]",
        "ACLs are off",
        "0 `Own` allows s3:GetObject",
        "Kept by the broker",
        "SHA-256",
        "Reviewed by",
    ):
        assert words in text


def test_the_same_proof_makes_the_same_page() -> None:
    assert page_of(proof()) == page_of(proof())


def test_hostile_names_tags_and_statements_are_text() -> None:
    sent = witness(
        runs=({HOSTILE: HOSTILE},),
        resource=HOSTILE,
        context={HOSTILE: HOSTILE},
        why=HOSTILE,
        principal=HOSTILE,
        statements=(StatementRef(HOSTILE, 0, HOSTILE),),
    )
    asked = answered(Theorem.ISOLATION, Answer.REFUTED, sent, reasons=(HOSTILE,))
    mend = Mend(policies(OWN | {"Sid": HOSTILE}), (HOSTILE,), REFUTED)
    change = Change(HOSTILE, Answer.PROVED, (HOSTILE,))
    text = page_of(proof(report(asked), mend=mend, change=change))

    assert "script" not in Page(text).names
    assert "&lt;script&gt;" in text
    assert all(letter.isprintable() for letter in text.replace("\n", ""))


def test_a_picture_joins_each_tag_to_what_it_reaches() -> None:
    colours = colours_of(TENANCY.tags)
    drawn = [picture(reach, colours) for reach in reaches(TENANCY)]
    bucket = ElementTree.fromstring(drawn[0])
    texts = ["".join(each.itertext()) for each in bucket.iter() if each.tag.endswith("text")]

    assert {"user_id", "{user_id}", "traces/", "…anything"} <= set(texts)
    assert len([each for each in bucket.iter() if each.tag.endswith("path")]) == 1
    assert "reached by task_id, user_id" in drawn[1]


def test_what_is_shared_and_what_is_protected_is_marked() -> None:
    marked = {each.whose: picture(each, {}) for each in reaches(TENANCY) if not each.tags}

    assert "every run" in marked[Whose.SHARED]
    assert "no run may write it" in marked[Whose.PROTECTED]
    assert "#dcfce7" in marked[Whose.SHARED]
    assert "#fee2e2" in marked[Whose.PROTECTED]


def test_a_picture_escapes_what_it_draws() -> None:
    (reach, *_) = reaches(TENANCY)
    part = reach.parts[0]
    hostile = type(reach)(
        HOSTILE, HOSTILE, Whose.OWN, (type(part)(HOSTILE, (HOSTILE, Tag(HOSTILE))),)
    )
    drawn = picture(hostile, colours_of((HOSTILE,)))

    ElementTree.fromstring(drawn)
    assert "<script" not in drawn
