"""What a model's owner sets: presets, the false-retrain budget, the tree of triggers; read, written, described."""
