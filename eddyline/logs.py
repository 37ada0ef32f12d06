"""Logs of a worker: on stderr, as text or as a JSON object a line. They never hold a customer's properties."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime

from stream.errors import InputError

LEVELS = ("debug", "info", "warning", "error")


class JsonFormatter(logging.Formatter):
    """One JSON object a line.

    >>> record = logging.LogRecord("worker", logging.INFO, "", 0, "took over %d", (3,), None)
    >>> record.created = 0.0
    >>> JsonFormatter().format(record)
    '{"time": "1970-01-01T00:00:00.000Z", "level": "info", "logger": "worker", "message": "took over 3"}'
    """

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON."""
        time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        line = {
            "time": time,
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def configure(level: str, *, as_json: bool) -> None:
    """Send logs to stderr; the Kafka client's own only at level debug.

    Raises
    ------
    InputError
        When there is no such level.
    """
    if level.lower() not in LEVELS:
        raise InputError(f"there is no log level {level!r}; there are {', '.join(LEVELS)}")
    handler = logging.StreamHandler(sys.stderr)
    text = logging.Formatter("%(asctime)s %(levelname)-7s %(message)s", "%Y-%m-%dT%H:%M:%S")
    handler.setFormatter(JsonFormatter() if as_json else text)
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    # What goes over the wire, such as logins and customers' events, is nobody's to read.
    for wire in ("kafka.net", "kafka.protocol", "redis"):
        logging.getLogger(wire).setLevel(logging.INFO if level.lower() == "debug" else logging.CRITICAL)
    # The Kafka client reports each attempt to connect as an error; what comes of it is raised, and said once.
    logging.getLogger("kafka").setLevel(logging.DEBUG if level.lower() == "debug" else logging.CRITICAL)
