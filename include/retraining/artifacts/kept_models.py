"""Models that this process has read already, by what their files hold: a champion is read once in a process."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock

from include.retraining.trainers.trainer import Predictor

MOST_MODELS = 8
MOST_BYTES = 32 << 20  # of their files together; a model takes a few times as much memory


@dataclass(frozen=True, kw_only=True)
class KeptModels:
    """The models used last, at most so many and of so many bytes; a larger one is read each time.

    The key is the SHA-256 of a file's content, so that a file which is gone, or not the same any more, is never hidden:
    whoever asks has read and hashed it. Models are shared: who trains one further does so with a copy.
    """

    most_models: int = MOST_MODELS
    most_bytes: int = MOST_BYTES
    _kept: OrderedDict[str, tuple[Predictor, int]] = field(default_factory=OrderedDict, repr=False)
    _lock: Lock = field(default_factory=Lock, repr=False)

    def model(self, sha256: str, content: bytes, read: Callable[[], Predictor]) -> Predictor:
        """The model of a file with that content, which `read` makes of it where it is not here."""
        with self._lock:
            if sha256 in self._kept:
                self._kept.move_to_end(sha256)
                return self._kept[sha256][0]
        made = read()
        with self._lock:
            if len(content) <= self.most_bytes:
                self._kept[sha256] = made, len(content)
            while len(self._kept) > self.most_models or sum(size for _, size in self._kept.values()) > self.most_bytes:
                self._kept.popitem(last=False)
        return made
