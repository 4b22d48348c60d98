"""Airflow: connections, outcomes of tasks, assets, approvals and notes. The only room that imports it."""
