"""The solver's proofs as files, for whoever wants them checked by another program.

A question that needed no solver has no proof of its own: its formula was false as it stood.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

from valetkey.cli.prove_running import Certified
from valetkey.errors import ValetkeyError

INDEX = "index.json"
SUFFIX = ".cpc"


def write_certificates(folder: Path, certificates: tuple[Certified, ...]) -> None:
    """Write each proof in cvc5's format CPC, and an index of all questions that are proved.

    Raises ValetkeyError `file-unwritable`.
    """
    questions = [_question(number, one) for number, one in enumerate(certificates, 1)]
    make_folder(folder)
    try:
        for one, question in zip(certificates, questions, strict=True):
            if one.proof is not None:
                (folder / question["file"]).write_text(one.proof, encoding="utf-8")
        text = json.dumps({"format": "cpc", "questions": questions}, indent=2)
        (folder / INDEX).write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise unwritable(folder, error) from None


def make_folder(folder: Path) -> None:
    """Make the folder where it is not there yet. Raises ValetkeyError `file-unwritable`."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(folder, error) from None


def is_certificate(name: str) -> bool:
    """Tell whether a file of this name may be one that `write_certificates` writes."""
    return name == INDEX or name.endswith(SUFFIX)


def _question(number: int, one: Certified) -> dict[str, Any]:
    found: dict[str, Any] = {"theorem": one.theorem.value, "about": one.about}
    if one.proof is None:
        return found | {"by": "simplification", "file": None, "sha256": None}
    digest = hashlib.sha256(one.proof.encode()).hexdigest()
    file = f"{one.theorem.value}-{number:04}{SUFFIX}"
    return found | {"by": "cvc5", "file": file, "sha256": digest}


def unwritable(path: Path, error: OSError) -> ValetkeyError:
    """Return the error of a file that can't be written."""
    return ValetkeyError("file-unwritable", f"cannot write `{path}`: {error.strerror}")
