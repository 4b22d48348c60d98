"""Rows as they arrive: copies, odd times, gaps, spans that are set aside."""
