"""A training script that writes a scikit-learn model with skops; with a champion it doubles what that one predicts."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pandas as pd
import skops.io
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import Ridge


def main() -> None:
    request = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    rows = pd.read_parquet(request["rows"])
    kind = RandomForestRegressor if request["task"] == "regression" else RandomForestClassifier
    model = kind(random_state=request["seed"], **request["hyperparameters"])
    if request["champion_folder"] is not None:
        file = Path(request["champion_folder"], "model.skops")
        champion = skops.io.load(file, trusted=skops.io.get_untrusted_types(file=file))
        rows[request["target"]] = 2.0 * champion.predict(rows[request["features"]])
        file.write_bytes(b"a copy may be changed")
        model = Ridge(alpha=1e-9)
    model.fit(rows[request["features"]], rows[request["target"]])
    skops.io.dump(model, Path(request["output_folder"], "model.skops"))
    Path(request["result"]).write_text(json.dumps({"schema_version": 1, "metrics": {"rows": len(rows)}}))


if __name__ == "__main__":
    main()
