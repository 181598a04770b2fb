"""Every parameter, declared once.

A row here gives the range check, the preset key, the OSC address (`motion.zoom` is
`/vj/motion/zoom`), the MIDI target and the table in the docs. Adding a knob is adding a row.
Inputs of effects are declared in the shader's ISF header and are addressed as
`effects.SHADER.INPUT`; weights of prompts as `prompts.N.weight` (N from 1).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from engine.tapers import CURVES, PLAIN, TRAITS


@dataclass(frozen=True, slots=True)
class Param:
    """One number: its preset key, default, range, unit and help.

    tapers.TRAITS has, by its name, the `role` it plays, the `curve` along which a control moves
    it and its `safe` range.
    """

    name: str
    default: float
    low: float
    high: float
    unit: str
    help: str
    integer: bool = False

    def clamp(self, value: float) -> float:
        """The nearest allowed value; the default for what is no number."""
        if not math.isfinite(value):
            return self.default
        value = min(self.high, max(self.low, value))
        return float(round(value)) if self.integer else value

    def allows(self, value: float) -> bool:
        return self.low <= value <= self.high and (not self.integer or value == int(value))

    @property
    def role(self) -> str:
        """What it does to the picture: one of tapers.ROLES, or ""."""
        return TRAITS.get(self.name, PLAIN).role

    @property
    def curve(self) -> str:
        """How a control moves it from end to end: one of tapers.CURVES."""
        return TRAITS.get(self.name, PLAIN).curve

    @property
    def safe(self) -> tuple[float, float]:
        """Within this it may be moved by itself and the picture stays good."""
        return TRAITS.get(self.name, PLAIN).safe or (self.low, self.high)

    def at(self, place: float) -> float:
        """The value at a place 0..1 of a control."""
        return CURVES[self.curve][0](self.low, self.high, place)

    @property
    def range(self) -> str:
        """How the range is written in messages: `0.5..2.0`, whole numbers as `0..9`."""
        low, high = (int(self.low), int(self.high)) if self.integer else (self.low, self.high)
        return f"{low}..{high}"


_ROWS = (
    Param("strength", 0.5, 0.0, 1.0, "", "how much of each picture is new: 0 holds, 1 forgets"),
    Param("steps", 0, 0, 8, "", "UNet calls for a picture, more is finer and slower; 0: as many as "
          "the model wants", True),
    Param("guidance", 1.0, 0.0, 20.0, "", "pull of the prompt; above 1 the negative prompt counts"),
    Param("guidance_delta", 1.0, 0.0, 1.0, "", "pull of `self` and `onetime`, as guidance_kind"),
    Param("overlap", 0, 0, 1, "", "1: steps of several pictures in one call: faster, late", True),
    Param("seed", 0, 0, 2**31 - 1, "", "which noise; a fraction is the way to the next seed's"),
    Param("noise_drift", 0.05, 0.0, 1.0, "1/s", "how fast the noise changes; 0 pins it"),
    Param("crossfade", 0.1, 0.0, 2.0, "s", "fade from one generated picture to the next"),
    Param("flow", 1.0, 0.0, 1.0, "", "how much shapes travel in that fade, in place of ghosts"),
    Param("cadence", 0.0, 0.0, 8.0, "s", "least time between generated pictures: calm, and cheap"),
    Param("colour_hold", 0.0, 0.0, 1.0, "", "how firmly colours stay what the look's have been"),
    Param("contours", 0.8, 0.0, 1.0, "", "how sharp the contours of a soft model are"),
    Param("opacity", 1.0, 0.0, 1.0, "", "master fader"),
    Param("motion.zoom", 1.0, 0.5, 2.0, "1/s", "magnification in one second; 1 stands still"),
    Param("motion.angle", 0.0, -360.0, 360.0, "deg/s", "turn, positive is counter-clockwise"),
    Param("motion.x", 0.0, -2.0, 2.0, "width/s", "shift to the right"),
    Param("motion.y", 0.0, -2.0, 2.0, "height/s", "shift upwards"),
    Param("motion.tilt_x", 0.0, -90.0, 90.0, "deg/s", "the top leans away: with zoom, a flight"),
    Param("motion.tilt_y", 0.0, -90.0, 90.0, "deg/s", "the right side leans away"),
    Param("motion.swirl", 0.0, -360.0, 360.0, "deg/s", "turn of the middle against the corners"),
    Param("motion.bulge", 0.0, -2.0, 2.0, "1/s", "the middle comes nearer, as behind a lens"),
    Param("motion.ripple", 0.0, -1.0, 1.0, "height/s", "push of rings, one from each beat"),
    Param("motion.sway", 0.0, -1.0, 1.0, "height/s", "push of slow waves, as oil in water"),
    Param("source.amount", 0.0, 0.0, 1.0, "", "share of the source in what is redrawn"),
    Param("source.colours", 1.0, 0.0, 1.0, "", "own colours a layer keeps; 0: the picture's"),
    Param("hearing.auto_gain", 1, 0, 1, "", "1: levels fill 0..1 at any loudness", True),
    Param("hearing.gain", 1.0, 0.0, 32.0, "", "factor on all levels"),
    Param("hearing.gain_seconds", 12.0, 1.0, 120.0, "s", "how long the gain takes to come up"),
    Param("hearing.gain_floor", -34.0, -80.0, 0.0, "dB", "loudness below which gain stays down"),
)
BANDS = ("level", "bass", "mid", "midhigh", "high")
"""What has a level, hits, presence and a clock; `level` is all together."""
_FOLLOWING = ((0.02, 0.25), (0.008, 0.12), (0.015, 0.15), (0.01, 0.12), (0.008, 0.10))
_ROWS += tuple(
    Param(f"hearing.{band}_{way}", seconds, 0.001, 10.0, "s", f"how fast {band} {verb}")
    for band, pair in zip(BANDS, _FOLLOWING, strict=True)
    for way, verb, seconds in zip(("attack", "release"), ("rises", "falls"), pair, strict=True)
)
PARAMS: dict[str, Param] = {row.name: row for row in _ROWS}
WEIGHT = Param("weight", 1.0, 0.0, 10.0, "", "share of this prompt in the blend")

KNOBS = tuple(f"knob{n}" for n in range(1, 17))
"""Free controls 0..1 for expressions; moved by MIDI, OSC and later the web page."""
SWITCHES = ("freeze", "blackout", "hush", "record", "flash_limit", "take")
"""Held states: a value above 0.5 is on; keys toggle them. `flash_limit` is on from the start;
`record` makes a film of the show, `take` a take of its hands."""
TAKE_ACTS = ("take.play", "take.again")
"""A take's hands are laid over the show: the one that the text names ("" stops it); the newest, and
the same again stops it."""
TEMPO_ROWS = (
    Param("tempo.bpm", 120.0, 30.0, 300.0, "bpm", "a typed tempo: followed from now on"),
    Param("tempo.nudge", 0.0, -500.0, 500.0, "ms", "by how much later the followed beat is taken"),
    Param("tempo.offset", 0.0, -500.0, 500.0, "ms", "by how much earlier the beat is drawn"),
    Param("tempo.low", 70.0, 30.0, 150.0, "bpm", "slowest tempo the ear looks for"),
    Param("tempo.high", 180.0, 60.0, 300.0, "bpm", "fastest tempo the ear looks for"),
)
TEMPO: dict[str, Param] = {row.name: row for row in TEMPO_ROWS}
"""What the operator says of the tempo: of the evening, not of a look, so no preset holds them."""
TEMPO_SOURCES = ("auto", "audio", "prolink", "link", "midi", "tap", "fixed")
"""Who may say where the beat is; `tempo.source.NAME` chooses, and so does `tempo.source` by text.
`auto` takes the best that is there: this order, the ear (audio) last."""
TEMPO_LOCK = "tempo.lock"
"""A held state, as SWITCHES: tempo and beat go on as they are, whatever is heard."""
TEMPO_TRIGGERS = (
    *("tempo.double", "tempo.halve", "tempo.earlier", "tempo.later", "tempo.offset_less"),
    *("tempo.offset_more", "tempo.relearn", "tempo.range", "tempo.next_source"),
    *(f"tempo.source.{name}" for name in TEMPO_SOURCES),
)
SET_ROWS = (
    Param("crossfader", 0.0, 0.0, 1.0, "", "from deck A to deck B, while one is loaded"),
    Param("transition.beats", 2.0, 0.0, 64.0, "beats", "length of every change, until reset"),
)
SET: dict[str, Param] = {row.name: row for row in SET_ROWS}
"""What hands say of the set that plays; no preset holds them."""
STAGE_ROWS = (
    Param("blackout.seconds", 0.0, 0.0, 10.0, "s", "fade into a blackout and out; 0: at once"),
)
STAGE: dict[str, Param] = {row.name: row for row in STAGE_ROWS}
"""What hands say of the stage, whatever is shown; no preset holds them, `reset` leaves them."""
SET_SWITCHES = ("autopilot", "autopilot.lock")
"""Held states, as SWITCHES: presets change by themselves; the one that is shown stays."""
LAUNCHES = {"now": 0.0, "beat": 1.0, "bar": 4.0, "phrase": 16.0}
"""When a chosen preset begins, in beats; `preset.3.bar`, `next.phrase` say it for one event."""
TRANSITIONS = ("crossfade", "cut", "morph")
"""How looks follow each other: all of both mixed; at once; only numbers and prompts mixed, layers
and effects change half way. Or a transition shader (startImage, endImage, progress) by its name."""
ORDERS = ("forward", "random", "shuffle")
"""How the autopilot chooses: in order; any other; all of them before one comes again."""
DESK_TRIGGERS = ("undo", "redo", "save", "save.variation")
"""Edits by hand: taken back, done again, written into the preset or a new one beside it."""

TRIGGERS = (
    *("tap", "beat_one", "reset", "next", "previous"),
    *DESK_TRIGGERS,
    "take.again",
    *(f"{step}.{when}" for step in ("next", "previous") for when in LAUNCHES),
    *TEMPO_TRIGGERS,
)
"""Momentary actions: only a value above 0 counts."""

LAYER_KINDS = ("generator", "shader", "picture", "video", "camera", "text")
"""What a layer of a look may be; `generator` is the picture that the model makes."""
EDGES = ("mirror", "repeat", "smear", "dark")
"""What comes in over the edges of a picture that moves: itself mirrored, or once more from its
other side; its last pixels drawn out; darkness."""
BLENDS = (
    *("normal", "add", "screen", "multiply", "overlay", "soft_light", "lighten", "darken"),
    *("difference", "exclusion", "subtract"),
)
"""How a layer is put over what lies below it."""
LAYER_MASKS = ("above", "below")
"""A layer may be seen by its light alone: as the mask of the next one above, or below."""
LAYER_ROWS = (
    Param("opacity", 1.0, 0.0, 1.0, "", "how much of the layer is seen"),
    Param("x", 0.5, -1.0, 2.0, "width", "place of its middle, from the left"),
    Param("y", 0.5, -1.0, 2.0, "height", "place of its middle, from below"),
    Param("scale", 1.0, 0.0, 8.0, "", "size beside filling the picture; a text's beside its line"),
    Param("angle", 0.0, -3600.0, 3600.0, "deg", "turn, positive is counter-clockwise"),
    Param("speed", 1.0, 0.0, 4.0, "", "of a video"),
    Param("start", 0.0, 0.0, 36000.0, "s", "where a video begins"),
    Param("size", 0.12, 0.01, 1.0, "height", "height of a line of text"),
    Param("outline", 0.08, 0.0, 0.5, "", "of a text, beside its line's height"),
    Param("solo", 0, 0, 1, "", "1: of all layers only those that say so are seen", True),
    Param("bypass", 0, 0, 1, "", "1: the layer is left out, as a mask too", True),
)
LAYER_PARAMS: dict[str, Param] = {row.name: row for row in LAYER_ROWS}
"""Numbers of a layer, each a preset key, `layers.N.NAME` for hands. Shaders have their own too."""
_PLACE = ("x", "y", "scale", "angle")
LAYER_INPUTS: dict[str, tuple[str, ...]] = {
    "generator": (),
    "shader": (),
    "picture": _PLACE,
    "video": (*_PLACE, "speed", "start"),
    "camera": _PLACE,
    "text": (*_PLACE, "size", "outline"),
}
"""Which of them a layer of each kind has, beside `opacity`; a shader has its own instead."""
LORA = Param("lora", 0.0, -2.0, 2.0, "", "strength of a LoRA, `loras.NAME`; 1 as it was trained")
MACRO = Param("macro", 0.0, 0.0, 1.0, "", "a named knob of a look, `macros.NAME`")
OUTPUT_ROWS = (
    Param("brightness", 0.0, -1.0, 1.0, "", "added to an output's colours"),
    Param("contrast", 1.0, 0.0, 4.0, "", "of an output, about the middle"),
    Param("gamma", 1.0, 0.2, 5.0, "", "of an output: above 1 lifts what is dark"),
    *(Param(name, 1.0, 0.0, 2.0, "", f"gain of {name}") for name in ("red", "green", "blue")),
    *(
        Param(f"blend.{side}", 0.0, 0.0, 0.5, "width" if side in ("left", "right") else "height",
              f"how far the {side} edge overlaps a neighbour's")
        for side in ("left", "right", "top", "bottom")
    ),
    Param("blend.gamma", 2.2, 1.0, 4.0, "", "gamma of the projectors that overlap"),
    Param("blend.black", 0.0, 0.0, 0.5, "", "light of a black picture, lifted where none overlap"),
    Param("crop.left", 0.0, 0.0, 0.99, "width", "what of the picture is shown: from where"),
    Param("crop.bottom", 0.0, 0.0, 0.99, "height", "from where, from below"),
    Param("crop.width", 1.0, 0.01, 1.0, "width", "how much of it"),
    Param("crop.height", 1.0, 0.01, 1.0, "height", "how much of it"),
    Param("rotate", 0, 0, 270, "deg", "turn of the picture, counter-clockwise", True),
    Param("corner.x", 0.0, -1.0, 2.0, "width", "a corner's place in the output, from the left"),
    Param("corner.y", 0.0, -1.0, 2.0, "height", "from below"),
    Param("point.x", 0.0, -1.0, 2.0, "width", "place of a point of the grid, from the left"),
    Param("point.y", 0.0, -1.0, 2.0, "height", "from below"),
)
OUTPUT_PARAMS: dict[str, Param] = {row.name: row for row in OUTPUT_ROWS}
"""Numbers of an output: keys of [[outputs]] in the rig, `output.N.NAME` for hands; corners and
points are numbered, `output.1.corner.2.x`. `rotate` is 0, 90, 180 or 270."""
OUTPUT_SWITCHES = ("output.test_card", "output.edit", "output.fullscreen")
"""Held states of the outputs: a test card on each; handles on the one under the mouse; whether all
fill their displays."""
OUTPUT_OWN_SWITCHES = ("test_card", "edit", "fullscreen", "grid")
"""Of output N alone, `output.N.edit`; `grid`: whether it is bent by points, first of all even."""
OUTPUT_TEXTS = ("display", "flip")
"""`output.N.display` is the name of a display, which it fills, or "window"; an output that is there
changes places with it. `output.N.flip` is none, x, y or both."""
_OUTPUT_ACTS = ("next_point", "undo", "redo", "reset", "save", "identify")
OUTPUT_TRIGGERS = tuple(f"output.{act}" for act in _OUTPUT_ACTS)
"""Of the output that is edited: `output.save` writes all into the rig, `output.identify` shows
every output's name for some seconds. `output.N.reset` of one."""
OUTPUT_NUDGES: dict[str, Param] = {
    f"output.nudge.{axis}": Param(f"output.nudge.{axis}", 0.0, -100.0, 100.0, "px", help)
    for axis, help in (("x", "move the chosen corner right"), ("y", "move the chosen corner up"))
}
"""Relative: each value moves the chosen corner or point of the output that is edited."""
SEQUENCE_ORDERS = ("forward", "pingpong", "random")
"""How the prompts of a sequence follow each other."""
SEQUENCE_ROWS = (
    Param("beats", 16.0, 0.25, 4096.0, "beats", "how long each prompt of a sequence lasts"),
    Param("fade_beats", 4.0, 0.0, 4096.0, "beats", "how long it takes to come in"),
    Param("seed", 0, 0, 2**31 - 1, "", "which random order", True),
)

