"""An example of a training script: least squares, kept as JSON. It needs numpy and pyarrow, and nothing of ours.

    training:
      script:
        command: [/opt/jobs/venv/bin/python, /opt/jobs/least_squares.py]
        predict_command: [/opt/jobs/venv/bin/python, /opt/jobs/least_squares.py]

Both commands are this one: the request says what is wanted.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq


def main() -> None:
    request = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    train(request) if request["purpose"] == "train" else predict(request)


def train(request: dict[str, Any]) -> None:
    table = pq.read_table(request["rows"])
    categories = {name: sorted(set(table[name].drop_null().to_pylist())) for name in request["categorical"]}
    inputs = design(table, request, categories)
    target = table[request["target"]].to_numpy()
    penalty = float(request["hyperparameters"].get("penalty", 1e-6)) * np.eye(inputs.shape[1])
    weights = np.linalg.solve(inputs.T @ inputs + penalty, inputs.T @ target)
    model = {"weights": weights.tolist(), "categories": categories}
    Path(request["output_folder"], "model.json").write_text(json.dumps(model), encoding="utf-8")
    error = float(np.sqrt(np.mean((inputs @ weights - target) ** 2)))
    result = {"schema_version": 1, "metrics": {"training_rmse": error}}
    Path(request["result"]).write_text(json.dumps(result), encoding="utf-8")


def predict(request: dict[str, Any]) -> None:
    model = json.loads(Path(request["model_folder"], "model.json").read_text(encoding="utf-8"))
    inputs = design(pq.read_table(request["rows"]), request, model["categories"])
    pq.write_table(pa.table({"prediction": inputs @ np.array(model["weights"])}), request["predictions"])


def design(table: pa.Table, request: dict[str, Any], categories: dict[str, list[str]]) -> np.ndarray:
    """One column for each number (0 where missing), for each category, and for the level."""
    columns = [np.ones(table.num_rows)]
    for name in request["features"]:
        if name in categories:
            values = table[name].to_pylist()
            columns += [np.array([float(value == known) for value in values]) for known in categories[name]]
        else:
            columns.append(np.nan_to_num(table[name].to_numpy()))
    return np.column_stack(columns)


if __name__ == "__main__":
    main()
