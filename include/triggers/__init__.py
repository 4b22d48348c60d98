"""One rule a file: signals and state in, "retrain?" with a reason out."""
