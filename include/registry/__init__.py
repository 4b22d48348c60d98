"""The registered models: one YAML file each."""
