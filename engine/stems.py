"""Stems: parts of a song with signals of their own, `drums.level`, `vocals.hits`.

Where files of them are given, each is heard by itself (engine/audio/stems.py). Where they are not,
live above all, what the ear tells apart in the whole stands in: a row of STAND_INS says what. Names
used by a show in, their values out; pure, called once a hop.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from types import MappingProxyType

from engine.params import CLOCKS, SIGNALS, STEMS
from engine.records import Signals

Values = Mapping[str, float]
Clocks = Mapping[str, tuple[float, float]]
STAND_INS: dict[str, Callable[[Values], float] | str] = {
    "drums.level": "percussive",
    "drums.hits": lambda v: max(v["kick"], v["snare"], v["hat"]),
    "drums.level_time": "high_time",
    "bass.level": "bass",
    "bass.hits": "bass_hits",
    "bass.presence": "bass_presence",
    "bass.level_time": "bass_time",
    "vocals.level": lambda v: min(v["harmonic"], v["mid"]),
    "vocals.hits": "midhigh_hits",
    "vocals.presence": "mid_presence",
    "vocals.level_time": "mid_time",
    "other.level": "harmonic",
    "other.hits": "mid_hits",
}
"""What stands in for a stem's signal: another signal, or what is made of some. Where there is no
row, the signal of the whole."""


def names_of(stems: Iterable[str]) -> frozenset[str]:
    """Every name that expressions may use of these stems."""
    return frozenset(f"{stem}.{name}" for stem in stems for name in (*SIGNALS, *CLOCKS))


def used_in(texts: Iterable[str], stems: Collection[str]) -> frozenset[str]:
    """The names of stems that stand anywhere in texts of a show."""
    known = names_of({*STEMS, *stems})
    found = (name for text in texts for name in re.findall(r"[a-z_]\w*\.[a-z_]+", text))
    return known.intersection(found)


def with_stems(
    signals: Signals, used: Collection[str], values: Values, clocks: Clocks
) -> Signals:
    """The signals and, of each name in `used`, what the stem itself says or what stands in."""
    if not used:
        return signals
    said, ran = dict(signals.values), dict(signals.clocks)
    for name in used:
        plain = name.partition(".")[2]
        if plain in CLOCKS:
            stand_in = STAND_INS.get(name, plain)
            ran[name] = clocks.get(name) or signals.clocks[str(stand_in)]
        elif name in values:
            said[name] = values[name]
        else:
            stand_in = STAND_INS.get(name, plain)
            whole = signals.values
            said[name] = whole[stand_in] if isinstance(stand_in, str) else stand_in(whole)
    return Signals(signals.time, MappingProxyType(said), signals.beat, MappingProxyType(ran))
