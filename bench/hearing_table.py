"""The figures of bench/hearing.py as two tables on standard error: all music, and by kind."""

from __future__ import annotations

import sys
from typing import Any

LINES = (
    ("f", "beat F-measure, 70 ms, causal"), ("cmlt", "CMLt"), ("amlt", "AMLt"),
    ("downbeat_f", "downbeat F, pieces in four"), ("phase_ms", "median |phase error|, ms"),
    ("bias_ms", "bias, ms"), ("first_right_s", "first of four right beats, s"),
    ("fourth_right_s", "fourth right beat, s"),
    ("fourth_right_after_change_s", "the same after a change of track, s"),
    ("tempo_right", "pieces with the tempo within 4 %"),
    ("jumps_in_ten_minutes", "half-beat and octave jumps in 10 min"),
    ("bar_right_after_16_s", "dance pieces, downbeat right after 16 s"),
    ("drops_found", "drops found within one beat"), ("drops", "  of"),
    ("false_drops_in_ten_minutes", "false drops in 10 min"),
    ("cpu_mean", "one core, mean"), ("cpu_p99", "one core, 99 % of hops"),
)  # fmt: skip


def print_table(figures: dict[str, Any], write=sys.stderr.write) -> None:
    """A line a figure, a column a tracker; then a line a kind of music."""
    trackers = figures["trackers"]
    write(f"{figures['pieces']} pieces, {figures['minutes']} min ({figures['music']})\n")
    write(f"{'':42}{''.join(f'{name:>10}' for name in trackers)}\n")
    for key, words in LINES:
        write(f"{words:42}{''.join(_cell(of[key]) for of in trackers.values())}\n")
    for key in ("confidence_max", "confidence_mean", "beats_a_minute"):
        cells = (_cell((of["nothing"] or {}).get(key)) for of in trackers.values())
        write(f"{'no beat there: ' + key.replace('_', ' '):42}{''.join(cells)}\n")
    write(f"\n{'F (CMLt, AMLt)':14}{'pieces':>7}{'min':>7}")
    write("".join(f"{name:>22}" for name in trackers) + "\n")
    for kind, entry in figures["by_kind"].items():
        write(f"{kind:14}{entry['pieces']:7}{entry['minutes']:7.1f}")
        for name in trackers:
            row = entry[name]
            write(f"{row['f']:9.3f} ({row['cmlt']:.2f}, {row['amlt']:.2f})")
        write("\n")
    worst = ", ".join(f"{piece['name']} {piece['f']:.2f}" for piece in figures["worst"])
    write(f"\nours does worst on: {worst}\n")


def _cell(value: float | None) -> str:
    if value is None:
        return f"{'-':>10}"
    return f"{value:10d}" if isinstance(value, int) else f"{value:10.3f}"
