"""A model's first file: what the rows are taken for, what their owner is asked, and the commented YAML."""
