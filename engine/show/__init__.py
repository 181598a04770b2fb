"""The show: looks and sets, read from text files, checked whole and compiled once.

looks.py has the records, values.py reads one number, preset_file.py a look, set_file.py a set and
finds both. TOML files flow in, a frozen `Show` flows out; everyone else imports from here.
"""

from engine.show.looks import EffectLine, Preset, PromptLine, Show, Value
from engine.show.preset_file import load_preset
from engine.show.set_file import DEMO_SET, HUSH, PRESETS, find_preset, load_show

__all__ = [
    "DEMO_SET", "HUSH", "PRESETS", "EffectLine", "Preset", "PromptLine", "Show", "Value",
    "find_preset", "load_preset", "load_show",
]
