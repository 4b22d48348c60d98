"""What Airflow loads from the plugins folder. Imported in every Airflow process: kept light.

Airflow puts ``dags/``, ``config/`` and ``plugins/`` on the import path, but not the folder that holds them, where
``include/`` lies. This plugin adds it, so that a deployment need not set ``PYTHONPATH``.
"""

from __future__ import annotations

import sys
from pathlib import Path

from airflow.plugins_manager import AirflowPlugin

PROJECT_ROOT = str(Path(__file__).resolve().parent.parent)
if PROJECT_ROOT not in sys.path:
    sys.path.append(PROJECT_ROOT)


class RetrainingPlugin(AirflowPlugin):
    """Registers this package with Airflow; the REST API and the UI page will hang here."""

    name = "retraining"
