"""Once: a write with an ``Idempotency-Key`` that is sent again is answered as it was, and not done again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import Header, HTTPException, Request, Response
from fastapi.routing import APIRoute
from pydantic import StringConstraints
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse

from include import workflow
from include.interfaces.api.access import Caller
from include.interfaces.api.records import Deployed
from include.records.entries import KeptCall

REPLAYED = "Idempotency-Replayed"

Key = Annotated[
    Annotated[str, StringConstraints(max_length=200, pattern=r"^[!-~]*$")],
    Header(alias="Idempotency-Key", description="with the same key the same call is done once; kept for two days"),
]


class Answered(Exception):
    """The call was answered before; carries that answer out of the dependencies."""

    def __init__(self, call: KeptCall) -> None:
        self.call = call
        super().__init__(call.key)


async def once(request: Request, by: Caller, deployed: Deployed, key: Key = "") -> None:
    """Begin the call, where it has a key.

    Raises
    ------
    Answered
        Where it was answered before.
    HTTPException
        422 for a key that stands for another call, 409 while the first one is being answered.
    """
    if not key:
        return
    asked = "\n".join([request.method, str(request.url.path), str(request.url.query)]).encode()
    fingerprint = hashlib.sha256(asked + b"\n" + await request.body()).hexdigest()
    call = await run_in_threadpool(workflow.begin_call, deployed, by, key, fingerprint)
    if call.fingerprint != fingerprint:
        raise HTTPException(422, f"Idempotency-Key {key}: it stands for another call of yours; send another key")
    if call.status is not None:
        raise Answered(call)
    if not call.mine:
        raise HTTPException(409, f"Idempotency-Key {key}: the same call is being answered; ask again in a while")
    request.state.call = (deployed, call)


class OnceRoute(APIRoute):
    """A route that keeps its answer under the key of the call, and lets go of the key where it refuses."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """What answers a request."""
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                response = await handle(request)
            except Answered as before:
                return _replayed(before.call)
            except Exception:  # not where the client has gone: then it may have been done, and the key stays taken
                await _end(request, None)
                raise
            await _end(request, response)
            return response

        return answer


async def _end(request: Request, response: Response | None) -> None:
    """Keep the answer, or nothing where there is none."""
    if (begun := getattr(request.state, "call", None)) is None:
        return
    deployed, call = begun
    if response is None:
        await run_in_threadpool(workflow.drop_call, deployed, call)
    else:
        told = json.loads(bytes(response.body))
        await run_in_threadpool(workflow.end_call, deployed, call, response.status_code, told)


def _replayed(call: KeptCall) -> Response:
    assert call.status is not None
    return JSONResponse(dict(call.answer), status_code=call.status, headers={REPLAYED: "true"})
