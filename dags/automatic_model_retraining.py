"""Keeps the registered models good.

Every six hours, for each model file in `include/models/`: **analyze** what changed since the champion was accepted,
**decide** whether a retrain pays, **execute** it (train a challenger, prove on rows that neither model has seen that it
beats the champion, publish it or leave the champion alone), and **log** what happened and why. A new champion that does
worse than the one before it (probation) is **rolled back**; with `rollback_to` a run does nothing but that.

**Writes** `model_retraining_events` and its sister tables in the database behind the connection `retraining_db`, and
artifacts, what leads to the champion's files and a report of each run below `RETRAINING_ARTIFACTS_DIR` or, in
S3-compatible storage, `RETRAINING_ARTIFACTS`; the log task says where the report is, the run's note what was decided.
When the champion of a model has changed, its asset `champion_<model>` has an event: downstream DAGs start.

**A failure is on record, too** (`retraining_failures`), for each try of each task below but a crash of the whole
machine: reports, `recommend` and the audit tell it.

**A rerun is safe.** Decisions are kept by model and run: clearing a task repeats no retrain, no rollback, and doubles
no row.

**Every try has an end**: one reading of a model's rows after the `timeout` of its file (30 minutes by default), a task
after three hours, a training after a day.

### When it fails
- `registered_models`: the folder of model files is missing, the run was given an unknown parameter or model, or `as_of`
  is later than now. Correct `RETRAINING_MODELS_DIR` or what the run was given; nothing has been looked at.
- `analyze_retraining_need`: a model file is wrong, or its rows cannot be read; the message names file and field.
  Correct it, then clear the task. *Skipped* is no failure: the model is paused, and the log says by whom and why.
- `check_retraining_decision`: no analysis is on record, or Postgres is down. Clear the analysis of that model.
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

from airflow.sdk import Param, TriggerRule, dag, get_current_context, task, task_group
from airflow.sdk.exceptions import AirflowSkipException

LONGEST_CHECK, LONGEST_TRAINING = timedelta(hours=3), timedelta(hours=24)  # of a try; then the task is failed
LABEL = "{{ model_name }}"  # each mapped task shows the model's name instead of a number


def _label(model_name: str) -> None:
    get_current_context()["model_name"] = model_name  # type: ignore[typeddict-unknown-key]  # read by LABEL


def _offered() -> dict[str, list[str]]:
    """The models that the form offers: names of files, none of which is read here; without any, names are typed."""
    from include.workflow.settings import Settings

    names = Settings.from_environment().model_names()
    return {"examples": names} if names else {}


def _form(name: str) -> dict[str, Any]:
    """What a parameter may be, as JSON schema."""
    from include.workflow.run_parameters import FORM

    return dict(FORM[name])


# The form of Airflow's web interface asks for a value wherever `type` does not allow null; to it an empty text is none.
PARAMS = {
    "models": Param(
        [],
        **_form("models"),
        title="Models",
        description="Names of the models to check. Empty: all that are enabled.",
        **_offered(),
    ),
    "reason": Param(
        "",
        **_form("reason"),
        title="Reason",
        description="Why you ask; kept on record.",
    ),
    "force": Param(
        False,
        **_form("force"),
        title="Force",
        description="Retrain whatever the policy says. Broken data still blocks, and the gate still decides.",
    ),
    "dry_run": Param(False, **_form("dry_run"), title="Dry run", description="Decide and record, but do not execute."),
    "preset": Param(
        None,
        **_form("preset"),
        values_display={"null": "each model's own"},
        title="Preset",
        description="Policy preset for this run. Empty: each model's own.",
    ),
    "as_of": Param(
        None,
        **_form("as_of"),
        title="As of",
        description="End of the recent window, not later than now. Empty: the logical date, or now for a manual run.",
    ),
    "rollback_to": Param(
        "",
        **_form("rollback_to"),
        title="Roll back to",
        description="`previous`, or a version such as `v3` that was champion before: the models named are rolled back "
        "to it, and nothing is checked or trained.",
    ),
}


@task(execution_timeout=LONGEST_CHECK)
def registered_models(params: dict[str, Any], dag_run: Any = None) -> list[str]:
    from include import workflow
    from include.interfaces.airflow.outcomes import chosen_models, task_outcome

    with task_outcome() as deployment, workflow.noting(deployment, dag_run.run_id, step="choose"):
        return chosen_models(deployment, params, dag_run.conf)


@task(map_index_template=LABEL, execution_timeout=LONGEST_CHECK)
def analyze_retraining_need(model_name: str, dag_run: Any = None, params: Any = None) -> dict[str, Any]:
    _label(model_name)
    from include import workflow
    from include.interfaces.airflow.outcomes import check_of, task_outcome, warn
    from include.interfaces.reports import text

    with task_outcome() as deployment:
        analysis = workflow.analyze(deployment, model_name, check_of(dag_run, params))
        warn(deployment, analysis)
        return text.of_analysis(analysis)


@task(map_index_template=LABEL, execution_timeout=LONGEST_CHECK)
def check_retraining_decision(
    model_name: str, analysis: dict[str, Any], dag_run: Any = None, params: Any = None
) -> int | None:
    """Pass on the event's id, or nothing when the model is to be left alone."""
    _label(model_name)
    from include import workflow
    from include.interfaces.airflow.outcomes import run_of, task_outcome, tell
    from include.interfaces.reports import text

    with task_outcome() as deployment:
        decision, event = workflow.decide(deployment, model_name, run_of(dag_run, params))
        tell(text.banner(decision))
        return None if event is None else event.id


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
    model_name: str, event_id: int | None, approval: dict[str, Any] | None, dag_run: Any = None, params: Any = None
) -> dict[str, Any]:
    """Obey decision and approval here: inside a mapped group neither a branch nor a no skips what follows."""
    _label(model_name)
    if event_id is None:
        raise AirflowSkipException(f"{model_name}: the decision is not to retrain")
    from include import workflow
    from include.interfaces.airflow.outcomes import run_of, task_outcome
    from include.interfaces.reports import text

    with task_outcome() as deployment:
        answer = None if approval is None else workflow.Answer(**approval)
        return text.of_event(workflow.execute_in_run(deployment, event_id, run_of(dag_run, params), answer))


