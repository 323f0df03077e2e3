"""Files as they were at a revision of the git repository in which they lie.

git is asked for bytes and nothing else: no filter, no pager, no network, no hook runs.
"""

import os
import subprocess
from pathlib import Path

from valetkey.cli.iam_lines import unreadable
from valetkey.cli.source_bytes import MAX_FILE, too_large
from valetkey.errors import ValetkeyError

SECONDS = 30
_ASKED_BARELY = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",  # a git that lazily fetches still can't
    "GIT_OPTIONAL_LOCKS": "0",
}


def commit_of(folder: Path, revision: str) -> str:
    """Return the id of the commit that `revision` names in the repository of `folder`.

    Raises ValetkeyError `not-a-repository`, `unknown-revision`, `git-missing` or `git-failed`.
    """
    inside = _git(folder, "rev-parse", "--git-dir")
    if inside.returncode:
        raise ValetkeyError(
            "not-a-repository",
            f"`{folder}` is not in a git repository, so it has no revisions",
            detail=inside.stderr.decode("utf-8", "replace"),
        )
    known = None
    if revision and not revision.startswith("-"):  # which git would take for an option
        known = _git(folder, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
    if known is None or known.returncode:
        raise ValetkeyError("unknown-revision", f"there is no revision `{revision}` of `{folder}`")
    return known.stdout.decode("ascii").strip()


def at_revision(path: Path, revision: str) -> bytes | None:
    """Return the file's bytes at the revision, or None where nothing was there.

    Symbolic links are followed as they led then. Raises ValetkeyError `not-in-revision` for what
    was no file, also for a link out of the repository, `source-too-large`, or as `commit_of`.
    """
    found = _object(path, revision)
    if found is None:
        return None
    name, kind, size = found
    if kind != "blob":
        raise _no_file(path, revision, "was not a file")
    if size > MAX_FILE:
        raise too_large(f"`{path}` at `{revision}`")
    blob = _git(_from_a_folder(path)[0], "cat-file", "blob", name)
    if blob.returncode:
        raise _no_file(path, revision, "can't be had from git as it was")
    return blob.stdout


def listed_at(folder: Path, revision: str) -> tuple[str, ...]:
    """Return the names of what lay in a folder at the revision; none where it was not there.

    Raises ValetkeyError as `at_revision`.
    """
    held = _object(folder, revision)
    if held is None or held[1] != "tree":
        return ()
    inside = _from_a_folder(folder)[0]
    found = _git(inside, "ls-tree", "-z", "--name-only", "--full-tree", held[0])
    if found.returncode:
        raise _no_file(folder, revision, "can't be had from git as it was")
    names = found.stdout.decode("utf-8", "surrogateescape").split("\0")
    return tuple(name for name in names if name)


def _object(path: Path, revision: str) -> tuple[str, str, int] | None:
    """Return name, kind and size in bytes of what lay at a path; None where nothing did."""
    folder, below = _from_a_folder(path)
    commit = commit_of(folder, revision)
    if "\n" in below:
        raise _no_file(path, revision, "has a line break in its name, which git is not asked for")
    asked = os.fsencode(f"{commit}:./{below}\n")
    checked = ("cat-file", "--batch-check", "--follow-symlinks")
    answer = _git(folder, *checked, said=asked)
    line, _, rest = os.fsdecode(answer.stdout).partition("\n")
    parts = line.split(" ")
    if len(parts) == 3 and parts[1] in {"blob", "tree", "commit"}:
        return parts[0], parts[1], int(parts[2])
    if line.startswith("symlink "):
        raise _no_file(path, revision, f"was a link out of the repository, to `{rest.strip()}`")
    if line.startswith(("dangling ", "loop ", "notdir ")):
        raise _no_file(path, revision, "was a symbolic link that leads to nothing")
    if answer.returncode or not line.endswith(" missing"):
        raise ValetkeyError("git-failed", f"git does not say what `{path}` was at `{revision}`")
    return None


def _from_a_folder(path: Path) -> tuple[Path, str]:
    """Return the nearest folder above a path that is there today, and the path from it."""
    folder = path.parent
    while not folder.is_dir() and folder != folder.parent:
        folder = folder.parent
    return folder, path.relative_to(folder).as_posix()


def _no_file(path: Path, revision: str, why: str) -> ValetkeyError:
    return ValetkeyError("not-in-revision", f"`{path}` at `{revision}` {why}")


def _git(folder: Path, *arguments: str, said: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
    """Run git in `folder`, told `said`: of our environment it sees no other repository."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    command = ["git", "--no-pager", "--no-replace-objects", "-C", str(folder), *arguments]
    try:
        return subprocess.run(  # noqa: S603 - our own arguments; none is read by a shell
            command,
            env=kept | _ASKED_BARELY,
            input=said,
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
    except FileNotFoundError:
        raise ValetkeyError("git-missing", "there is no `git` to ask for a revision") from None
    except subprocess.TimeoutExpired:
        raise ValetkeyError("git-failed", f"git said nothing for {SECONDS} s") from None
    except OSError as error:
        raise unreadable(folder, error) from None
