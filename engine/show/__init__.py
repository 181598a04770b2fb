"""The show: looks and sets, read from text files, checked whole and compiled once.

looks.py and sets.py have the records, finding.py the files, values.py reads one number,
preset_file.py a look, set_file.py a set. TOML files flow in, a frozen `Show` flows out; everyone
else imports from here.
"""

from engine.show.finding import PRESETS, find_preset
from engine.show.looks import EffectLine, LayerLine, Preset, PromptLine, Sequence, Value, Word
from engine.show.preset_file import load_preset
from engine.show.set_file import DEMO_SET, HUSH, load_show
from engine.show.sets import Autopilot, Scene, Show, Transition

__all__ = [
    "DEMO_SET", "HUSH", "PRESETS", "Autopilot", "EffectLine", "LayerLine", "Preset", "PromptLine",
    "Scene", "Sequence", "Show", "Transition", "Value", "Word", "find_preset", "load_preset",
    "load_show",
]
