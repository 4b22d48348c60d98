"""What goes wrong, as ``application/problem+json`` (RFC 9457) with a string `detail`: 4xx by the type of the error."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import psycopg
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.routing import Match

from include.errors import (
    ArtifactError,
    ClaimLost,
    ConfigurationError,
    DataError,
    NotOnRecord,
    RequestsTaken,
    RetrainingError,
    RollbackRefused,
    SourceUnavailable,
    TrainingError,
)
from include.records.masking import mask
from include.workflow.refusals import refusal_of

MEDIA_TYPE = "application/problem+json"
SECONDS_TO_WAIT = 30

#: The status of each kind of error; a subclass stands before its base.
STATUS: Mapping[type[RetrainingError], int] = {
    RollbackRefused: 409,
    ArtifactError: 409,
    ClaimLost: 409,
    RequestsTaken: 409,
    NotOnRecord: 404,
    ConfigurationError: 422,
    DataError: 422,
    TrainingError: 422,
    SourceUnavailable: 503,
}

_FOLDERS = re.compile(r"(?<![\w.:/-])/(?:[\w.@+-]+/)+(?=[\w.])")

log = logging.getLogger(__name__)


class FieldProblem(BaseModel):
    """What is wrong with one field of what was sent."""

    field: str = Field(description="where it is, for example body.reason")
    problem: str


class Problem(BaseModel):
    """An answer to what cannot be done (RFC 9457)."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str = Field(description="what is wrong, and what to do")
    errors: list[FieldProblem] = Field(default_factory=list, description="what is wrong field by field")


class ProblemResponse(JSONResponse):
    """A problem; what a client sent is never repeated as markup, for it is JSON."""

    media_type = MEDIA_TYPE


def problem(
    status: int, detail: str, *, errors: list[FieldProblem] | None = None, headers: Mapping[str, str] | None = None
) -> ProblemResponse:
    """The answer for a status and what is wrong."""
    told = Problem(title=HTTPStatus(status).phrase, status=status, detail=detail, errors=errors or [])
    return ProblemResponse(told.model_dump(), status_code=status, headers=dict(headers or {}))


def handle_problems(app: FastAPI) -> None:
    """Have the app answer every error so."""
    app.exception_handler(HTTPException)(_refused)
    app.exception_handler(RequestValidationError)(_invalid)
    app.exception_handler(RetrainingError)(_of_the_workflow)
    app.exception_handler(psycopg.Error)(_of_the_records)
    app.exception_handler(Exception)(_unforeseen)


def _refused(request: Request, error: Exception) -> ProblemResponse:
    assert isinstance(error, HTTPException)
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(_methods_at(request))
    if error.status_code == HTTPStatus.UNAUTHORIZED:
        headers.setdefault("WWW-Authenticate", "Bearer")
    return problem(error.status_code, _as_text(error.detail), headers=headers)


def _methods_at(request: Request) -> list[str]:
    """The methods of all routes at the path of a request; the framework tells those of the first one only."""
    there = [each for each in request.app.routes if each.matches(request.scope)[0] is not Match.NONE]
    return sorted({method for each in there for method in getattr(each, "methods", None) or ()})


def _invalid(_request: Request, error: Exception) -> ProblemResponse:
    assert isinstance(error, RequestValidationError)
    found = [
        FieldProblem(field=".".join(str(part) for part in line["loc"]), problem=str(line["msg"]))
        for line in error.errors()
    ]
    return problem(422, "; ".join(f"{each.field}: {each.problem}" for each in found), errors=found)


def _of_the_workflow(_request: Request, error: Exception) -> ProblemResponse:
    assert isinstance(error, RetrainingError)
    status = next((status for kind, status in STATUS.items() if isinstance(error, kind)), 422)
    headers = {"Retry-After": str(SECONDS_TO_WAIT)} if status == HTTPStatus.SERVICE_UNAVAILABLE else {}
    return problem(status, told_of(error), headers=headers)


def told_of(error: RetrainingError) -> str:
    """What the error says, without secrets and the folders of this server.

    >>> told_of(ConfigurationError("/opt/airflow/models/iris.yaml", "not valid YAML"))
    'iris.yaml: not valid YAML'
    """
    return _FOLDERS.sub("", mask(str(error)))


def _of_the_records(_request: Request, error: Exception) -> ProblemResponse:
    if told := refusal_of(error):
        return problem(503, told)
    log.error("the records database: %s", error, exc_info=error)
    if isinstance(error, psycopg.OperationalError):
        return problem(503, "the records database cannot be used now", headers={"Retry-After": str(SECONDS_TO_WAIT)})
    return problem(500, "the records database refused this; the log of the API server says why")


def _unforeseen(_request: Request, error: Exception) -> ProblemResponse:
    log.error("unforeseen", exc_info=error)
    return problem(500, "a fault of ours; the log of the API server says what happened")


def _as_text(detail: Any) -> str:
    """A detail as text; Airflow's may be a mapping with a reason."""
    if isinstance(detail, Mapping):
        return str(detail.get("message") or detail.get("reason") or detail)
    return str(detail)


#: What OpenAPI says of the answers that any route may give.
ANY_ROUTE: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "description": HTTPStatus(status).phrase}
    for status in (400, 401, 403, 404, 409, 413, 422, 503)
}