@task(map_index_template=LABEL, trigger_rule=TriggerRule.ALL_DONE, execution_timeout=LONGEST_CHECK)
def publish_champion(
    model_name: str, dag_run: Any = None, params: Any = None, outlet_events: Any = None
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
        tell_downstream(outlet_events, change, deployment.store.identity())
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
    start_date=datetime(2026, 1, 1),  # noqa: DTZ001  # Airflow reads it as UTC
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 2, "retry_delay": timedelta(seconds=20)},
    doc_md=__doc__,
    tags=["machine-learning", "retraining"],
    params=PARAMS,
)
def automatic_model_retraining() -> None:
    """Wire the steps for each model."""
    from include.interfaces.airflow.approval_operator import RetrainingApproval
    from include.interfaces.airflow.assets import CHAMPIONS
    from include.interfaces.airflow.links import LINKS

    steps: list[Any] = []

    @task_group(prefix_group_id=False)
    def each_model(model_name: str) -> None:
        analysis = analyze_retraining_need(model_name)
        event_id = check_retraining_decision(model_name, analysis)
        rolled_back = roll_back_champion(model_name)
        approval = RetrainingApproval(
            task_id="approve_retraining", model_name=model_name, event_id=event_id, map_index_template=LABEL
        )
        outcome = execute_retraining(model_name, event_id, approval.output)
        published = publish_champion.override(outlets=[CHAMPIONS])(model_name)
        logged = log_retraining_completion(model_name)
        event_id >> rolled_back
        [rolled_back, outcome] >> published >> logged
        steps.extend([analysis, event_id, rolled_back, approval, outcome, published, logged])

    models = registered_models()
    each_model.expand(model_name=models)
    for step in steps:
        getattr(step, "operator", step).operator_extra_links = LINKS
    [models, *steps] >> fail_run_if_any_model_failed()
    [models, *steps] >> notify()


automatic_model_retraining()
