"""PartiQL statements of DynamoDB: our own strict reading, text and parameters to a value.

Standard: "PartiQL statements for DynamoDB" (developer guide), of which this reads a part. Joins,
aliases, expressions, functions of sets and lists, EXISTS and nested projections are refused, and
so is every word that could be read in two ways.
"""

import re
from collections.abc import Sequence

from valetkey.localaws.dynamodb_keys import invalid
from valetkey.localaws.dynamodb_partiql_conditions import read_condition
from valetkey.localaws.dynamodb_partiql_reader import Reader
from valetkey.localaws.dynamodb_partiql_shapes import (
    AttributeValue,
    Condition,
    Delete,
    Insert,
    Order,
    Path,
    Returning,
    Select,
    Statement,
    Update,
    paths_of,
)
from valetkey.localaws.dynamodb_partiql_words import unreadable

_NAME = re.compile(r"[A-Za-z0-9_.-]{3,255}")  # of tables and indexes


def parse_statement(text: str, parameters: Sequence[AttributeValue]) -> Statement:
    """Return what the statement says, with a parameter for each `?` in their order.

    Raises AwsError ValidationException for whatever is not read here; nothing but the text and
    the parameters decides that.
    """
    reader = Reader(text, parameters)
    word = reader.take()
    found: Statement
    if word.is_keyword("SELECT"):
        found = _select(reader)
    elif word.is_keyword("INSERT"):
        found = _insert(reader)
    elif word.is_keyword("UPDATE"):
        found = _update(reader)
    elif word.is_keyword("DELETE"):
        found = _delete(reader)
    else:
        raise unreadable(word)
    reader.end()
    return found


def _select(reader: Reader) -> Select:
    attributes: list[Path] = []
    if not reader.took_sign("*"):
        attributes.append(_attribute(reader))
        while reader.took_sign(","):
            attributes.append(_attribute(reader))
    reader.expect("FROM")
    table, index = _table(reader), None
    if reader.took_sign("."):
        index = _table(reader)
    where = read_condition(reader) if reader.took("WHERE") else None
    order = _order(reader)
    named = [path.attribute for path in attributes]
    if len(set(named)) != len(named):
        raise invalid("A SELECT names an attribute twice")
    ordered = () if order is None else (order.path,)
    _check_paths((*attributes, *ordered, *paths_of(where)), table, index or table)
    return Select(table, index, tuple(attributes), where, order)


def _order(reader: Reader) -> Order | None:
    if not reader.took("ORDER"):
        return None
    reader.expect("BY")
    path = _attribute(reader)
    descending = reader.took("DESC")
    if not descending:
        reader.took("ASC")
    return Order(path, descending)


def _insert(reader: Reader) -> Insert:
    reader.expect("INTO")
    table = _table(reader)
    reader.expect("VALUE")
    return Insert(table, reader.item())


def _update(reader: Reader) -> Update:
    table = _table(reader)
    sets: list[tuple[Path, AttributeValue]] = []
    removes: list[Path] = []
    while reader.next.is_keyword("SET", "REMOVE"):
        setting = reader.take().is_keyword("SET")
        while True:
            path = reader.path()
            if setting:
                reader.expect_sign("=")
                sets.append((path, reader.value()))
            else:
                removes.append(path)
            if not reader.took_sign(","):
                break
    changed = [path for path, _ in sets] + removes
    if not changed:
        raise unreadable(reader.next)
    _check_apart(changed)
    where = _where(reader)
    _check_paths((*changed, *paths_of(where)), table, table)
    return Update(table, tuple(sets), tuple(removes), where, _returning(reader))


def _delete(reader: Reader) -> Delete:
    reader.expect("FROM")
    table = _table(reader)
    where = _where(reader)
    _check_paths(paths_of(where), table, table)
    returning = _returning(reader)
    if returning not in {None, Returning.ALL_OLD}:
        raise invalid("DELETE returns ALL OLD * only")
    return Delete(table, where, returning)


def _where(reader: Reader) -> Condition:
    reader.expect("WHERE")
    return read_condition(reader)


def _returning(reader: Reader) -> Returning | None:
    if not reader.took("RETURNING"):
        return None
    scope, moment = reader.take(), reader.take()
    if not scope.is_keyword("ALL", "MODIFIED"):
        raise unreadable(scope)
    if not moment.is_keyword("OLD", "NEW"):
        raise unreadable(moment)
    reader.expect_sign("*")
    kind = "ALL" if scope.is_keyword("ALL") else "UPDATED"
    return Returning(f"{kind}_{moment.text.upper()}")


def _table(reader: Reader) -> str:
    name = reader.name().text
    if not _NAME.fullmatch(name):
        raise invalid("Invalid table or index name")
    return name


def _attribute(reader: Reader) -> Path:
    """Return a path of one step: what a nested one is called in an answer is not modelled."""
    path = reader.path()
    if len(path.steps) > 1:
        raise invalid("valetkey's local AWS does not model nested paths there")
    return path


def _check_paths(paths: Sequence[Path], *sources: str) -> None:
    """Refuse a path that begins with the table's or index's name: is it that, or an attribute?"""
    names = {source.lower() for source in sources}
    if any(path.attribute.lower() in names for path in paths):
        raise invalid("A path begins with the name of its table or index: that is not modelled")


def _check_apart(paths: Sequence[Path]) -> None:
    """Refuse to change a path twice, or one within another."""
    for at, path in enumerate(paths):
        for other in paths[:at]:
            depth = min(len(path.steps), len(other.steps))
            if path.steps[:depth] == other.steps[:depth]:
                raise invalid("Two document paths overlap with each other")
