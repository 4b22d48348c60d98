"""Files of a version on this machine: what they are called, and a folder that is there as long as it is needed."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from pathlib import Path

MODEL_FILE = "model.skops"
FILES_FOLDER = "files"  # of a version whose files only the owner's command reads


class KeptFolder:
    """A temporary folder that is there as long as somebody refers to this."""

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="retraining-"))
        weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)
