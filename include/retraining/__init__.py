"""From a decision to a proven version: prepare, train, validate, publish."""

from include.retraining.executor import Champion, RetrainingExecutor

__all__ = ["Champion", "RetrainingExecutor"]
