"""A proof as one page that a reviewer reads, prints and signs: no script, nothing is fetched.

Names, tags and statements are other people's text: all of it is escaped.
"""

import json
from collections.abc import Iterable, Iterator

from valetkey.cli.prove_places import locate
from valetkey.cli.prove_proof import Proof
from valetkey.cli.prove_reach import reaches
from valetkey.cli.prove_sentences import (
    MEANINGS,
    STATEMENTS,
    counted,
    distinct,
    request_in_words,
    statement_in_words,
    summary,
)
from valetkey.cli.prove_statements import enforced
from valetkey.cli.prove_svg import colours_of, picture, text_of
from valetkey.cli.prove_words import kept_by, mend_lines, why_no_mend
from valetkey.isolation.answer import Answer, TheoremAnswer, Witness
from valetkey.version import VERSION

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #111827; max-width: 62rem; margin: 2rem auto;
  padding: 0 1rem; }
h1, h2, h3 { line-height: 1.25; }
code, pre, svg text { font: 12px/1.5 ui-monospace, Menlo, Consolas, monospace; }
pre { background: #f3f4f6; padding: .6rem .8rem; white-space: pre-wrap; overflow-wrap: anywhere; }
td code, li { overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem; border: 1px solid #d1d5db; }
.answer { font-weight: 600; }
.proved { color: #166534; } .refuted { color: #b91c1c; } .unknown { color: #92400e; }
.witness { border-left: 3px solid #b91c1c; padding-left: .8rem; margin: .8rem 0; }
.picture { overflow-x: auto; }
svg { max-width: 100%; height: auto; } svg .label { font-size: 10px; fill: #4b5563; }
.added { color: #166534; } .dropped { color: #b91c1c; }
.signature td { height: 3rem; width: 50%; }
section, .witness, figure, tr { break-inside: avoid-page; }
@media print { body { margin: 0; max-width: none; } pre { background: none; border: 1px solid; } }
"""
HEAD = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8">'
    '<meta http-equiv="Content-Security-Policy" '
    "content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    '<meta name="viewport" content="width=device-width">'
    f"<title>valetkey prove</title><style>{STYLE}</style></head><body>"
)


def page_of(proof: Proof) -> str:
    """Return the page, the same for the same proof but for the seconds it took."""
    parts = (
        HEAD,
        *_summary(proof),
        *_theorems(proof),
        *_mended(proof),
        *_changed(proof),
        *_resources(proof),
        *_assumptions(proof),
        *_signature(proof),
        "</body></html>\n",
    )
    return "\n".join(parts)


def _summary(proof: Proof) -> Iterator[str]:
    report = proof.report
    yield "<h1>Do the policies keep tenants apart?</h1>"
    yield f'<p class="answer {report.answer.value}">{text_of(summary(report))}</p>'
    yield "<table><tr><th>Theorem</th><th>Answer</th><th>What it says</th></tr>"
    for each in report.theorems:
        answer = each.answer.value
        yield (
            f'<tr><td>{each.theorem.value}</td><td class="answer {answer}">{answer}</td>'
            f"<td>{text_of(STATEMENTS[each.theorem])}</td></tr>"
        )
    yield "</table>"
    yield from _listed("Notes", report.notes)


def _theorems(proof: Proof) -> Iterator[str]:
    for each in proof.report.theorems:
        answer = each.answer.value
        yield f"<section><h2>{each.theorem.value}: "
        yield f'<span class="{answer}">{answer}</span></h2>'
        yield f"<p>{text_of(STATEMENTS[each.theorem])} It {text_of(MEANINGS[each.answer])}. "
        yield f"{counted(each.queries, 'question')}, {each.seconds:.1f} s.</p></section>"
        yield from _told(proof, each)


def _told(proof: Proof, each: TheoremAnswer) -> Iterator[str]:
    if each.reasons:
        yield f"<ul>{_items(each.reasons)}</ul>"
    for witness in distinct(each.witnesses):
        yield f'<div class="witness">{"".join(_witness(proof, witness))}</div>'


def _witness(proof: Proof, witness: Witness) -> Iterator[str]:
    yield f"<ul>{_items(request_in_words(witness))}</ul>"
    for ref in witness.statements:
        place = locate(proof, ref, witness.role)
        did = "Decided by" if witness.got == "deny" else "Allowed by"
        yield f"<p>{did} {text_of(statement_in_words(ref))} (<code>{text_of(place.text)}</code>)"
        yield "</p>"
        if place.statement is not None:
            shown = json.dumps(place.statement, indent=2, ensure_ascii=False, default=str)
            yield _preformatted(shown.splitlines())
    replayed = proof.replay_of(witness)
    if replayed is not None:
        yield f"<p>Replayed: {text_of(replayed.said)}</p>"


def _mended(proof: Proof) -> Iterator[str]:
    if proof.mend is not None:
        yield "<h2>The smallest mend that was found</h2>"
        yield _preformatted(mend_lines(proof, proof.mend))
    elif proof.report.answer is Answer.REFUTED:
        yield f"<p>{text_of(why_no_mend(proof))}</p>"


def _preformatted(lines: Iterable[str]) -> str:
    """Return lines as they stand, those of a diff in colour."""
    shown = []
    for line in lines:
        name = {"+": "added", "-": "dropped"}.get(line[:1])
        text = text_of(line)
        shown.append(f'<span class="{name}">{text}</span>' if name else text)
    return "<pre>" + "\n".join(shown) + "</pre>"


def _changed(proof: Proof) -> Iterator[str]:
    change = proof.change
    if change is not None:
        yield from _listed(f"Opened since {change.revision}", change.opened or ("nothing",))
        yield from _listed(f"Closed since {change.revision}", change.closed or ("nothing",))


def _resources(proof: Proof) -> Iterator[str]:
    yield "<h2>Who reaches what</h2>"
    colours = colours_of(proof.tenancy.tags)
    for reach in reaches(proof.tenancy):
        can = f", may {', '.join(reach.access)}" if reach.access else ""
        said = f"{reach.kind} ({reach.place}): {reach.whose.value}{can}"
        yield f'<figure><figcaption>{text_of(said)}</figcaption><div class="picture">'
        yield f"{picture(reach, colours)}</div></figure>"


def _assumptions(proof: Proof) -> Iterator[str]:
    yield "<h2>What AWS enforces, by statement</h2>"
    for each in enforced(proof.policies):
        yield from _listed(each.policy, each.statements, level=3)
    yield "<h2>What this rests on</h2>"
    for keeper, texts in kept_by(proof.report).items():
        yield from _listed(f"Kept by {keeper}", texts, level=3)


def _signature(proof: Proof) -> Iterator[str]:
    """Give what was read, to the byte, and the place for a name."""
    yield "<h2>What was read</h2><table><tr><th>File</th><th>SHA-256</th></tr>"
    for file in proof.files:
        name = text_of(f"{file.path} ({file.form.value})")
        yield f"<tr><td>{name}</td><td><code>{file.digest}</code></td></tr>"
    yield f"</table><p>Proved by valetkey {text_of(VERSION)}.</p>"
    yield '<table class="signature"><tr><td>Reviewed by</td><td>Date</td></tr></table>'


def _listed(title: str, lines: Iterable[str], *, level: int = 2) -> Iterator[str]:
    lines = tuple(lines)
    if lines:
        yield f"<h{level}>{text_of(title)}</h{level}><ul>{_items(lines)}</ul>"


def _items(lines: Iterable[str]) -> str:
    return "".join(f"<li>{text_of(line)}</li>" for line in lines)
