"""What stands before the routes: every router asks for the right to read and refuses other sites; a write asks more.

A router that is made here denies by default: a route that is added to it is guarded, whether its author thought of it
or not.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Depends
from fastapi.routing import APIRoute

from include.interfaces.api.access import can_act, can_answer, can_operate, can_read, noted
from include.interfaces.api.once import OnceRoute, once
from include.interfaces.api.problems import ANY_ROUTE
from include.interfaces.api.same_site import same_site_only


def guarded_router(prefix: str = "", route_class: type[APIRoute] = OnceRoute, **settings: Any) -> APIRouter:
    """A router whose every route is for those who may read the DAG, and writes only from our page or with a token."""
    return APIRouter(
        prefix=prefix, route_class=route_class, dependencies=[Depends(can_read), Depends(same_site_only)],
        redirect_slashes=False, **settings,
    )  # fmt: skip


def api_router(*tags: str) -> APIRouter:
    """A guarded router of the REST API, with the answers that any of its routes may give."""
    return guarded_router(responses=ANY_ROUTE, tags=list(tags))


def acting(event: str) -> Sequence[Any]:
    """For those who may make a run of the DAG; `event` is what Airflow's audit log calls it."""
    return [Depends(can_act), Depends(noted(event)), Depends(once)]


def operating(event: str) -> Sequence[Any]:
    """For those who may edit the DAG, as pausing it is."""
    return [Depends(can_operate), Depends(noted(event)), Depends(once)]


def answering(event: str) -> Sequence[Any]:
    """For those who may answer what the DAG asks a person."""
    return [Depends(can_answer), Depends(noted(event)), Depends(once)]