SOURCES = ("rings", "tunnel", "cells", "waves", "plasma", "stripes", "star", "horizon")
"""Patterns that can be mixed into what the model redraws."""
GUIDANCES = ("full", "self", "onetime", "none")
"""What guidance above 1 pulls away from: the negative prompt at each step, the picture that came
in, what the negative prompt gave at the first step; or it does nothing."""
FRESH = "none"
"""The pattern that is none: in place of feedback each picture is drawn from noise alone."""
SOURCE_KINDS = ("pattern", "camera", "video", "picture", "shader")
"""What [source] may name; all but a pattern are drawn as a layer is."""

SIGNALS = {
    "level": "loudness, automatic gain",
    "bass": "low band, automatic gain",
    "mid": "middle band, automatic gain",
    "midhigh": "upper middle band (voices, snares), automatic gain",
    "high": "high band, automatic gain",
    "hits": "1 when anything begins, then falling",
    "bass_hits": "1 when a low sound begins, then falling",
    "mid_hits": "1 when a middle sound begins, then falling",
    "midhigh_hits": "1 when an upper middle sound begins, then falling",
    "high_hits": "1 when a high sound begins, then falling",
    "presence": "loudness of the section, slow, beside the last minutes",
    "bass_presence": "how much bass the section has, slow",
    "mid_presence": "how much of the middle band the section has, slow",
    "midhigh_presence": "how much of the upper middle band the section has, slow",
    "high_presence": "how much of the high band the section has, slow",
    "kick": "1 at a kick, then falling",
    "snare": "1 at a snare or clap, then falling",
    "hat": "1 at a hat, then falling",
    "percussive": "loudness of what strikes",
    "harmonic": "loudness of what sustains",
    "brightness": "spectral centroid on a log scale",
    "noisiness": "0 for tones, 1 for noise",
    "hue": "leading pitch class, C 0 to B 11/12; stays when unclear",
    "hue_confidence": "how clearly one pitch class leads",
    "intensity": "slow energy of the last bars",
    "silence": "1 when nothing plays",
    "breakdown": "1 while kick and bass are gone",
    "build": "rising while a breakdown gets denser and brighter",
    "drop": "1 when kick and bass come back, then falling over some beats",
    "confidence": "how sure the beat is",
}
"""Signals, all 0..1, at the hop rate."""
CLOCKS = {
    "level_time": "seconds-like clock, runs as fast as it is loud",
    "bass_time": "clock that runs as fast as the bass is loud",
    "mid_time": "clock that runs as fast as the middle band is loud",
    "midhigh_time": "clock that runs as fast as the upper middle band is loud",
    "high_time": "clock that runs as fast as the high band is loud",
}
"""Clocks that stand in silence and count up to two a second when it is loud: unbounded."""
TIMES = {
    "t": "show time, s",
    "beat": "beat count, whole numbers are beats",
    "phase": "0 at the beat, rising to 1",
    "bar": "0 at the first beat of the bar, rising to 1 over four beats",
    "phrase": "0..1 over sixteen beats",
    "bar_count": "bars since the start, whole numbers are their first beats",
    "phrase_count": "phrases since the start, counted so too",
    "bpm": "tempo, beats a minute",
    "onbeat": "1 at the beat, then falling",
    "toggle": "0 and 1 by turns, a beat each",
    "random": "a new 0..1 on each beat, the same whenever the show is played",
}
"""Musical time, a function of show time."""
STEMS = ("drums", "bass", "vocals", "other")
"""Parts of a song whose signals are there in any show, as `drums.level`; see stems.py."""
STEM_NAMES = frozenset(f"{stem}.{name}" for stem in STEMS for name in (*SIGNALS, *CLOCKS))
BASE = "base"
"""In an expression: what a hand says of the very number, else its default. An expression that
uses it goes on under the hand; the hand takes the place of all others."""
NAMES = frozenset((*SIGNALS, *CLOCKS, *TIMES, *KNOBS, *STEM_NAMES, BASE))
"""Every name an expression may use."""
