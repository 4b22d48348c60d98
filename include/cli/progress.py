"""What a command does that takes longer than two seconds, told on standard error while it does it."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

PATIENCE = 2.0  # seconds that nobody minds


@contextmanager
def progress(doing: str, *, patience: float = PATIENCE, stream: TextIO | None = None) -> Iterator[None]:
    """Tell what is being done once it has taken `patience` seconds; on a terminal with the seconds so far.

    Parameters
    ----------
    doing : str
        Such as ``reading sales.csv``.
    stream : text stream, optional
        By default standard error. On a terminal the line is rewritten and removed at the end, else it is written once.
    """
    out, done, began = stream or sys.stderr, threading.Event(), time.monotonic()
    alive, written = out.isatty(), False

    def tell() -> None:
        nonlocal written
        pause = patience
        while not done.wait(pause):
            pause = 1.0
            if alive:
                out.write(f"\r{doing} … {time.monotonic() - began:.0f} s")
            elif not written:
                out.write(f"{doing} …\n")
            written = True
            out.flush()

    thread = threading.Thread(target=tell, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
        if alive and written:
            out.write("\r\033[K")
            out.flush()
