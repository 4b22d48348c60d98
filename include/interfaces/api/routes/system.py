"""Whether the system runs: status, start, stop, and runs on one model."""

from __future__ import annotations

from fastapi import Request
from starlette.concurrency import run_in_threadpool

from include.interfaces.api import airflow_api
from include.interfaces.api.access import DAG_ID, Caller
from include.interfaces.api.answers import RunAnswer, StatusAnswer
from include.interfaces.api.bodies import RunBody, SwitchBody
from include.interfaces.api.examination import DoctorAnswer
from include.interfaces.api.guards import acting, api_router, operating
from include.interfaces.api.records import Deployed, Model, examined
from include.registry.model_files import model_names

router = api_router("system")


@router.get("/status")
async def status(request: Request, deployed: Deployed) -> StatusAnswer:
    """Whether the DAG runs by its schedule, and what it did last."""
    dag, runs = await airflow_api.dag(request), await airflow_api.latest_runs(request)
    return StatusAnswer(
        is_running=not dag["is_paused"], dag_id=DAG_ID, next_run=dag.get("next_dagrun_run_after"), runs=runs,
        models=await run_in_threadpool(model_names, deployed.models_dir),
    )  # fmt: skip


@router.get("/doctor")
def doctor(deployed: Deployed) -> DoctorAnswer:
    """What is going to stop models, each with a way out: records, artifacts, libraries, Airflow, this machine."""
    return examined(deployed)


@router.post("/start", dependencies=operating("retraining.start"))
async def start(request: Request, deployed: Deployed, body: SwitchBody | None = None) -> StatusAnswer:
    """Let the DAG run by its schedule: unpauses it."""
    await airflow_api.pause(request, paused=False)
    return await status(request, deployed)


@router.post("/stop", dependencies=operating("retraining.stop"))
async def stop(request: Request, deployed: Deployed, body: SwitchBody | None = None) -> StatusAnswer:
    """Have the DAG start no more runs: pauses it. What runs goes on to its end."""
    await airflow_api.pause(request, paused=True)
    return await status(request, deployed)


@router.post("/models/{model_name}/runs", status_code=202, dependencies=acting("retraining.run"))
async def run(request: Request, model: Model, by: Caller, body: RunBody | None = None) -> RunAnswer:
    """Start a run that checks this model now: decides, and executes what it decides. With `dry_run` it only decides."""
    asked = body or RunBody()
    await airflow_api.require_running(request)
    conf = {"models": [model], "reason": asked.reason, "dry_run": asked.dry_run, "force": asked.force}
    if asked.preset:
        conf["preset"] = asked.preset
    if asked.as_of is not None:
        conf["as_of"] = asked.as_of.isoformat()
    return RunAnswer(**await airflow_api.start_run(request, conf, f"{by}: {asked.reason}"))
