"""`valetkey prove`: what it reads and writes, and how it ends."""

import json
from pathlib import Path
from typing import Any

import pytest
import typer

from tests.cli.proof_world import (
    REFUTED,
    UNSURE,
    proof,
    report,
)
from valetkey.cli import prove_making
from valetkey.cli.prove import prove
from valetkey.cli.prove_certificate import write_certificates
from valetkey.cli.prove_inputs import Inputs
from valetkey.cli.prove_making import Made, Wanted
from valetkey.cli.prove_running import Certified, Limits
from valetkey.errors import ValetkeyError
from valetkey.isolation.answer import Report, Theorem

CERTIFIED = (
    Certified(Theorem.ISOLATION, "s3:GetObject", "(proof)"),
    Certified(Theorem.USABLE, "s3:PutObject", None),
)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Return what the command asks for, with a proof as its answer: see `answer`."""
    found: list[Any] = []

    def make(*given: Any) -> Made:
        found.extend(given)
        return ANSWER[0]

    monkeypatch.setattr(prove_making, "make", make)
    return found


ANSWER = [Made(proof(), CERTIFIED)]


def ended(found: Report = REFUTED, **options: Any) -> int:
    """Run the command in this process, with a proof that is made already; return its exit code."""
    ANSWER[0] = Made(proof(found), CERTIFIED)
    with pytest.raises(typer.Exit) as raised:
        prove(**options)
    return raised.value.exit_code


@pytest.mark.parametrize(("found", "code"), [(report(), 0), (REFUTED, 2), (UNSURE, 3)])
def test_the_exit_code_is_the_answer(found: Report, code: int, asked: list[Any]) -> None:
    assert ended(found) == code


def test_no_theorem_is_no_proof(asked: list[Any]) -> None:
    assert ended(Report(())) == 3


def test_options_say_what_is_wanted(asked: list[Any], tmp_path: Path) -> None:
    ended(
        map_file=Path("m.toml"),
        role=[Path("a"), Path("b")],
        replay=True,
        mend=False,
        since="main",
        certificate=tmp_path / "proofs",
        time_limit=1.5,
    )
    inputs, limits, wanted = asked

    assert inputs == Inputs(Path("m.toml"), (Path("a"), Path("b")))
    assert limits == Limits(1500, certificate=True)
    assert wanted == Wanted(mend=False, replay=True, since="main")


def test_parameters_of_a_template_are_given_by_name(asked: list[Any]) -> None:
    ended(parameter=["Stage=prod", "Url=a=b"], account="111122223333", region="eu-west-1")
    deployment = asked[0].deployment

    assert deployment.parameters == {"Stage": "prod", "Url": "a=b"}
    for wrong in (["Stage"], ["=x"], ["A=1", "A=2"]):
        with pytest.raises(ValetkeyError) as raised:
            prove(parameter=wrong)
        assert raised.value.code == "bad-parameter"


def test_json_is_all_that_is_printed(asked: list[Any], capsys: pytest.CaptureFixture[str]) -> None:
    ended(as_json=True)
    said = capsys.readouterr()

    assert json.loads(said.out)["answer"] == "refuted"
    assert said.out.isascii()
    assert said.err == ""


def test_files_are_written_beside_what_is_printed(
    asked: list[Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ended(sarif=tmp_path / "p.sarif", html=tmp_path / "p.html")

    assert json.loads((tmp_path / "p.sarif").read_text())["version"] == "2.1.0"
    assert (tmp_path / "p.html").read_text().startswith("<!doctype html>")
    assert capsys.readouterr().out.startswith("refuted")


def test_a_file_that_can_not_be_written_is_an_error(asked: list[Any], tmp_path: Path) -> None:
    for path in (tmp_path / "no" / "p.html", tmp_path):
        with pytest.raises(ValetkeyError) as raised:
            prove(html=path)
        assert raised.value.code == "file-unwritable"


def test_a_file_that_is_read_is_never_written_over(asked: list[Any], tmp_path: Path) -> None:
    (tmp_path / "grants.d").mkdir()
    texts = ("m.toml", "r.json", "index.json", "isolation-0001.cpc", "grants.d/g.toml")
    for name in texts:
        (tmp_path / name).write_text(name)
    (tmp_path / "link").symlink_to("r.json")
    (tmp_path / "hard").hardlink_to(tmp_path / "m.toml")
    (tmp_path / "proofs").mkdir()
    (tmp_path / "proofs" / "index.json").symlink_to("../r.json")
    read: dict[str, Any] = {"map_file": tmp_path / "m.toml", "role": [tmp_path / "r.json"]}
    wrong: list[dict[str, Any]] = [
        *({"html": tmp_path / name} for name in ("m.toml", "r.json", "link", "hard")),
        {"sarif": tmp_path / "grants.d" / "g.toml"},
        {"certificate": tmp_path / "proofs"},
        {"certificate": tmp_path, "template": [tmp_path / "index.json"]},
        {"certificate": tmp_path, "plan": [tmp_path / "isolation-0001.cpc"]},
        {"certificate": tmp_path / "new", "html": tmp_path / "new" / "index.json"},
    ]
    for options in wrong:
        with pytest.raises(ValetkeyError) as raised:
            prove(**read, **options)
        assert raised.value.code == "output-is-an-input", options
    with pytest.raises(ValetkeyError) as raised:
        prove(**read, html=tmp_path / "p", sarif=tmp_path / "." / "p")
    assert raised.value.code == "output-twice"
    assert asked == []
    assert {name: (tmp_path / name).read_text() for name in texts} == {name: name for name in texts}


def test_a_page_may_lie_beside_the_certificates_and_go_to_a_device(
    asked: list[Any], tmp_path: Path
) -> None:
    proofs = tmp_path / "proofs"
    ended(certificate=proofs, html=proofs / "p.html", sarif=Path("/dev/null"))
    ended(html=Path("/dev/null"), sarif=Path("/dev/null"))
    assert {path.name for path in proofs.iterdir()} > {"p.html", "index.json"}


def test_the_answer_is_printed_though_a_file_can_not_be_written(
    asked: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ValetkeyError):
        prove(html=Path("/dev/full"))
    assert capsys.readouterr().out.startswith("refuted")


def test_certificates_are_files_with_an_index(tmp_path: Path) -> None:
    write_certificates(tmp_path / "proofs", CERTIFIED)
    index = json.loads((tmp_path / "proofs" / "index.json").read_text())

    assert [one["by"] for one in index["questions"]] == ["cvc5", "simplification"]
    assert (tmp_path / "proofs" / index["questions"][0]["file"]).read_text() == "(proof)"
    with pytest.raises(ValetkeyError) as raised:
        write_certificates(tmp_path / "proofs" / "index.json", CERTIFIED)
    assert raised.value.code == "file-unwritable"
