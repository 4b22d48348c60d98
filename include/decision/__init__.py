"""From signals to a decision that an operator can act on. Pure: evidence in, verdict out."""
