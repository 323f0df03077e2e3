"""An UpdateItem that is refused leaves its item as it was: the storage writes clause by clause."""

from collections.abc import Callable
from copy import deepcopy

from valetkey.localaws.models import Params
from valetkey.localaws.storage import Storage


def undo_of(params: Params, storage: Storage) -> Callable[[], None]:
    """Return what puts the item that an UpdateItem names back as it is now.

    Where table or key are not what they should be there is nothing to put back.
    """
    table = storage.dynamodb.tables.get(params["TableName"].rpartition("/")[2])
    names = () if table is None else (table.hash_key_attr, table.range_key_attr)
    if table is None or set(params["Key"]) != {name for name in names if name}:
        return lambda: None
    hash_key, range_key = storage.dynamodb.get_keys_value(table, params["Key"])
    before = deepcopy(table.get_item(hash_key, range_key))

    def undo() -> None:
        table.delete_item(hash_key, range_key)
        if before is not None and range_key is None:
            table.items[hash_key] = before
        elif before is not None:
            table.items[hash_key][range_key] = before

    return undo
