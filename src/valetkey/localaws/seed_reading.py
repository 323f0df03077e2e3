"""A seed file, read strictly; and what it refers to: other files, the environment, policies.

A wrong seed gives one sentence that names the file, the place in it and the reason.
"""

import base64
import binascii
import json
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec

from valetkey.iam import Layer, PolicyError, parse_policy
from valetkey.localaws.errors import LocalAwsError
from valetkey.localaws.seed_shape import Document, ObjectTable, SeedTables

_AT = re.compile(r"(?s)(.*?)(?: - at `(?:key in )?\$\.?(.*)`)?")


@dataclass(frozen=True, slots=True)
class Seed:
    """What a local AWS shall have at its start. `source` is what errors call it."""

    source: str
    tables: SeedTables
    folder: Path  # where relative references begin
    environ: Mapping[str, str] = field(repr=False)

    def refuse(self, place: str, why: str, *, hint: str | None = None) -> LocalAwsError:
        """Return the error for what stands at `place`."""
        where = f"{self.source}: {place}" if place else self.source
        return LocalAwsError("bad-seed", f"{where}: {why}", hint=hint)

    def text(self, value: str, *, place: str) -> str:
        """Return a value that may stand elsewhere: `file:PATH`, `env:NAME`, or the text itself."""
        kind, _, where = value.partition(":")
        if kind == "env":
            if where not in self.environ:
                raise self.refuse(place, f"the variable `{where}` is not set")
            return self.environ[where]
        if kind != "file":
            return value
        try:
            return self._file(where, place=place).decode()
        except UnicodeDecodeError:
            raise self.refuse(place, f"`{where}` is not UTF-8 text") from None

    def content(self, value: str | ObjectTable, *, place: str) -> bytes:
        """Return the bytes of an object: text, `file:PATH`, `env:NAME` or `base64:…`."""
        if isinstance(value, ObjectTable):
            given = [each for each in (value.text, value.file, value.base64) if each is not None]
            if len(given) != 1:
                raise self.refuse(place, "one of `text`, `file` and `base64` says what is in it")
            if value.text is not None:
                return value.text.encode()
            value = f"file:{value.file}" if value.file is not None else f"base64:{value.base64}"
        kind, _, rest = value.partition(":")
        if kind == "file":
            return self._file(rest, place=place)
        if kind != "base64":
            return self.text(value, place=place).encode()
        try:
            return base64.b64decode(rest, validate=True)
        except (binascii.Error, ValueError):
            raise self.refuse(place, "it is not base64") from None

    def policy(self, document: Document, layer: Layer, *, place: str) -> str:
        """Return a policy as JSON text, which IAM would take as one of this layer.

        Statements without a document around them get Version 2012-10-17; what is a document,
        in TOML or JSON, is left as it is.
        """
        if isinstance(document, str):
            text = self.text(document, place=place).strip()
            if document.startswith("file:"):
                place = f"{place}: `{document.removeprefix('file:')}`"
        else:
            text = _json(document)
        try:
            parse_policy(text, name="seed", layer=layer)
        except PolicyError as error:
            raise self.refuse(place, error.message, hint=error.hint) from None
        return text

    def _file(self, where: str, *, place: str) -> bytes:
        try:
            return (self.folder / where).read_bytes()
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or "not a path"
            raise self.refuse(place, f"`{where}` can't be read: {why}") from None


def read_seed(path: Path, environ: Mapping[str, str] = os.environ) -> Seed:
    """Read a seed file. Raises LocalAwsError `bad-seed`."""
    source = f"`{path.name}`"
    try:
        found = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise LocalAwsError("bad-seed", f"{source} can't be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise LocalAwsError("bad-seed", f"{source}: {_lowered(str(error))}") from None
    except RecursionError:
        raise LocalAwsError("bad-seed", f"{source}: it is nested too deeply") from None
    return _seed(source, found, folder=path.parent, environ=environ)


def seed_of(
    mapping: Mapping[str, object], folder: Path, *, environ: Mapping[str, str] = os.environ
) -> Seed:
    """Return the seed that a mapping of a seed file's shape means; `folder` is for references."""
    return _seed("the seed", dict(mapping), folder=folder, environ=environ)


def _seed(
    source: str, found: dict[str, object], *, folder: Path, environ: Mapping[str, str]
) -> Seed:
    try:
        tables = msgspec.convert(found, SeedTables)
    except msgspec.ValidationError as error:
        match = _AT.fullmatch(str(error))
        why, place = (match[1], match[2]) if match else (str(error), None)
        where = f"{source}: `{place}`" if place else source
        hint = "docs/guides/local-aws.md has an example of every table and its keys"
        raise LocalAwsError("bad-seed", f"{where}: {_lowered(why)}", hint=hint) from None
    return Seed(source=source, tables=tables, folder=folder, environ=environ)


def _lowered(text: str) -> str:
    """Turn a library's words into ours: lower case, no period."""
    return text[:1].lower() + text[1:].rstrip(".")


def _json(document: list[dict[str, object]] | dict[str, object]) -> str:
    if isinstance(document, dict) and ("Statement" in document or "Version" in document):
        whole = document
    else:
        whole = {"Version": "2012-10-17", "Statement": document}
    return json.dumps(whole, default=_instant, ensure_ascii=False)


def _instant(value: object) -> str:
    """Return TOML's date or instant as IAM writes it; with a zone, in UTC."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return value.isoformat() if isinstance(value, date) else str(value)
