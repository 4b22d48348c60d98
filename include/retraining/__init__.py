"""From a decision to a proven version: prepare, train, validate, publish."""

from include.retraining.accepted import Champion
from include.retraining.project import RetrainingExecutor

__all__ = ["Champion", "RetrainingExecutor"]
