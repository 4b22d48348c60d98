"""What whoever wanted a retraining said of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What whoever wanted a retraining said of it; empty where nobody did.

    Parameters
    ----------
    by : str
        Whose wish it is; empty for the run itself.
    notes : str
        For the record.
    training_data_path : str
        Where the rows are that it is to be trained on, besides those of the model file.
    hyperparameters : mapping
        For this retraining only.
    """

    by: str = ""
    notes: str = ""
    training_data_path: str = ""
    hyperparameters: Mapping[str, Any] = field(default_factory=dict)
