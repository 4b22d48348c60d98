"""Files of a version on this machine: what they are called, and a folder that is there as long as it is needed."""

from __future__ import annotations

import weakref

from include.retraining.trainers.scratch import new_folder, remove

MODEL_FILE = "model.skops"
FILES_FOLDER = "files"  # of a version whose files only the owner's command reads


class KeptFolder:
    """A temporary folder that is there as long as somebody refers to this."""

    def __init__(self) -> None:
        self.path = new_folder()
        weakref.finalize(self, remove, self.path)
