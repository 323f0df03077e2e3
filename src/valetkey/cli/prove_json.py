"""A proof as JSON values: the members that programs rely on, and what is told besides."""

from collections.abc import Mapping
from typing import Any

from valetkey.cli.prove_diff import differences
from valetkey.cli.prove_places import locate
from valetkey.cli.prove_proof import Change, Proof
from valetkey.iam import StatementRef
from valetkey.isolation.answer import Report, TheoremAnswer, Witness
from valetkey.isolation.mending import Mend


def members_of(proof: Proof) -> dict[str, Any]:
    """Return the whole proof. `answer` and `theorems` never lose a member."""
    found = _report(proof, proof.report)
    found["notes"] = list(proof.report.notes)
    found["inputs"] = [
        {"form": file.form.value, "path": str(file.path), "sha256": file.digest}
        for file in proof.files
    ]
    if proof.mend is not None:
        found["mend"] = _mend(proof, proof.mend)
    if proof.change is not None:
        found["since"] = _change(proof.change)
    if proof.replayed:
        found["replayed"] = [
            {
                "theorem": one.theorem.value,
                "witness": _witness(proof, one.witness),
                "said": one.said,
                "reproduced": one.reproduced,
            }
            for one in proof.replayed
        ]
    return found


def _report(proof: Proof, report: Report) -> dict[str, Any]:
    return {
        "answer": report.answer.value,
        "theorems": [_theorem(proof, each) for each in report.theorems],
    }


def _theorem(proof: Proof, each: TheoremAnswer) -> dict[str, Any]:
    witnesses = [_witness(proof, one) for one in each.witnesses]
    return {
        "name": each.theorem.value,
        "answer": each.answer.value,
        "witness": witnesses[0] if witnesses else None,
        "assumptions": [{"text": one.text, "kept_by": one.kept_by} for one in each.assumptions],
        "seconds": round(each.seconds, 3),
        "reasons": list(each.reasons),
        "queries": each.queries,
        "witnesses": witnesses,
    }


def _witness(proof: Proof, witness: Witness) -> dict[str, Any]:
    """Return a request that breaks a theorem; `context` has a list where a key has several."""
    context: Mapping[str, Any] = witness.context
    return {
        "principal": witness.principal,
        "runs": [{"tags": dict(tags)} for tags in witness.runs],
        "request": {
            "action": witness.action,
            "resource": witness.resource,
            "context": {
                key: value if isinstance(value, str) else list(value)
                for key, value in context.items()
            },
        },
        "expected": witness.expected,
        "got": witness.got,
        "role": witness.role,
        "why": witness.why,
        "entries": list(witness.entries),
        "statements": [_statement(proof, ref, witness.role) for ref in witness.statements],
    }


def _statement(proof: Proof, ref: StatementRef, role: str | None) -> dict[str, Any]:
    place = locate(proof, ref, role)
    return {
        "policy": ref.policy,
        "statement": ref.statement,
        "sid": ref.sid,
        "file": str(place.file),
        "path": place.path,
        "line": place.line,
    }


def _mend(proof: Proof, mend: Mend) -> dict[str, Any]:
    documents = [
        {
            "document": one.name,
            "before": one.before,
            "after": one.after,
            "diff": "\n".join(one.lines),
        }
        for one in differences(proof.policies, mend.policies)
    ]
    answers = {one.theorem.value: one.answer.value for one in mend.report.theorems}
    return {
        "answer": mend.report.answer.value,
        "theorems": answers,
        "edits": list(mend.edits),
        "documents": documents,
    }


def _change(change: Change) -> dict[str, Any]:
    return {
        "revision": change.revision,
        "before": change.before.value,
        "opened": list(change.opened),
        "closed": list(change.closed),
    }
