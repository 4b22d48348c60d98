from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import os
import pickle
import tarfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import joblib
import numpy as np
import pytest

from include.retraining.trainers.pickles import _find, find_pickle, looks_like_pickle


class Payload:
    """Runs a command when it is unpickled."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("touch ran",)


def zipped(name: str, content: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("readme.txt", "a model")
        archive.writestr(name, content)
    return made.getvalue()


def tarred(content: bytes, mode: str) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode=mode) as archive:  # type: ignore[call-overload]
        entry = tarfile.TarInfo("model.bin")
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    return made.getvalue()


def without_magic(tar: bytes) -> bytes:
    """The same tar as it was written before `ustar` stood in it."""
    header = tar[:148] + b" " * 8 + tar[156:257] + bytes(8) + tar[265:512]
    return header[:148] + f"{sum(header):06o}\0 ".encode() + header[156:] + tar[512:]


class Counted(io.BytesIO):
    """Counts the bytes that are read."""

    read_bytes = 0

    def read(self, size: int | None = -1) -> bytes:
        found = super().read(size)
        self.read_bytes += len(found)
        return found


def saved(write: Callable[[io.BytesIO], object]) -> bytes:
    made = io.BytesIO()
    write(made)
    return made.getvalue()


HARMFUL = pickle.dumps(Payload())
PICKLES = {
    **{f"protocol {number}": pickle.dumps(Payload(), protocol=number) for number in range(6)},
    **{f"protocol {number} cut": pickle.dumps(Payload(), protocol=number)[:-1] + b"\xff" for number in range(6)},
    "without a protocol": pickle.dumps(Payload(), protocol=4)[11:],
    "of an object": pickle.dumps(Counter("aab"), protocol=0),
    "joblib": saved(lambda file: joblib.dump([Payload(), np.arange(9)], file)),
    **{f"joblib {way}": saved(lambda file, way=way: joblib.dump(Payload(), file, compress=(way, 3)))
       for way in ("zlib", "gzip", "bz2", "lzma", "xz")},
    "gzip": gzip.compress(HARMFUL), "bz2": bz2.compress(HARMFUL), "xz": lzma.compress(HARMFUL),
    "zlib": zlib.compress(HARMFUL),
    "large gzip": gzip.compress(pickle.dumps((np.random.default_rng(0).bytes(3_000_000), Payload()))),
    "tar of the seventh edition": without_magic(tarred(HARMFUL, "w")),
    "zip": zipped("archive/data.pkl", HARMFUL), "zip in a zip": zipped("inner.zip", zipped("data", HARMFUL)),
    "tar": tarred(HARMFUL, "w"), "tar.gz": tarred(HARMFUL, "w:gz"),
    "tar.gz in a zip": zipped("a", tarred(HARMFUL, "w:gz")),
    "array of objects": saved(lambda file: np.save(file, np.array([Payload()], dtype=object))),
    "arrays of objects": saved(lambda file: np.savez(file, a=np.array([Payload()], dtype=object))),
}  # fmt: skip
OTHERS = {
    "nothing": b"", "JSON": json.dumps({"weights": [1.0, 2.0]}).encode(), "zeros": bytes(3_000_000),
    "digits": b"0" * 2_000_000, "CSV": b"12.5,3\n" * 1000, "text": b"coefficients of x\n1.5 2.5\n",
    "YAML": b"# how\ncolumns:\n  - x\n", "array": saved(lambda file: np.save(file, np.arange(9.0))),
    "arrays": saved(lambda file: np.savez(file, a=np.arange(9.0))), "zip": zipped("a.json", b"{}"),
    "tar": tarred(b"{}", "w:gz"), "gzip": gzip.compress(b"{}"), "half a zip": zipped("a", b"b" * 500)[:300],
}  # fmt: skip


@pytest.mark.parametrize("content", PICKLES.values(), ids=PICKLES.keys())
def test_pickle_is_found_and_not_run(tmp_path: Path, content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.bin").write_bytes(content)
    assert find_pickle(tmp_path / "model.bin").startswith("model.bin")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("content", OTHERS.values(), ids=OTHERS.keys())
def test_other_files_are_no_pickles(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "model.bin").write_bytes(content)
    assert find_pickle(tmp_path / "model.bin") == ""


def test_of_a_large_file_only_the_beginning_is_read(tmp_path: Path) -> None:
    for beginning in (bytes(8), bytes([0x78, 0x9C]), b"\x1f\x8b\x08", b"BZh9", b"\xfd7zXZ\x00"):
        content = Counted(beginning + bytes(20 * 2**20))
        assert _find(content, "model.bin", 0) == ""
        assert content.read_bytes < 2 * 2**20


def test_weights_are_no_pickles() -> None:
    rng = np.random.default_rng(0)
    weights = [rng.normal(size=500).astype(kind).tobytes() for kind in ("f4", "f8") for _ in range(500)]
    assert not any(looks_like_pickle(content) for content in [*weights, *(rng.bytes(2000) for _ in range(500))])
