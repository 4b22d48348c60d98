"""Airflow's own REST API, called inside the same process as the caller: its rights, its checks, its audit log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import httpx
from fastapi import HTTPException, Request

from include.decision.decision import Severity
from include.interfaces.api.access import DAG_ID, TOKEN_COOKIE
from include.records.entries import Problem, ProblemKind
from include.workflow.run import STEPS

AIRFLOW_APP = "airflow_app"  # where the app in the scope is kept that this one is mounted in
DAG = f"/api/v2/dags/{DAG_ID}"
APPROVE, REJECT = "Approve", "Reject"


async def call(
    request: Request, method: str, path: str, *, json: Any = None, params: Mapping[str, str | int | bool] | None = None
) -> Any:
    """Call a route of Airflow's API; what it refuses, it refuses to the caller of ours.

    Raises
    ------
    HTTPException
        With Airflow's status and what it says; 503 where Airflow itself fails.
    """
    transport = httpx.ASGITransport(app=request.scope[AIRFLOW_APP], raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://airflow") as client:
        answer = await client.request(method, path, headers=_credentials(request), json=json, params=params)
    if answer.status_code >= 500:
        raise HTTPException(503, f"Airflow failed with {answer.status_code} at {method} {path}; its log says why")
    if answer.is_error:
        raise HTTPException(answer.status_code, _detail(answer))
    return answer.json()


async def dag(request: Request) -> dict[str, Any]:
    """What Airflow knows of our DAG; 409 where it has not loaded it."""
    try:
        found: dict[str, Any] = await call(request, "GET", DAG)
    except HTTPException as error:
        if error.status_code != 404:
            raise
        raise HTTPException(409, f"Airflow has not loaded the DAG {DAG_ID}: see its import errors") from error
    return found


async def pause(request: Request, *, paused: bool) -> bool:
    """Pause our DAG, or let it run; whether it is paused then."""
    await dag(request)
    told = await call(request, "PATCH", DAG, params={"update_mask": "is_paused"}, json={"is_paused": paused})
    return bool(told["is_paused"])


async def require_running(request: Request) -> None:
    """Do nothing where our DAG runs; 409 where it is paused, for Airflow takes a run that then never begins."""
    if (await dag(request))["is_paused"]:
        raise HTTPException(
            409,
            f"the DAG {DAG_ID} is paused, so that no run begins: start it first (POST start, or `start`)",
        )


async def start_run(request: Request, conf: Mapping[str, Any], note: str) -> dict[str, Any]:
    """Have Airflow make a run of our DAG; its id and state."""
    told = await call(
        request, "POST", f"{DAG}/dagRuns", json={"logical_date": None, "conf": dict(conf), "note": note or None}
    )
    return {"run_id": told["dag_run_id"], "state": told["state"]}


async def latest_runs(request: Request, most: int = 5) -> list[dict[str, Any]]:
    """The latest runs of our DAG, newest first."""
    told = await call(request, "GET", f"{DAG}/dagRuns", params={"limit": most, "order_by": "-run_after"})
    return [
        {
            "run_id": run["dag_run_id"], "state": run["state"], "run_type": run["run_type"],
            "started_at": run["start_date"], "ended_at": run["end_date"],
            "requested_by": run.get("triggering_user_name"), "note": run["note"],
        }
        for run in told["dag_runs"]
    ]  # fmt: skip


async def components_away(request: Request) -> list[Problem]:
    """The components of Airflow that do not answer, as problems; those that are not set up are none."""
    told = await call(request, "GET", "/api/v2/monitor/health")
    return [
        Problem(
            kind=ProblemKind.AWAY, subject=name, since=None, severity=Severity.CRITICAL,
            told=f"last heard of at {heard}" if (heard := _heartbeat(found)) else "it has not been heard of",
            way_out="start it, or see its log; without it no run goes on",
        )
        for name, found in told.items()
        if found and found.get("status") == "unhealthy"
    ]  # fmt: skip


def _heartbeat(found: Mapping[str, Any]) -> str:
    return next((str(value) for name, value in found.items() if name.endswith("heartbeat") and value), "")


async def waiting_approvals(request: Request) -> list[dict[str, Any]]:
    """What runs ask about models now, the oldest first."""
    asked = await call(
        request, "GET", f"{DAG}/dagRuns/~/hitlDetails",
        params={"task_id": STEPS["approve"], "response_received": False, "limit": 1000, "order_by": "created_at"},
    )  # fmt: skip
    return [
        {
            "run_id": each["task_instance"]["dag_run_id"], "model_name": each["task_instance"]["rendered_map_index"],
            "subject": each["subject"], "body": each["body"] or "", "asked_at": each["created_at"],
        }
        for each in asked["hitl_details"]
    ]  # fmt: skip


async def answer_approval(request: Request, run_id: str, model_name: str, *, approved: bool) -> None:
    """Answer what a run asks about a model before it retrains it; 409 where it asks nothing (any more)."""
    place = f"{DAG}/dagRuns/{quote(run_id, safe='')}"
    try:
        asked = await call(
            request, "GET", f"{place}/hitlDetails",
            params={"task_id": STEPS["approve"], "response_received": False, "limit": 1000},
        )  # fmt: skip
    except HTTPException as error:
        if error.status_code != 404:
            raise
        asked = {"hitl_details": []}
    indices = [
        each["task_instance"]["map_index"]
        for each in asked["hitl_details"]
        if each["task_instance"]["rendered_map_index"] == model_name
    ]
    if not indices:
        raise HTTPException(409, f"run {run_id} asks nothing about model {model_name}, or has been answered")
    await call(
        request, "PATCH", f"{place}/taskInstances/{STEPS['approve']}/{indices[0]}/hitlDetails",
        json={"chosen_options": [APPROVE if approved else REJECT], "params_input": {}},
    )  # fmt: skip


def _credentials(request: Request) -> dict[str, str]:
    if given := request.headers.get("authorization"):
        return {"Authorization": given}
    token = request.cookies.get(TOKEN_COOKIE)
    return {"Authorization": f"Bearer {token}"} if token else {}


def _detail(answer: httpx.Response) -> str:
    try:
        told = answer.json()["detail"]
    except (ValueError, KeyError, TypeError):
        return answer.text[:500]
    return told if isinstance(told, str) else str(told)
