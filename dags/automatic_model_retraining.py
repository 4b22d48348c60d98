"""Keeps the registered models good.

Every six hours, for each model file in `include/models/` that is due by its `check_every`: **analyze** what changed
since the champion was accepted, **decide** whether a retrain pays, **execute** it (train a challenger, prove on rows
that neither model has seen that it beats the champion, publish it or leave the champion alone), and **log** what
happened and why. A new champion that does worse than the one before it (probation) is **rolled back**; with
`rollback_to` a run does nothing but that.

Models are analyzed and decided in **batches**: up to 20 models each is a batch of its own, of more models up to 25
share one, and there are 200 batches at most. Every other step has a task only for a model that needs it: one that is
to be retrained, rolled back or published, or whose check failed beside other models. Their tasks have the model's name.

    registered_models → [a batch: analyze_retraining_need → check_retraining_decision] → models_to_act_on
    → [a model: check_model_again → roll_back_champion, approve_retraining → execute_retraining
       → publish_champion → log_retraining_completion] → notify, fail_run_if_any_model_failed

**Writes** `model_retraining_events` and its sister tables in the database behind the connection `retraining_db`, and
artifacts, what leads to the champion's files and a report of each run below `RETRAINING_ARTIFACTS_DIR` or, in
S3-compatible storage, `RETRAINING_ARTIFACTS`; the log task says where the report is, the run's note what was decided.
The report of a check that led to nothing is made of the record when somebody opens it.
When the champion of a model has changed, its asset `champion_<model>` has an event: downstream DAGs start.

**A failure is on record, too** (`retraining_failures`), for each try of each task below but a crash of the whole
machine: reports, `recommend` and the audit tell it.

**A rerun is safe.** Decisions are kept by model and run: clearing a task repeats no retrain, no rollback, and no
event of an asset, and doubles no row. A run of a past date, such as a backfill, is decided and on record, but without
`force` it retrains and rolls back nothing.

**Every try has an end**: one reading of a model's rows after the `timeout` of its file (30 minutes by default), a task
after three hours, a training after a day.

### When it fails
- `registered_models`: the folder of model files is missing, the run was given an unknown parameter or model, or `as_of`
  is later than now. Correct `RETRAINING_MODELS_DIR` or what the run was given; nothing has been looked at.
- `analyze_retraining_need`: a model file is wrong, or its rows cannot be read; the message names file and field.
  Correct it, then clear the task. *Skipped* is no failure: the model is paused, and the log says by whom and why. In a
  batch of several no model fails the task, but that Postgres is down or the process died: then it is tried again, and
  goes on where it ended.
- `check_retraining_decision`: no analysis is on record, or Postgres is down. Clear the analysis of that model.
- `models_to_act_on`: Postgres is down. It is retried; cleared, it repeats no retrain.
- `check_model_again`: the check of a model failed in a batch of several. The first try tells what it failed with, those
  after it check that model alone, and so does clearing the task. *Skipped* is no failure: the check had come to an end.
- `approve_retraining`: Postgres is down. Waiting for an answer is no failure, and neither is a no: the event is held.
- `execute_retraining`: the trainer raised, or the process died; the event row holds the error, and the next run tries
  again. *Skipped* is no failure: it was decided not to retrain.
- `roll_back_champion`: that version was never champion, or its artifact is missing or does not answer, or the model is
  being retrained; nothing has changed. *Skipped* is no failure: there was nothing to roll back.
- `publish_champion`: the champion's files are not below `RETRAINING_ARTIFACTS_DIR` of this worker (or below
  `RETRAINING_ARTIFACTS`), or nothing can be written there. The champion on record is what counts; the next run tries
  again.
- `log_retraining_completion`: another process still executes the event, or Postgres is down. It is retried; the next
  run closes what is left.
- `notify`: a service did not answer, or the connection that names the services is wrong; its log says which. What was
  not sent is sent by a retry, or by the next run. In the end the task succeeds whatever happened.
- `fail_run_if_any_model_failed`: one of the tasks above failed. The other models are not affected.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from airflow.sdk import TriggerRule, dag, get_current_context, task, task_group
from airflow.sdk.exceptions import AirflowSkipException

LONGEST_CHECK, LONGEST_TRAINING = timedelta(hours=3), timedelta(hours=24)  # of a try; then the task is failed
LABEL = "{{ model_name }}"  # each mapped task shows the model's name instead of a number


def _label(*model_names: str) -> None:
    from include.workflow.batches import label_of

    get_current_context()["model_name"] = label_of(model_names)  # type: ignore[typeddict-unknown-key]  # read by LABEL


def _params() -> dict[str, Any]:
    """The parameters of a run, which are the form of Airflow's web interface."""
    from include.interfaces.airflow.run_form import params

    return params()


