"""Where versions are kept: a folder, or object storage."""

from include.retraining.artifacts.folder import ArtifactFolder, Artifacts, StoredModel

__all__ = ["ArtifactFolder", "Artifacts", "StoredModel"]
