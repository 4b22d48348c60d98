"""Two tables, written as files of a kind and read as a model's reference and recent rows."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from include.data.sources.read import Rows, read_both
from include.registry.loader import load_model_file


def read_pair(root: Path, kind: str, reference: pd.DataFrame, recent: pd.DataFrame) -> tuple[Rows, Rows]:
    """Both, as a model without times reads them; the target is ``y``."""
    for name, table in (("reference", reference), ("recent", recent)):
        if kind == "csv":
            table.to_csv(root / name, index=False)
        elif kind == "parquet":
            table.to_parquet(root / name)
        else:
            table.to_json(root / name, orient="records", lines=True)
    source = {"kind": kind, "reference_path": "reference", "recent_path": "recent"}
    fields = {"task": "regression", "source": source, "target": "y", "metric": "rmse"}
    (root / "m.yaml").write_text(json.dumps(fields))
    return read_both(load_model_file(root / "m.yaml"), root)
