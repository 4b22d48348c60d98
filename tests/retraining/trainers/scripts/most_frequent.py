"""A training script that gives the shares of the classes as probabilities."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pandas as pd


def main() -> None:
    request = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    rows = pd.read_parquet(request["rows"])
    if request["purpose"] == "train":
        shares = rows[request["target"]].value_counts(normalize=True).sort_index().to_dict()
        folder = Path(request["output_folder"], "inner")
        folder.mkdir()
        (folder / "shares.json").write_text(json.dumps(shares))
        Path(request["result"]).write_text(json.dumps({"schema_version": 1, "classes": list(shares)}))
        return
    shares = json.loads(Path(request["model_folder"], "inner", "shares.json").read_text())
    made = {"prediction": [max(shares, key=shares.get)] * len(rows)}
    made.update({f"probability_{name}": [shares[name]] * len(rows) for name in request["classes"]})
    pd.DataFrame(made).to_parquet(request["predictions"])


if __name__ == "__main__":
    main()
