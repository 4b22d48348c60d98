"""What a file is by its first bytes, where its name or its model file says otherwise."""

from __future__ import annotations

import re

from include.registry.source import CODECS

HEAD_BYTES = 1 << 12
_PACKED = {"gzip": rb"\x1f\x8b", "bz2": rb"BZh[1-9]1AY&SY", "zstd": rb"\x28\xb5\x2f\xfd"}
_BYTES = {
    b"PAR1": "a Parquet file (name it *.parquet, or say kind: parquet)",
    b"PK\x03\x04": "a ZIP archive or a spreadsheet",
    b"\xd0\xcf\x11\xe0": "a spreadsheet", b"%PDF": "a PDF document", b"SQLite format 3": "an SQLite database",
    b"\xff\xfe\0\0": "text of four bytes a letter (UTF-32)",
    b"\x89PNG": "a picture", b"\x93NUMPY": "a NumPy array", b"\x7fELF": "a program", b"\x89HDF": "an HDF5 file",
    b"ARROW1\0\0": "an Arrow (Feather) file", b"Obj\x01": "an Avro file", b"7z\xbc\xaf": "a 7z archive",
    b"Rar!\x1a\x07": "a RAR archive", b"\xfd7zXZ\0": "a file packed by xz",
}  # fmt: skip
_JSON = rb'(\xef\xbb\xbf)?\s*(\[\s*)?\{\s*"[^"\n]*"\s*:'
_TEXTS = {
    rb"(\xef\xbb\xbf)?\s*(?i:<(!doctype|html|\?xml|head|body)[\s>])": "a web page or XML",
    rb"version https://git-lfs\.github\.com/spec/": "what Git keeps in the place of a large file (git lfs pull)",
    _JSON: "JSON (one object a line is read with kind: json_lines)",
}
_OWN = {"Parquet": b"PAR1", "JSON Lines": _JSON}  # how files of a kind begin themselves


def other_kind(head: bytes, kind: str, codec: str | None = None) -> str:
    """What the bytes at the beginning of a file say that it is, other than `kind`; empty where they say nothing.

    >>> other_kind(b"PAR1", "CSV"), other_kind(b"PAR1", "Parquet"), other_kind(b"at,sales,price", "CSV", "gzip")
    ('a Parquet file (name it *.parquet, or say kind: parquet)', '', 'a file that is not packed by gzip')
    """
    if codec is not None:
        packed = len(head) < len(b"BZh91AY&SY") or not head.strip(b"\0") or re.match(_PACKED[codec], head)
        return "" if packed else f"a file that is not packed by {codec}"
    for name, mark in _PACKED.items():
        if re.match(mark, head):
            ending = next(each for each, known in CODECS.items() if known == name)
            return f"a file packed by {name} (name it *{ending})"
    own = _OWN.get(kind)
    found = [told for mark, told in _BYTES.items() if mark != own and head.startswith(mark)]
    found += [told for pattern, told in _TEXTS.items() if pattern != own and re.match(pattern, head)]
    return found[0] if found else ""
