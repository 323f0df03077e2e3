"""Read what is to be proved: the map, and the policies of whichever files were named."""

import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from valetkey.cli.iam_lines import unreadable
from valetkey.cli.prove_git import MAX_FILE, at_revision, listed_at
from valetkey.cli.prove_proof import Form, SourceFile
from valetkey.cli.tenancy_file import read_tenancy_map
from valetkey.errors import ValetkeyError
from valetkey.tenancy import PolicySet, TenancyMap, generated

GRANTS_FOLDER = "grants.d"


@dataclass(frozen=True, slots=True)
class Deployment:
    """Where a template or plan is deployed, as far as the map's ARNs do not tell, and how."""

    account: str | None = None
    region: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Inputs:
    """The files of a proof, as they were named. Without a source the generator's are proved."""

    map: Path
    roles: tuple[Path, ...] = ()
    templates: tuple[Path, ...] = ()
    plans: tuple[Path, ...] = ()
    deployment: Deployment = Deployment()

    @property
    def files(self) -> tuple[tuple[Form, Path], ...]:
        """Every file with what it is, the map first."""
        return (
            (Form.MAP, self.map),
            *((Form.ROLE, path) for path in self.roles),
            *((Form.TEMPLATE, path) for path in self.templates),
            *((Form.PLAN, path) for path in self.plans),
        )


@dataclass(frozen=True, slots=True)
class Read:
    """What the files say. `files` has the map first."""

    tenancy: TenancyMap
    policies: PolicySet
    files: tuple[SourceFile, ...]


def read(inputs: Inputs) -> Read:
    """Return the map and the policies.

    Raises ValetkeyError: `file-unreadable`, `source-too-large`, or what is wrong in a file.
    """
    files = tuple(SourceFile(form, path, _text(path)) for form, path in inputs.files)
    tenancy = read_tenancy_map(inputs.map)
    if len(files) == 1:
        return Read(tenancy, generated(tenancy), files)
    from valetkey.cli.policy_sources import read_policy_set

    policies = read_policy_set(
        inputs.roles,
        inputs.templates,
        inputs.plans,
        tenancy_map=tenancy,
        account=inputs.deployment.account,
        region=inputs.deployment.region,
        parameters=inputs.deployment.parameters,
    )
    return Read(tenancy, policies, files)


def _text(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            found = stream.read(MAX_FILE + 1)
    except OSError as error:
        raise unreadable(path, error) from None
    if len(found) > MAX_FILE:
        raise ValetkeyError("source-too-large", f"`{path}` is longer than {MAX_FILE} bytes")
    return found.decode("utf-8", "surrogateescape")


def read_at(inputs: Inputs, revision: str) -> Read:
    """Return what the same files said at a revision of their own repositories.

    Raises ValetkeyError as `prove_git` and `read`; it names no file of ours.
    """
    with tempfile.TemporaryDirectory(prefix="valetkey-") as folder:
        base = Path(folder)
        try:
            return read(_written(inputs, revision, base))
        except ValetkeyError as error:
            ours = re.escape(str(base)) + r"/[0-9]+/"
            message = re.sub(ours, lambda _: f"{revision}:", error.message)
            raise ValetkeyError(error.code, message, hint=error.hint) from None


def _written(inputs: Inputs, revision: str, base: Path) -> Inputs:
    """Write the files of the revision below `base`, each in a folder of its own."""
    places: dict[Path, Path] = {}
    for number, (_, path) in enumerate(inputs.files):
        places[path] = base / str(number) / path.name
        places[path].parent.mkdir()
        places[path].write_bytes(at_revision(path, revision))
    beside = inputs.map.parent / GRANTS_FOLDER
    for name in (one for one in listed_at(beside, revision) if one.endswith(".toml")):
        place = places[inputs.map].parent / GRANTS_FOLDER / name
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(at_revision(beside / name, revision))
    return replace(
        inputs,
        map=places[inputs.map],
        roles=tuple(places[path] for path in inputs.roles),
        templates=tuple(places[path] for path in inputs.templates),
        plans=tuple(places[path] for path in inputs.plans),
    )