@task(execution_timeout=LONGEST_CHECK)
def registered_models(params: dict[str, Any], dag_run: Any = None) -> list[list[str]]:
    """The models in batches: one model each while they are few."""
    from include import workflow
    from include.interfaces.airflow import batches
    from include.interfaces.airflow.outcomes import chosen_models, task_outcome

    with task_outcome() as deployment, workflow.noting(deployment, dag_run.run_id, step="choose"):
        return batches.choose(deployment, chosen_models(deployment, params, dag_run), params)


@task(map_index_template=LABEL, execution_timeout=LONGEST_CHECK)
def analyze_retraining_need(
    model_names: list[str], dag_run: Any = None, params: Any = None, ti: Any = None
) -> list[dict[str, Any]]:
    _label(*model_names)
    from include.interfaces.airflow import batches
    from include.interfaces.airflow.outcomes import check_of, task_outcome

    with task_outcome() as deployment:
        return batches.analyze(deployment, model_names, check_of(dag_run, params), before=ti.try_number - 1)


@task(map_index_template=LABEL, show_return_value_in_logs=False, execution_timeout=LONGEST_CHECK)
def check_retraining_decision(
    model_names: list[str], analyses: list[dict[str, Any]], dag_run: Any = None, params: Any = None
) -> dict[str, Any]:
    """Have done with the models that are to be left alone, and pass on which ones are not."""
    _label(*model_names)
    from include.interfaces.airflow import batches
    from include.interfaces.airflow.outcomes import run_of, task_outcome

    with task_outcome() as deployment:
        return batches.decide(deployment, model_names, run_of(dag_run, params))


@task(trigger_rule=TriggerRule.ALL_DONE, execution_timeout=LONGEST_CHECK)
def models_to_act_on(batches: Any, decided: Any, dag_run: Any = None, params: Any = None, ti: Any = None) -> list[str]:
    """The models that need tasks of their own: to be retrained, rolled back or published, or checked once more."""
    from include.interfaces.airflow.batches import go_on
    from include.interfaces.airflow.outcomes import run_of, task_outcome
    from include.interfaces.airflow.run_notes import LINES

    with task_outcome() as deployment:
        names, lines = go_on(deployment, batches, decided, run_of(dag_run, params), params["rollback_to"])
        ti.xcom_push(key=LINES, value=lines)
        return names


@task(map_index_template=LABEL, execution_timeout=LONGEST_CHECK)
def check_model_again(model_name: str, dag_run: Any = None, params: Any = None, ti: Any = None) -> None:
    """What failed beside other models, in a task of its own; its first try tells what it failed with."""
    _label(model_name)
    from include import workflow
    from include.interfaces.airflow.outcomes import check_of, task_outcome

    with task_outcome() as deployment:
        workflow.check_again(deployment, model_name, check_of(dag_run, params), first=ti.try_number == 1)


@task(map_index_template=LABEL, trigger_rule=TriggerRule.NONE_FAILED, execution_timeout=LONGEST_CHECK)
def roll_back_champion(model_name: str, dag_run: Any = None, params: Any = None) -> dict[str, Any]:
    """Obey `rollback_to` or a probation that failed; a run with `rollback_to` has skipped the steps before."""
    _label(model_name)
    from include import workflow
    from include.interfaces.airflow.outcomes import run_of, task_outcome
    from include.interfaces.reports import text

    with task_outcome() as deployment:
        change = workflow.roll_back_in_run(deployment, model_name, run_of(dag_run, params), params["rollback_to"] or "")
        if change is None:
            raise AirflowSkipException(f"{model_name}: nothing to roll back")
        return text.of_change(change)


@task(
    map_index_template=LABEL,
    pool="retraining",
    show_return_value_in_logs=False,
    trigger_rule=TriggerRule.NONE_FAILED,
    execution_timeout=LONGEST_TRAINING,
)
def execute_retraining(
    model_name: str, approval: dict[str, Any] | None, dag_run: Any = None, params: Any = None
) -> dict[str, Any]:
    """Obey decision and approval here: inside a mapped group neither a branch nor a no skips what follows."""
    _label(model_name)
    from include import workflow
    from include.interfaces.airflow.outcomes import run_of, task_outcome
    from include.interfaces.reports import text

    with task_outcome() as deployment:
        run = run_of(dag_run, params)
        event = workflow.event_in_run(deployment, model_name, run)
        if event is None:
            raise AirflowSkipException(f"{model_name}: the decision is not to retrain")
        answer = None if approval is None else workflow.Answer(**approval)
        return text.of_event(workflow.execute_in_run(deployment, event.id, run, answer))


