"""The steps for one model, and the function behind each; the DAG has the arrows, and what is around them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from include.decision.decision import Decision
from include.errors import NothingToDo
from include.records.entries import ChampionChange, Event, Run
from include.workflow.approve import hold
from include.workflow.deployment import Deployment
from include.workflow.rollback import roll_back_in_run
from include.workflow.steps.analyze import analyze
from include.workflow.steps.complete import log_completion
from include.workflow.steps.decide import decide
from include.workflow.steps.execute import execute

#: The steps in their order, the task of the DAG that takes each, and the function in this folder that does it. Analyze
#: and decide take a batch of models at a time (batch.py, include/interfaces/airflow/batches.py), the others one model
#: each. The DAG draws the arrows: a decision asks for one of `roll_back` and `execute` at most, so that they may be
#: taken side by side. A model of which nothing is to be done ends at `decide`. Around the steps the DAG chooses models
#: (batches.py, due.py), looks again at those that failed beside others, and tells people (delivery.py).
STEPS: Mapping[str, str] = {
    "analyze": "analyze_retraining_need",  # steps/analyze.py: analyze
    "decide": "check_retraining_decision",  # steps/decide.py: decide; opens the event
    "roll_back": "roll_back_champion",  # rollback.py: roll_back_in_run
    "approve": "approve_retraining",  # approve.py: question, put in Airflow
    "execute": "execute_retraining",  # below: execute_in_run; in the records a promoted version is champion now
    "publish": "publish_champion",  # publication.py: publish; its files follow, and consumers are told
    "log": "log_retraining_completion",  # steps/complete.py: log_completion
}


@dataclass(frozen=True, kw_only=True)
class CameTo:
    """What a run came to for one model.

    Parameters
    ----------
    decision : Decision
    event : Event or None
        As it ended; None when the decision did not fire.
    change : ChampionChange or None
        The former champion that the run brought back; None for none.
    """

    decision: Decision
    event: Event | None
    change: ChampionChange | None


def run_model(deployment: Deployment, model_name: str, run: Run) -> CameTo:
    """Take the steps for one model, in this process: asks nobody for approval, and leads no consumer to a champion.

    For the command line, replays and tests; the DAG takes each step in a task.
    """
    analyze(deployment, model_name, run)
    decision, event = decide(deployment, model_name, run)
    change = roll_back_in_run(deployment, model_name, run)
    if event is not None:
        event = execute(deployment, event.id)
    log_completion(deployment, model_name, run)
    return CameTo(decision=decision, event=event, change=change)


def event_in_run(deployment: Deployment, model_name: str, run: Run) -> Event | None:
    """The event that the run decided on for a model; None where it is to be left alone."""
    found = deployment.store.decision(model_name, run.run_id)
    return None if found is None else found[1]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a person said to the question about an event; `by` is empty where it is not known who, or nobody did."""

    approved: bool
    by: str = ""


def execute_in_run(deployment: Deployment, event_id: int, run: Run, answer: Answer | None = None) -> Event:
    """The step of a run that executes an event, or closes it as held where somebody has said no.

    Parameters
    ----------
    answer : Answer or None
        None where no approval is needed.

    Raises
    ------
    NothingToDo
        In a dry run.
    """
    if run.dry_run:
        raise NothingToDo(f"event {event_id}: a dry run decides, and executes nothing")
    if answer is None:
        return execute(deployment, event_id)
    if not answer.approved:
        return hold(deployment, event_id, answer.by)
    return execute(deployment, event_id, approved_by=answer.by or "somebody unnamed")
