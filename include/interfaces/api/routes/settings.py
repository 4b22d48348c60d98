"""Configuration: what the policies of models come to, with an ETag that says whether that has changed."""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Any

from fastapi import Header, Query
from pydantic import StringConstraints
from starlette.responses import JSONResponse, Response

from include import workflow
from include.interfaces.api.bodies import Preset
from include.interfaces.api.guards import api_router
from include.interfaces.api.problems import told_of
from include.interfaces.api.records import Deployed, Model

router = api_router("configuration")

IfNoneMatch = Annotated[Annotated[str, StringConstraints(max_length=1000)], Header()]
ChosenPreset = Annotated[Preset, Query(description="as if this preset held; empty: the model's own")]
UNCHANGED: dict[int | str, dict[str, Any]] = {
    200: {"headers": {"ETag": {"schema": {"type": "string"}}}},
    304: {"description": "nothing has changed since the ETag in If-None-Match"},
}


@router.get("/config", responses=UNCHANGED, response_model=dict[str, Any])
def all_settings(deployed: Deployed, preset: ChosenPreset = "", if_none_match: IfNoneMatch = "") -> Response:
    """The effective settings of every model; a model file with mistakes is told beside the others."""
    found, broken = workflow.settings_of(deployed.models_dir, (), preset)
    return _tagged({"models": found, "errors": {name: told_of(error) for name, error in broken.items()}}, if_none_match)


@router.get("/models/{model_name}/config", responses=UNCHANGED, response_model=dict[str, Any])
def settings(model: Model, deployed: Deployed, preset: ChosenPreset = "", if_none_match: IfNoneMatch = "") -> Response:
    """The effective settings of a model: preset, model file and environment together."""
    found, broken = workflow.settings_of(deployed.models_dir, [model], preset)
    for error in broken.values():
        raise error
    return _tagged(found[model], if_none_match)


def _tagged(told: dict[str, Any], if_none_match: str) -> Response:
    tag = f'"{hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:32]}"'
    known = [each.strip().removeprefix("W/") for each in if_none_match.split(",")]
    if tag in known or "*" in known:
        return Response(status_code=304, headers={"ETag": tag})
    return JSONResponse(told, headers={"ETag": tag})
