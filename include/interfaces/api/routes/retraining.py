"""Retrains: requests, what became of them, whether one is due, and what the history advises."""

from __future__ import annotations

from fastapi import Request
from starlette.concurrency import run_in_threadpool

from include import workflow
from include.interfaces.api import airflow_api
from include.interfaces.api.access import Caller
from include.interfaces.api.answers import (
    Advice,
    AdviceAnswer,
    Page,
    RequestAnswer,
    RetrainAnswer,
    RunAnswer,
    TriggersAnswer,
    page_of,
)
from include.interfaces.api.bodies import RetrainBody, TriggersBody
from include.interfaces.api.guards import acting, api_router
from include.interfaces.api.records import Deployed, Model, require_known
from include.interfaces.api.texts import Cursor, Limit, ModelFilter
from include.records.entries import KeptRequest
from include.records.json_values import clean_json

router = api_router("retraining")


@router.post("/models/{model_name}/retrain", status_code=202, dependencies=acting("retraining.retrain"))
async def retrain(
    request: Request, model: Model, deployed: Deployed, by: Caller, body: RetrainBody | None = None
) -> RetrainAnswer:
    """Ask for a retrain, and start the run that does it. Broken rows still block, and the gate still decides."""
    asked = body or RetrainBody()
    pause = await run_in_threadpool(workflow.pause_of, deployed, model)
    start_run = asked.start_run and pause is None
    if start_run:
        await airflow_api.require_running(request)
    kept, new = await run_in_threadpool(
        workflow.request_retrain, deployed, model, asked.reason, by=by, kind=asked.kind,
        hyperparameters=asked.hyperparameters, notes=asked.notes, training_data_path=asked.training_data_path,
    )  # fmt: skip
    run = None
    if start_run:
        note = "\n".join(filter(None, [f"{by}: {asked.reason}", asked.notes]))
        conf = {"models": [model], "reason": asked.reason}
        run = RunAnswer(**await airflow_api.start_run(request, conf, note[:1000]))
    told = "" if pause is None else f"the model is {pause.sentence}; the request waits until it is resumed"
    return RetrainAnswer(request=RequestAnswer.of(KeptRequest(request=kept)), new=new, run=run, note=told)


@router.get("/requests")
def requests(
    deployed: Deployed, model_name: ModelFilter = "", cursor: Cursor = "", limit: Limit = 50
) -> Page[RequestAnswer]:
    """Requests for retrains, newest first, and what became of each."""
    if model_name:
        require_known(model_name, deployed)
    found = workflow.requests_page(deployed, model_name, cursor=cursor, limit=limit)
    return page_of([RequestAnswer.of(each) for each in found.rows], found)


@router.post("/models/{model_name}/check-triggers")
def check_triggers(model: Model, deployed: Deployed, body: TriggersBody | None = None) -> TriggersAnswer:
    """Whether a retrain is due: by the latest decision, or by metrics of one's own. Nothing is kept or started."""
    asked = body or TriggersBody()
    return TriggersAnswer.of(
        workflow.check_triggers(deployed, model, asked.current_metrics or None, baseline_metrics=asked.baseline_metrics)
    )


@router.get("/models/{model_name}/recommendations")
def recommendations(model: Model, deployed: Deployed) -> AdviceAnswer:
    """What the records of the model advise: retrain, fix a source, add labels, change or retire a trigger."""
    advice = [Advice(**clean_json(each.to_json())) for each in workflow.recommendations_of(deployed, model)]
    return AdviceAnswer(model_name=model, recommendations=advice)
