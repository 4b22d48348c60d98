"""Asks a person in Airflow's web interface or API, where a model file wants it. Imports Airflow, as `assets` does."""

from __future__ import annotations

from typing import Any

from airflow.providers.standard.operators.hitl import ApprovalOperator, HITLOperator
from airflow.sdk.exceptions import AirflowSkipException


class RetrainingApproval(ApprovalOperator):  # type: ignore[misc]  # the provider has no types
    """Waits for an answer without a worker's slot; skipped when there is nothing to ask.

    Airflow's operator answers a no by skipping what follows, which inside a mapped task group it does not do. Here the
    answer is passed on, ``{"approved": bool, "by": str}``, and the task that executes obeys it. A time that runs out
    is a no by nobody.
    """

    template_fields = (*ApprovalOperator.template_fields, "model_name")

    def __init__(self, *, model_name: Any, **kwargs: Any) -> None:
        super().__init__(subject="Retrain?", defaults=ApprovalOperator.REJECT, **kwargs)
        self.model_name = model_name

    def execute(self, context: Any) -> None:
        """Ask, and wait in the state ``awaiting_input``."""
        context["model_name"] = self.model_name
        from include import workflow
        from include.interfaces.airflow.messages import tell_approval
        from include.interfaces.airflow.outcomes import run_of, task_outcome
        from include.interfaces.reports.text import body_of, subject_of

        with task_outcome() as deployment:
            event = workflow.event_in_run(deployment, self.model_name, run_of(context["dag_run"], context["params"]))
            asked = None if event is None else workflow.question(deployment, event.id)
        if asked is None:
            raise AirflowSkipException(f"{self.model_name}: needs no approval")
        tell_approval(deployment, asked.event.id)
        self.subject, self.body, self.response_timeout = subject_of(asked), body_of(asked), asked.within
        super().execute(context)

    def execute_complete(self, context: Any, event: dict[str, Any]) -> dict[str, Any]:
        """Pass the answer on."""
        context["model_name"] = self.model_name
        answer = HITLOperator.execute_complete(self, context, event)
        user = answer["responded_by_user"] or {}
        return {"approved": answer["chosen_options"] == [self.APPROVE], "by": user.get("name") or user.get("id") or ""}
