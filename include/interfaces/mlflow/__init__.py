"""MLflow follows the records of a model, where a server is set."""
