"""What this package can do, line by line, each with what shows it: made into docs/capabilities.md, and run."""
