"""What trains: a protocol, and scikit-learn behind it."""
