"""The statistics that detectors are made of: distances, tests, rates, running errors."""
