"""What runs the project on one machine: an embedded Postgres and a local Airflow."""
