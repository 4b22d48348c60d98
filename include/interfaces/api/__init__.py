"""The REST API: ``/retraining/api/v1`` inside Airflow's API server, under the caller's own rights.

A face without rules: each route reads what was sent, calls one use case of `include.workflow`, and says what came of
it.
Only `include.interfaces.api.access` imports Airflow, for authorization.
"""
