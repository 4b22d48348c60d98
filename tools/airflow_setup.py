"""Makes Airflow ready in one process, because each `airflow` command costs some three seconds of imports.

Run as `python -m tools.airflow_setup` with Airflow's environment variables set. Creates or upgrades the
metadata database, creates the pool, reads the DAG files and activates our DAG. With ADMIN_PASSWORD set, as in
docker-compose.yaml, it also writes Airflow's password file. Safe to run again.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from tools.layout import ADMIN, DAG_ID, POOL, POOL_SLOTS


def main() -> int:
    """Do all steps; return 1 if a DAG file cannot be imported or our DAG is missing."""
    from airflow.providers_manager import ProvidersManager
    from airflow.utils import db

    ProvidersManager().initialize_providers_configuration()
    db.initdb()
    _create_pool()
    if os.environ.get("ADMIN_PASSWORD"):
        _write_password(Path(os.environ["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"]))
    problems = _read_dags()
    for problem in problems:
        sys.stderr.write(f"{problem}\n")
    return 1 if problems else 0


def _create_pool() -> None:
    """Create the pool: a task of a pool that does not exist waits for ever without an error."""
    from airflow.models.pool import Pool

    Pool.create_or_update_pool(POOL, POOL_SLOTS, "Trainings at the same time", include_deferred=False)


def _write_password(file: Path) -> None:
    file.touch(mode=0o600)
    file.write_text(json.dumps({ADMIN: os.environ["ADMIN_PASSWORD"]}))


def _read_dags() -> list[str]:
    """Store the DAGs as the DAG processor would, activate ours, and return what is wrong with the files."""
    from airflow.dag_processing.bundles.manager import DagBundlesManager
    from airflow.dag_processing.dagbag import BundleDagBag, sync_bag_to_db
    from airflow.models.dag import DagModel
    from airflow.utils.session import create_session

    problems: list[str] = []
    with create_session() as session:
        manager = DagBundlesManager()
        manager.sync_bundles_to_db(session=session)
        session.commit()
        for bundle in manager.get_all_dag_bundles():
            bundle.initialize()
            bag = BundleDagBag(bundle.path, bundle_path=bundle.path, bundle_name=bundle.name)
            problems += [f"{path}:\n{error}" for path, error in bag.import_errors.items()]
            sync_bag_to_db(bag, bundle.name, bundle_version=None, session=session)
        session.commit()
        ours = session.get(DagModel, DAG_ID)
        if ours is None:
            problems.append(f"no DAG {DAG_ID} in {[str(bundle.path) for bundle in manager.get_all_dag_bundles()]}")
        else:
            ours.is_paused = False
    return problems


if __name__ == "__main__":
    sys.exit(main())
