"""Measured claims; not timed tests."""
