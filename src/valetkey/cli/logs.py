"""The operator's log: one line an event, a constant sentence and its fields."""

import logging
import time

from valetkey.cli.output import printable

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class OperatorFormatter(logging.Formatter):
    """Formats `2026-11-21T08:00:00Z warning valetkey.web: a sentence code=… detail=…`."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, with nothing in it that could rewrite a terminal."""
        instant = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created))
        fields = "".join(
            f" {name}={value!r}"
            for name, value in vars(record).items()
            if name not in _STANDARD and value is not None
        )
        head = f"{instant} {record.levelname.lower()} {record.name}: "
        line = head + printable(record.getMessage() + fields)
        if record.exc_info and record.levelno <= logging.DEBUG:
            line += "\n" + self.formatException(record.exc_info)
        return line
