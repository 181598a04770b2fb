"""How far the set has come: how long the look that plays stays, and which one follows it.

What plays, the beat and the show in, plain figures out. The director (director.py) leaves a look
when `due` says so; `progress` foretells that for the page's set list, on any thread, pure.
"""

from __future__ import annotations

import math
from typing import Any

from engine.params import LAUNCHES
from engine.records import Beat, Change, Playing
from engine.scenes import change_at
from engine.show import Show

BAR = LAUNCHES["bar"]


def due(beat: Beat, change: Change, began: float, show: Show) -> float:
    """The bar line, a count of beats, at which a look has been there for its scene's bars.

    `change` brought it at `began` seconds of show time; the autopilot's least and most seconds
    are kept at the tempo of now, and what is past is due at the next bar line.
    """
    pilot = show.autopilot
    wanted = round(change.beat / BAR) + show.scenes[change.after % len(show.scenes)].bars
    least, most = (beat.at(began + s) / BAR for s in (pilot.min_seconds, pilot.max_seconds))
    wanted = min(max(wanted, math.ceil(least)), math.floor(most))
    return max(wanted, math.ceil(beat.beat / BAR)) * BAR


def progress(time: float, beat: Beat, playing: Playing, show: Show) -> dict[str, Any]:
    """At show time `time`: `bars_gone` since the look came, `bars_due` in all before another one
    comes (None: it stays), and `follows`, the name of that one (None: chance will say)."""
    count, names = beat.at(time), show.names
    plays, queued = change_at(count, playing), playing.queued
    waits = queued is not None and queued is not plays
    leads = playing.autopilot and not playing.locked and len(names) > 1
    if waits:
        end, follows = queued.beat, names[queued.after % len(names)]
    else:
        began = beat.time - (beat.beat - plays.beat) * 60.0 / max(beat.bpm, 1.0)
        end = due(beat, plays, began, show) if leads else None
        after = names[(plays.after + 1) % len(names)]
        follows = after if not leads or show.autopilot.order == "forward" else None
    return {
        "bars_gone": round((count - plays.beat) / BAR, 2),
        "bars_due": None if end is None else round((end - plays.beat) / BAR, 2),
        "follows": follows if len(names) > 1 else None,
    }
