"""Airflow's API server with our plugin in it, in a process of its own: ``python -m tests.api.inside PORT FILE``.

The DAG is made known to Airflow, and what the mounted app consists of is written to the file; then the server serves.
Nothing runs what is triggered: there is no scheduler.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any


def main(port: int, told: Path) -> None:
    """Serve until the process is ended."""
    import uvicorn
    from airflow.api_fastapi.app import create_app
    from airflow.dag_processing.bundles.manager import DagBundlesManager
    from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db

    DagBundlesManager().sync_bundles_to_db()
    sync_bag_to_db(DagBag(), "dags-folder", None)
    app = create_app(apps="core")
    [mounted] = [route.app for route in app.routes if getattr(route, "path", "") == "/retraining"]
    told.with_suffix(".new").write_text(json.dumps(list(described(mounted))))
    told.with_suffix(".new").replace(told)
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")


def described(app: Any) -> Any:
    """Each route: its path and methods, and the names of what it depends on, in their order."""
    for route in app.routes:
        guards = [] if not hasattr(route, "dependant") else [_name(each) for each in route.dependant.dependencies]
        yield {
            "kind": type(route).__name__, "path": route.path, "guards": guards,
            "methods": sorted(getattr(route, "methods", None) or ["?"]),
        }  # fmt: skip


def _name(dependant: Any) -> str:
    """How `include.interfaces.api.access` or `same_site` calls it."""
    from include.interfaces.api import access, same_site

    known = {**vars(access), **vars(same_site)}
    return next(
        (name for name, value in known.items() if value is dependant.call), getattr(dependant.call, "__name__", "?")
    )


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
