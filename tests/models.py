"""Model files for tests that need a registered model."""

from __future__ import annotations

import shutil
from pathlib import Path

PROJECT_ROOT = Path(__file__).resolve().parent.parent

CHANGED = (PROJECT_ROOT / "include" / "models" / "demand.yaml").read_text(encoding="utf-8")
RAISING = CHANGED + "training: {hyperparameters: {max_iter: -1}}\n"
BROKEN = "task: regression\nsource: [unclosed\n"


def models_dir(folder: Path, **files: str) -> Path:
    """Write model files: ``quiet`` is always there (irises, nothing changes), others by name and text."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(PROJECT_ROOT / "include" / "models" / "iris.yaml", folder / "quiet.yaml")
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder
