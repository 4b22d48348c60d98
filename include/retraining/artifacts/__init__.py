"""Where versions are kept: a folder, or object storage."""
