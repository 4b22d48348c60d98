"""Files that hold the same content are read once: a download beside its copy, a file beside its archive."""

from __future__ import annotations

import hashlib
import logging
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

import pyarrow as pa

from include.data.sources.files import Files
from include.data.sources.packing import codec_of, unpacked

log = logging.getLogger(__name__)

END_BYTES = 1 << 16  # of a file's beginning and of its end; files of one size that differ nearly always differ there
_PIECE = 1 << 20
_MD5 = re.compile(r'"?[0-9a-f]{32}"?')  # the tag of an object that was sent in one part is the MD5 of its content

File = str | Path


def distinct_files(files: Files, found: Sequence[File]) -> list[File]:
    """`found`, in the same order, without those that hold the same content as an earlier one.

    Content is what a reader sees: of a packed file what is in it. Only files of the same length are looked into, and
    at first only at both of their ends; objects in storage are told apart by their tags where those are hashes of the
    content. A file that cannot be read is left in, so that the reader says so.
    """
    if len(found) < 2:
        return list(found)
    alike: dict[int | str, list[File]] = {}
    for file in found:
        alike.setdefault(_length(files, file), []).append(file)
    content = {file: mark for group in alike.values() for file, mark in _marks(files, group).items()}
    first: dict[tuple[str, ...], File] = {}
    for file in found:
        partition = (part for part in str(file).split("/")[:-1] if "=" in part)  # which tells rows apart as well
        earlier = first.setdefault((content[file], *partition), file)
        if earlier != file:
            log.warning("%s holds the same content as %s: read once", file, earlier)
    return list(first.values())


def _length(files: Files, file: File) -> int | str:
    """Bytes of the content modulo 2^32, which gzip notes and others do not; the file's name where it cannot be told."""
    codec = codec_of(file)
    if codec is None:
        return files.size(file) % 2**32
    try:
        with files.raw(file) as stream:
            if codec == "gzip":
                stream.seek(-4, 2)
                return int.from_bytes(stream.read(4), "little")
            return sum(map(len, _pieces(file, stream))) % 2**32
    except (OSError, ValueError):
        return str(file)


def _marks(files: Files, group: Sequence[File]) -> dict[File, str]:
    """What tells apart the contents of files of one length."""
    if len(group) == 1:
        return {group[0]: str(group[0])}
    tags = {file: files.tag(file) for file in group}
    if any(codec_of(file) for file in group):
        return {file: _whole(files, file) for file in group}
    if all(_MD5.fullmatch(tag) for tag in tags.values()):
        return tags
    ends = {file: _ends(files, file) for file in group}
    often, whole = Counter(ends.values()), dict[str, str]()
    for file in group:
        if often[ends[file]] > 1:
            same = tags[file] or str(file)
            if same not in whole:
                whole[same] = _whole(files, file)
            ends[file] = whole[same]
    return ends


def _ends(files: Files, file: File) -> str:
    try:
        with files.raw(file) as stream:
            digest = hashlib.sha256(stream.read(END_BYTES))
            stream.seek(max(files.size(file) - END_BYTES, 0))
            digest.update(stream.read(END_BYTES))
            return f"ends {digest.hexdigest()}"
    except OSError:
        return str(file)


def _whole(files: Files, file: File) -> str:
    digest = hashlib.sha256()
    try:
        with files.raw(file) as stream:
            for piece in _pieces(file, stream):
                digest.update(piece)
    except (OSError, pa.ArrowException):
        return str(file)
    return digest.hexdigest()


def _pieces(file: File, stream: IO[bytes]) -> Iterator[bytes]:
    """What the reader sees."""
    content = unpacked(file, stream)
    while piece := content.read(_PIECE):
        yield piece
