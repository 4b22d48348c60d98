"""How others meet this package: Airflow, reports, MLflow. Each is optional at run time."""
