"""The names of the presets, for whoever offers them without loading what they are made of."""

from __future__ import annotations

from typing import Literal, get_args

PresetName = Literal["conservative", "balanced", "aggressive"]
PRESET_NAMES: tuple[PresetName, ...] = get_args(PresetName)
WITHOUT_POLICY = ("never", "always")  # what policies are compared with
