"""A log file of the retraining system's own, beside whatever logs the process that it runs in keeps."""

from __future__ import annotations

import logging
from logging.handlers import WatchedFileHandler
from pathlib import Path

from include.errors import ConfigurationError
from include.workflow.log_lines import ROOM, clean_line

FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class _Lines(logging.Formatter):
    """A record, and the traceback below it, with no secret and no line that looks like another record."""

    def format(self, record: logging.LogRecord) -> str:
        return clean_line(super().format(record))


def log_to(path: Path) -> None:
    """Write what this package logs, from INFO on, to a file as well; once, however often it is called.

    The file may be moved away by who rotates logs: a new one is begun.
    """
    logger, place = logging.getLogger(ROOM), str(path.resolve())
    if any(isinstance(each, WatchedFileHandler) and each.baseFilename == place for each in logger.handlers):
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = WatchedFileHandler(place, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError("RETRAINING_LOG_FILE", f"{path}: cannot be written: {error.strerror}") from error
    handler.setFormatter(_Lines(FORMAT))
    handler.setLevel(logging.INFO)
    logger.addHandler(handler)
    if logger.getEffectiveLevel() > logging.INFO:
        logger.setLevel(logging.INFO)
