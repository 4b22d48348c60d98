"""`AutomaticRetrainingOrchestrator`: from two tables to a decision, without Airflow and without a database."""

from include.orchestrator.orchestrator import AutomaticRetrainingOrchestrator

__all__ = ["AutomaticRetrainingOrchestrator"]
