"""A model's first file: what the rows are taken for, what their owner has to say, and the commented YAML."""
