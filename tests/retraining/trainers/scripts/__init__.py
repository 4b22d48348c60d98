"""Training scripts, run by the tests as processes of their own."""
