"""Read what is to be proved: the map, and the policies of whichever files were named.

Each file is read once: what is proved is what the answer's digests and places are of.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from valetkey.cli.policy_sources import (
    NOWHERE_ELSE,
    Deployment,
    Texts,
    check_names,
    policy_set_of,
    read_source,
    with_a_role,
)
from valetkey.cli.prove_git import at_revision, listed_at
from valetkey.cli.prove_proof import Form, SourceFile
from valetkey.cli.tenancy_file import grant_files, grants_beside, tenancy_map_of
from valetkey.errors import ValetkeyError
from valetkey.settings.reading import GRANTS_FOLDER
from valetkey.tenancy import PolicySet, TenancyMap, generated


@dataclass(frozen=True, slots=True)
class Inputs:
    """The files of a proof, as they were named. Without a source the generator's are proved."""

    map: Path
    roles: tuple[Path, ...] = ()
    templates: tuple[Path, ...] = ()
    plans: tuple[Path, ...] = ()
    deployment: Deployment = NOWHERE_ELSE

    @property
    def files(self) -> tuple[tuple[Form, Path], ...]:
        """Every file with what it is, the map first."""
        return (
            (Form.MAP, self.map),
            *((Form.ROLE, path) for path in self.roles),
            *((Form.TEMPLATE, path) for path in self.templates),
            *((Form.PLAN, path) for path in self.plans),
        )

    @property
    def paths(self) -> tuple[Path, ...]:
        """Every file that is read, with the grants beside the map."""
        return (*(path for _, path in self.files), *grant_files(self.map))

    @property
    def has_sources(self) -> bool:
        """Tell whether files of policies were named."""
        return bool(self.roles or self.templates or self.plans)


@dataclass(frozen=True, slots=True)
class Read:
    """What the files say. `files` has the map first; `missing` were not there at a revision."""

    tenancy: TenancyMap
    policies: PolicySet
    files: tuple[SourceFile, ...]
    missing: tuple[Path, ...] = ()


def read(inputs: Inputs) -> Read:
    """Return the map and the policies.

    Raises ValetkeyError: `file-unreadable`, `source-too-large`, `bad-parameter`, or what is wrong
    in a file.
    """
    found = {path: read_source(path) for path in dict.fromkeys(path for _, path in inputs.files)}
    said = _understood(inputs, found, grants_beside(inputs.map))
    templates = {str(path): found[path] for path in inputs.templates}
    check_names(inputs.deployment.parameters, templates)
    if inputs.has_sources:
        with_a_role(said.policies, said.tenancy)
    return said


def read_at(inputs: Inputs, revision: str) -> Read:
    """Return what the same files said at a revision of their own repositories.

    Of a source that was not there then nothing was there: it is `missing`. Raises ValetkeyError
    as `prove_git` and `read`; what was wrong in a file is said to be of the revision.
    """
    found = {}
    for path in dict.fromkeys(path for _, path in inputs.files):
        text = at_revision(path, revision)
        if text is not None:
            found[path] = text
    if inputs.map not in found:
        raise ValetkeyError("not-in-revision", f"`{inputs.map}` was not there at `{revision}`")
    beside = inputs.map.parent / GRANTS_FOLDER
    listed = sorted(name for name in listed_at(beside, revision) if name.endswith(".toml"))
    lying = {beside / name: at_revision(beside / name, revision) for name in listed}
    grants = {path: text for path, text in lying.items() if text is not None}
    try:
        return _understood(inputs, found, grants)
    except ValetkeyError as error:
        message = f"at `{revision}`: {error.message}"
        raise ValetkeyError(error.code, message, hint=error.hint) from None


def _understood(inputs: Inputs, found: Mapping[Path, bytes], grants: Mapping[Path, bytes]) -> Read:
    """Return what the texts of files say, be there any role in them or none."""
    tenancy = tenancy_map_of(inputs.map, found[inputs.map], grants)
    files = tuple(
        SourceFile(form, path, found[path].decode("utf-8", "surrogateescape"))
        for form, path in inputs.files
        if path in found
    )
    if not inputs.has_sources:
        return Read(tenancy, generated(tenancy), files)
    named = (inputs.roles, inputs.templates, inputs.plans)
    texts = Texts(*({str(path): found[path] for path in each if path in found} for each in named))
    policies = policy_set_of(texts, tenancy, deployment=inputs.deployment)
    missing = tuple(path for _, path in inputs.files if path not in found)
    return Read(tenancy, policies, files, missing)
