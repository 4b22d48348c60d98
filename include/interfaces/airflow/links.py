"""Links from a task to the model's page, to its decision and to its report. Imports Airflow, as `assets` does.

The addresses have no leading slash: Airflow's interface looks for them below its own path, whatever that is.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any
from urllib.parse import quote, urlencode

from airflow.sdk import BaseOperatorLink

from include.workflow.batches import is_of_several


class _ModelLink(BaseOperatorLink):  # type: ignore[misc]  # Airflow is typed only in part
    """A link that is made when a task has ended: its label is the model's name by then."""

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """The address; the view of all models for a task of several, or that ended before it knew its model."""
        label = getattr(ti_key, "rendered_map_index", None)
        return self.address(label, ti_key.run_id) if label and not is_of_several(label) else "retraining/page/fleet"

    @abstractmethod
    def address(self, model: str, run_id: str) -> str:
        """Where it leads."""


class ModelLink(_ModelLink):
    """To the page of the model."""

    name = "Model"

    def address(self, model: str, run_id: str) -> str:
        """Where it leads."""
        return f"retraining/page/model?{urlencode({'model': model})}"


class DecisionLink(_ModelLink):
    """To what the run decided about the model."""

    name = "Decision"

    def address(self, model: str, run_id: str) -> str:
        """Where it leads."""
        return f"retraining/page/decision?{urlencode({'model': model, 'run_id': run_id})}"


class ReportLink(_ModelLink):
    """To the report of the run on the model."""

    name = "Report"

    def address(self, model: str, run_id: str) -> str:
        """Where it leads."""
        query = urlencode({"format": "html", "run_id": run_id})
        return f"retraining/api/v1/models/{quote(model, safe='')}/report?{query}"


LINKS = (ModelLink(), DecisionLink(), ReportLink())
