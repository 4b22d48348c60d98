"""Versions on the same rows, which none of them was trained or accepted on."""
