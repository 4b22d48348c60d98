"""Who may do what: Airflow's authorization decides, for the caller and our DAG. Nothing else here imports Airflow.

Airflow guards no app that is mounted in its own. So the routers of this app ask for `can_read`, and a route that
changes something for one of the others besides. Where Airflow's authorization cannot be imported, all of them refuse
everybody.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import Depends, HTTPException, Request
from starlette.concurrency import run_in_threadpool

from include.records.json_values import clean_json, clean_text

DAG_ID = "automatic_model_retraining"
LONGEST_NOTE = 4000  # characters of a body that Airflow's audit log is given

log = logging.getLogger(__name__)


def refuse_all() -> None:
    """Refuse, because nothing can tell who the caller is.

    Raises
    ------
    HTTPException
        503, always.
    """
    raise HTTPException(503, "Airflow's authorization cannot be loaded, so that everybody is refused; see the log")


can_read: Callable[..., Any] = refuse_all
can_act: Callable[..., Any] = refuse_all
can_operate: Callable[..., Any] = refuse_all
can_answer: Callable[..., Any] = refuse_all
_user: Callable[..., Any] = refuse_all
TOKEN_COOKIE = ""

try:
    from airflow.api_fastapi.auth.managers.base_auth_manager import COOKIE_NAME_JWT_TOKEN
    from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
    from airflow.api_fastapi.core_api.security import get_user, requires_access_dag
    from airflow.configuration import conf
    from airflow.models import Log
    from airflow.sdk.log import redact
    from airflow.utils.session import create_session
except Exception:  # whatever it is: where nobody can say who the caller is, nobody gets in
    log.exception("Airflow's authorization cannot be loaded: the REST API of the retraining refuses everybody")
else:
    can_read = requires_access_dag("GET", DagAccessEntity.RUN, param_dag_id=DAG_ID)
    can_act = requires_access_dag("POST", DagAccessEntity.RUN, param_dag_id=DAG_ID)
    can_operate = requires_access_dag("PUT", param_dag_id=DAG_ID)
    can_answer = requires_access_dag("PUT", DagAccessEntity.HITL_DETAIL, param_dag_id=DAG_ID)
    _user = get_user
    TOKEN_COOKIE = COOKIE_NAME_JWT_TOKEN


def caller(user: Annotated[Any, Depends(_user)]) -> str:
    """Name of the caller, as Airflow knows it: what is kept on record as who wanted it."""
    return clean_text(str(user.get_name()))


Caller = Annotated[str, Depends(caller)]


def base_url() -> str:
    """Where Airflow says that it is reached (``[api] base_url``); empty where it says nothing."""
    return str(conf.get("api", "base_url", fallback=""))


def theme() -> str:
    """The colours that Airflow's interface was given (``[api] theme``, JSON); empty for its own."""
    return str(conf.get("api", "theme", fallback=""))


def noted(event: str) -> Callable[..., Awaitable[None]]:
    """A dependency that writes a call to Airflow's audit log, before it is acted upon.

    Airflow's own (``action_logging``) fails on a body that is no JSON, writes whatever is called ``run_id`` into a
    column that may not hold it, and leaves the DAG empty, so that its page does not show the call.

    Parameters
    ----------
    event : str
        What the caller wants, for example ``retraining.rollback``; at most 60 characters.
    """

    async def note(request: Request, by: Caller) -> None:
        sent = {**request.path_params, **request.query_params, **_fields(await request.body())}
        told = json.dumps(clean_json({**{name: redact(sent[name], name) for name in sent}, "method": request.method}))
        await run_in_threadpool(_write, event, by, told[:LONGEST_NOTE])

    return note


def _write(event: str, by: str, told: str) -> None:
    with create_session() as session:
        session.add(Log(event=event, owner=by, owner_display_name=by, extra=told, dag_id=DAG_ID))


def _fields(body: bytes) -> dict[str, Any]:
    """The fields of a JSON object; none for anything else, which the route refuses."""
    try:
        found = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
