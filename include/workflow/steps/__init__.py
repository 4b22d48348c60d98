"""The steps of a run for one model: analyze, decide, execute, log. Each may be repeated after a crash."""