@task(map_index_template=LABEL, trigger_rule=TriggerRule.ALL_DONE, execution_timeout=LONGEST_CHECK)
def publish_champion(
    model_name: str, dag_run: Any = None, params: Any = None, outlet_events: Any = None, inlet_events: Any = None
) -> dict[str, Any]:
    """Whatever happened: the files follow the champion on record, and downstream is told once of each change."""
    _label(model_name)
    from include import workflow
    from include.interfaces.airflow.assets import tell_downstream
    from include.interfaces.airflow.outcomes import run_of, task_outcome
    from include.interfaces.reports import text

    with task_outcome() as deployment:
        change = workflow.publish(deployment, model_name, run_of(dag_run, params))
        if change is None:
            raise AirflowSkipException(f"{model_name}: the champion is the one that downstream knows")
        tell_downstream(outlet_events, inlet_events, change, deployment.store.identity())
        return text.of_change(change)


@task(map_index_template=LABEL, trigger_rule=TriggerRule.ALL_DONE, execution_timeout=LONGEST_CHECK)
def log_retraining_completion(model_name: str, dag_run: Any = None, params: Any = None) -> str:
    """Return what the model came to, in a line: the run's note is made of these."""
    _label(model_name)
    from include import workflow
    from include.interfaces.airflow.outcomes import run_of, task_outcome, tell, tell_mlflow
    from include.interfaces.reports import text
    from include.interfaces.reports.files import file_report

    with task_outcome() as deployment:
        run = run_of(dag_run, params)
        found = workflow.log_completion(deployment, model_name, run, checks=not params["rollback_to"])
        change = workflow.change_in_run(deployment, model_name, run)
        why = "" if found else workflow.why_nothing(deployment, model_name, run.run_id)
        tell(text.of_model(model_name, found, change, why))
        if (page := file_report(deployment, model_name, run)) is not None:
            tell(f"Report: {page}")
        tell_mlflow(deployment, model_name, run)
        return text.in_short(model_name, found, change, why)


@task(
    trigger_rule=TriggerRule.ALL_DONE,
    retries=2,  # the next run waits for this one: a service that is away must not keep it from the models for long
    retry_delay=timedelta(seconds=90),
    execution_timeout=timedelta(minutes=5),
)
def notify(dag_run: Any = None, ti: Any = None) -> str:
    """Tell people, whatever happened; what cannot be told now never makes the run fail."""
    from include.interfaces.airflow.messages import tell_people_in_run

    return tell_people_in_run(dag_run, ti)


@task(trigger_rule=TriggerRule.ONE_FAILED, retries=0)
def fail_run_if_any_model_failed() -> None:
    """Without a failed leaf the run would be green, because the log task succeeds after a failure."""
    raise RuntimeError("at least one model failed: its red task and its event row say why")


@dag(
    schedule="0 */6 * * *",
    start_date=datetime(2026, 1, 1),  # noqa: DTZ001  # Airflow reads it in its `default_timezone`, and the schedule, too
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 2, "retry_delay": timedelta(seconds=20)},
    doc_md=__doc__,
    tags=["machine-learning", "retraining"],
    params=_params(),
)
def automatic_model_retraining() -> None:
    """Wire the checks of batches, and the steps for each model that needs more."""
    from include.interfaces.airflow.approval_operator import RetrainingApproval
    from include.interfaces.airflow.assets import CHAMPIONS
    from include.interfaces.airflow.links import LINKS

    steps: list[Any] = []

    @task_group(prefix_group_id=False)
    def each_batch(model_names: list[str]) -> Any:
        analyses = analyze_retraining_need(model_names)
        decided = check_retraining_decision(model_names, analyses)
        steps.extend([analyses, decided])
        return decided

    @task_group(prefix_group_id=False)
    def each_model(model_name: str) -> None:
        checked = check_model_again(model_name)
        rolled_back = roll_back_champion(model_name)
        approval = RetrainingApproval(
            task_id="approve_retraining", model_name=model_name, trigger_rule=TriggerRule.NONE_FAILED,
            map_index_template="{{ task.model_name }}",  # while it waits, too: answers find the model by it
        )  # fmt: skip
        outcome = execute_retraining(model_name, approval.output)
        published = publish_champion.override(inlets=[CHAMPIONS], outlets=[CHAMPIONS])(model_name)
        logged = log_retraining_completion(model_name)
        checked >> [rolled_back, approval]
        [rolled_back, outcome] >> published >> logged
        steps.extend([checked, rolled_back, approval, outcome, published, logged])

    models = registered_models()
    acting = models_to_act_on(models, each_batch.expand(model_names=models))
    each_model.expand(model_name=acting)
    for step in steps:
        getattr(step, "operator", step).operator_extra_links = LINKS
    [models, acting, *steps] >> fail_run_if_any_model_failed()
    [models, acting, *steps] >> notify()


automatic_model_retraining()
