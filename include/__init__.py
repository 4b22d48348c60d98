"""Keeps production models good: detect what changed, decide whether a retrain pays, prove it, publish it, record it."""
