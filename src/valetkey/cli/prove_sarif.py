"""A proof for code review, as SARIF 2.1.0: a rule a theorem, a result a witness or a reason.

The location is the statement in the file that somebody wrote, or the map where the policies
were generated. What is proved has no result.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from valetkey.cli.output import printable
from valetkey.cli.prove_places import Located, locate
from valetkey.cli.prove_proof import Proof
from valetkey.cli.prove_sentences import MEANINGS, STATEMENTS, distinct, request_in_words
from valetkey.isolation.answer import Answer, Theorem, TheoremAnswer, Witness
from valetkey.version import VERSION

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
RULES = tuple(Theorem)


def sarif_of(proof: Proof) -> dict[str, Any]:
    """Return the log, one run of the tool `valetkey`."""
    rules = [_rule(theorem) for theorem in RULES]
    driver = {"name": "valetkey", "version": VERSION, "semanticVersion": VERSION, "rules": rules}
    run = {
        "tool": {"driver": driver},
        "columnKind": "utf16CodeUnits",
        "invocations": [{"executionSuccessful": True}],
        "results": [one for each in proof.report.theorems for one in _results(proof, each)],
        "properties": {"answer": proof.report.answer.value},
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(theorem: Theorem) -> dict[str, Any]:
    return {
        "id": theorem.value,
        "shortDescription": {"text": f"The theorem {theorem.value} does not hold."},
        "fullDescription": {"text": STATEMENTS[theorem]},
        "help": {"text": f"{STATEMENTS[theorem]} A result is a request that shows the opposite."},
        "defaultConfiguration": {"level": "error"},
    }


def _results(proof: Proof, each: TheoremAnswer) -> Iterator[dict[str, Any]]:
    for witness in distinct(each.witnesses):
        places = [locate(proof, ref, witness.role) for ref in witness.statements]
        text = ". ".join(request_in_words(witness))
        result = _result(each.theorem, "error", text, places or [_whole(proof)])
        yield result | {"properties": _asked(witness)}
    for reason in each.reasons if each.answer is not Answer.PROVED else ():
        text = f"{each.theorem.value} {MEANINGS[Answer.UNKNOWN]}: {reason}"
        yield _result(each.theorem, "warning", text, [_whole(proof)])


def _whole(proof: Proof) -> Located:
    """Return the place of what no statement stands for: the file itself."""
    return Located(None, (proof.sources or proof.files)[0].path)


def _result(theorem: Theorem, level: str, text: str, places: list[Located]) -> dict[str, Any]:
    said = printable(text)
    where = places[0].text
    same = hashlib.sha256(f"{theorem.value}\n{where}\n{said}".encode("utf-8", "replace"))
    return {
        "ruleId": theorem.value,
        "ruleIndex": RULES.index(theorem),
        "level": level,  # of kind `fail`, an unknown too: nothing but a proof is a yes
        "message": {"text": said},
        "locations": [_location(place) for place in places],
        "partialFingerprints": {"witness/v1": same.hexdigest()},
    }


def _location(place: Located) -> dict[str, Any]:
    physical: dict[str, Any] = {"artifactLocation": {"uri": _uri(place.file)}}
    if place.line is not None:
        physical["region"] = {"startLine": place.line}
    location: dict[str, Any] = {"physicalLocation": physical}
    if place.path is not None:
        name = printable(place.path)
        location["logicalLocations"] = [{"fullyQualifiedName": name, "kind": "object"}]
    return location


def _uri(path: Path) -> str:
    """Return the path from here, where the file lies below, else the file's own address."""
    whole = path.resolve()
    here = Path.cwd().resolve()
    if whole.is_relative_to(here):
        return quote(whole.relative_to(here).as_posix())
    return whole.as_uri()


def _asked(witness: Witness) -> dict[str, Any]:
    return {
        "action": printable(witness.action),
        "resource": printable(witness.resource),
        "runs": [
            {printable(key): printable(value) for key, value in tags.items()}
            for tags in witness.runs
        ],
    }
