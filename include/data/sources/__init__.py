"""Where rows come from: files, folders, object storage, SQL; read a batch at a time."""

from include.data.sources.read import Rows, read_both, read_rows, read_timed

__all__ = ["Rows", "read_both", "read_rows", "read_timed"]
