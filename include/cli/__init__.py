"""The command line: ``python -m include.cli``, a file a group of commands."""
