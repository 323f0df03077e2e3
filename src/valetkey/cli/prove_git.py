"""Files as they were at a revision of the git repository in which they lie.

git is asked for bytes and nothing else: no filter, no pager, no network, no hook runs.
"""

import os
import subprocess
from pathlib import Path

from valetkey.cli.iam_lines import unreadable
from valetkey.errors import ValetkeyError

SECONDS = 30
MAX_FILE = 16_777_216  # bytes: beyond any template that AWS takes
_ASKED_BARELY = {"GIT_TERMINAL_PROMPT": "0", "GIT_NO_LAZY_FETCH": "1", "GIT_OPTIONAL_LOCKS": "0"}


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


def at_revision(path: Path, revision: str) -> bytes:
    """Return the file's bytes at the revision.

    Raises ValetkeyError `not-in-revision`, `source-too-large`, or as `commit_of`.
    """
    folder, name = path.parent, f"{commit_of(path.parent, revision)}:./{path.name}"
    size = _git(folder, "cat-file", "-s", name)
    if size.returncode:
        raise ValetkeyError("not-in-revision", f"`{path}` was not there at `{revision}`")
    if int(size.stdout) > MAX_FILE:
        what = f"`{path}` at `{revision}`"
        raise ValetkeyError("source-too-large", f"{what} is longer than {MAX_FILE} bytes")
    blob = _git(folder, "cat-file", "blob", name)
    if blob.returncode:
        raise ValetkeyError("not-in-revision", f"`{path}` was not a file at `{revision}`")
    return blob.stdout


def listed_at(folder: Path, revision: str) -> tuple[str, ...]:
    """Return the names of what lay in a folder at the revision; none where it was not there."""
    parent = folder.parent
    commit = commit_of(parent, revision)
    found = _git(parent, "ls-tree", "-z", "--name-only", commit, f"./{folder.name}/")
    names = found.stdout.decode("utf-8", "surrogateescape").split("\0")
    return tuple(Path(name).name for name in names if name)


def _git(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[bytes]":
    """Run git in `folder`: of our environment it sees nothing of another repository."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    command = ["git", "--no-pager", "--no-replace-objects", "-C", str(folder), *arguments]
    try:
        return subprocess.run(  # noqa: S603 - our own arguments; none is read by a shell
            command,
            env=kept | _ASKED_BARELY,
            stdin=subprocess.DEVNULL,
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
