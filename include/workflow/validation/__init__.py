"""What a model file and its rows come to, found out by reading them once and trying a first version and a check."""
