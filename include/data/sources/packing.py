"""Files that are packed: by which codec, by their names, and what is in them."""

from __future__ import annotations

from pathlib import Path
from typing import IO, cast

import pyarrow as pa

from include.registry.source import CODECS


def codec_of(file: str | Path) -> str | None:
    """What a file of that name is packed by; None for none.

    >>> codec_of("a/X.CSV.GZ"), codec_of("a.gz/x.csv")
    ('gzip', None)
    """
    return CODECS.get(Path(str(file)).suffix.lower())


def without_packing(name: str) -> str:
    """The name without the ending of a codec.

    >>> without_packing("x.csv.bz2"), without_packing("x.csv")
    ('x.csv', 'x.csv')
    """
    return name[: -len(Path(name).suffix)] if codec_of(name) else name


def unpacked(file: str | Path, stream: pa.NativeFile | IO[bytes]) -> pa.NativeFile | IO[bytes]:
    """What is in a file of that name, as a stream; the given one itself where it is not packed."""
    codec = codec_of(file)
    return stream if codec is None else cast(pa.NativeFile, pa.CompressedInputStream(stream, codec))
