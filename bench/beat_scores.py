"""Scores of one piece: what was claimed, and when, against the beats that are known.

Pure functions; mir_eval (Raffel and others 2014) counts the matches and the continuity. The first
5 s and unknown spans are left out. A claim that was made later than 50 ms after its beat matches
nothing: it is a false one and its beat is missed.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

NEAR, LATE, LEFT_OUT = 0.07, 0.05, 5.0
"""Seconds: a match; a claim too late to be any use; the beginning that does not count."""
SETTLE = 4.0
"""Seconds after a change of track in which a jump is no fault."""
TEMPO_NEAR = 0.04
BAR_FROM, BAR_UNTIL = 16.0, 32.0
"""Where it is asked whether the downbeat is right, in seconds after the first known beat."""
DROP_REST = 8.0
"""Seconds around a change of track in which an unlabelled drop is no fault."""


@dataclass(frozen=True)
class Truth:
    """The labels that scores need; a training.music Piece has them all and serves as one."""

    beats: np.ndarray
    bar_pos: np.ndarray
    meter: int = 4
    unknown: tuple[tuple[float, float], ...] = ()
    changes: tuple[float, ...] = ()
    drops: tuple[float, ...] = ()
    entries: tuple[float, ...] = ()


@dataclass(frozen=True)
class Heard:
    """Claims of one tracker: seconds `t`, seconds of sound heard when it was `emitted`, `bpm`, and
    `bar_pos` (0: it does not say). `confidence` for every hop, `drops` seconds, `cpu` shares of a
    hop's length that each hop took: empty where the tracker has none."""

    t: np.ndarray
    emitted: np.ndarray
    bpm: np.ndarray
    bar_pos: np.ndarray
    confidence: np.ndarray = field(default_factory=lambda: np.zeros(0))
    drops: np.ndarray = field(default_factory=lambda: np.zeros(0))
    cpu: np.ndarray = field(default_factory=lambda: np.zeros(0))


def known(truth: Truth, times: np.ndarray, start: float = LEFT_OUT) -> np.ndarray:
    """Whether times count: after `start` and in no unknown span."""
    out = times >= start
    for a, b in truth.unknown:
        out &= (times < a) | (times >= b)
    return out


def nearest(beats: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Index of the beat nearest to each time."""
    right = np.clip(np.searchsorted(beats, times), 1, len(beats) - 1)
    return right - (times - beats[right - 1] < beats[right] - times)


def in_time(truth: Truth, heard: Heard) -> np.ndarray:
    """Whether each claim came early enough for the beat nearest to it."""
    return heard.emitted <= truth.beats[nearest(truth.beats, heard.t)] + LATE


def f_measure(reference: np.ndarray, claims: np.ndarray, timely: np.ndarray) -> float:
    """F of claims within NEAR of reference times; those that are not `timely` are false."""
    import mir_eval

    if not len(reference) and not len(claims):
        return 1.0
    right = len(mir_eval.util.match_events(reference, claims[timely], NEAR))
    return 2.0 * right / (len(reference) + len(claims))


def score(truth: Truth, heard: Heard) -> dict[str, float]:
    """The figures of a piece with beats. Not a number where a figure does not apply."""
    import mir_eval

    aim, said = known(truth, truth.beats), known(truth, heard.t)
    timely = in_time(truth, heard)
    reference, claims = truth.beats[aim], heard.t[said]
    on_time = heard.t[said & timely]
    continuity = (0.0,) * 4
    if len(on_time) > 1 and len(reference) > 1:
        continuity = mir_eval.beat.continuity(reference, on_time)
    error = phase_errors(truth, heard)
    return {
        "f": f_measure(reference, claims, timely[said]),
        "cmlt": float(continuity[1]), "amlt": float(continuity[3]),
        "downbeat_f": _downbeats(truth, heard, aim, said, timely),
        "phase_ms": 1e3 * float(np.median(np.abs(error))) if len(error) else np.nan,
        "bias_ms": 1e3 * float(np.median(error)) if len(error) else np.nan,
        "tempo_right": tempo_right(truth, heard),
        "first_right_s": locked(truth, heard, _begin(truth))[0],
        "fourth_right_s": locked(truth, heard, _begin(truth))[1],
        "jumps": float(jumps(truth, heard)),
        "bar_right": bar_right(truth, heard),
    }


def _begin(truth: Truth) -> float:
    """When there is something to hear: 0, or the end of an unknown introduction."""
    return max((b for a, b in truth.unknown if a <= 0.0), default=0.0)


def _downbeats(truth: Truth, heard: Heard, aim: np.ndarray, said: np.ndarray,
               timely: np.ndarray) -> float:
    if truth.meter != 4 or not heard.bar_pos.any():
        return float("nan")
    said = said & (heard.bar_pos == 1)
    return f_measure(truth.beats[aim & (truth.bar_pos == 1)], heard.t[said], timely[said])


def right(truth: Truth, heard: Heard) -> np.ndarray:
    """Index of the beat that each claim hits in time, -1 where it hits none."""
    index = nearest(truth.beats, heard.t)
    hit = np.abs(heard.t - truth.beats[index]) <= NEAR
    return np.where(hit & in_time(truth, heard), index, -1)


def phase_errors(truth: Truth, heard: Heard) -> np.ndarray:
    """Claim less beat, seconds, of the right claims that count."""
    index = right(truth, heard)
    keep = (index >= 0) & known(truth, heard.t)
    return heard.t[keep] - truth.beats[index[keep]]


def locked(truth: Truth, heard: Heard, start: float) -> tuple[float, float]:
    """Seconds from `start` to the first and to the fourth of four right claims in a row.

    In a row: each hits the beat after the one before. The fourth counts when it was emitted.
    Infinite where it never comes.
    """
    index = right(truth, heard)
    run = 0
    for k in np.flatnonzero(heard.t >= start - NEAR):
        follows = run and index[k] == index[k - 1] + 1
        run = (run + 1 if follows else 1) if index[k] >= 0 else 0
        if run == 4:
            return max(0.0, float(heard.t[k - 3]) - start), float(heard.emitted[k]) - start
    return np.inf, np.inf


def locks_after_changes(truth: Truth, heard: Heard) -> list[float]:
    """Seconds to the fourth right beat in a row after each change of track."""
    return [locked(truth, heard, _audible(truth, change))[1] for change in truth.changes]


def _audible(truth: Truth, time: float) -> float:
    """When the beat of what begins at a time can be known."""
    return max([time, *(b for a, b in truth.unknown if a <= time + 0.5 and b > time)])


def local_bpm(beats: np.ndarray, times: np.ndarray) -> np.ndarray:
    """The true tempo around times: the median of four intervals of the beats there."""
    gaps = np.diff(beats)
    smooth = np.array([np.median(gaps[max(0, k - 2) : k + 2]) for k in range(len(gaps))])
    return 60.0 / smooth[np.clip(np.searchsorted(beats, times) - 1, 0, len(gaps) - 1)]


def tempo_right(truth: Truth, heard: Heard) -> float:
    """1 where the claims' median tempo is within 4 % of the true one, else 0."""
    said = known(truth, heard.t)
    if not said.any():
        return 0.0
    ratio = heard.bpm[said] / local_bpm(truth.beats, heard.t[said])
    return float(abs(float(np.median(ratio)) - 1.0) <= TEMPO_NEAR)


def jumps(truth: Truth, heard: Heard) -> int:
    """Falls out of a lock into half-beats, double or half tempo.

    Locked after four beats hit in a row with nothing between; a fall is three of four beats
    followed by a claim in the middle of their interval, or every other of six beats missed. It
    counts once, until the next lock; a change of track and an unknown span end a lock without a
    fault.
    """
    beats = truth.beats
    if len(beats) < 8 or not len(heard.t):
        return 0
    index = right(truth, heard)
    hit = np.isin(np.arange(len(beats)), index[index >= 0])
    place = np.searchsorted(beats, heard.t, side="right") - 1
    inside = (place >= 0) & (place < len(beats) - 1)
    gap = np.diff(beats)[np.clip(place, 0, len(beats) - 2)]
    share = (heard.t - beats[np.clip(place, 0, None)]) / gap
    middle = np.isin(np.arange(len(beats)), place[inside & (share > 0.3) & (share < 0.7)])
    clean = hit & ~np.concatenate([[False], middle[:-1]])
    free = ~known(truth, beats)
    for change in truth.changes:
        free |= (beats >= change - 1.0) & (beats < change + SETTLE)
    count, run = 0, 0
    for k in range(6, len(beats)):
        run = 0 if free[k] else run + 1 if clean[k] or run >= 4 else 0
        halved = (hit[k - 5 : k + 1] == np.arange(6) % 2).all() \
            or (hit[k - 5 : k + 1] == 1 - np.arange(6) % 2).all()
        if run >= 4 and (middle[k - 3 : k + 1].sum() >= 3 or halved):
            count, run = count + 1, 0
    return count


def bar_right(truth: Truth, heard: Heard) -> float:
    """1 where most right claims between 16 and 32 s have the right place in a bar of four."""
    if truth.meter != 4 or not heard.bar_pos.any():
        return float("nan")
    first = truth.beats[known(truth, truth.beats, 0.0)]
    if not len(first) or truth.beats[-1] < first[0] + BAR_FROM + 4.0:
        return float("nan")
    index = right(truth, heard)
    ago = heard.t - first[0]
    keep = (index >= 0) & (ago >= BAR_FROM) & (ago < BAR_UNTIL) & known(truth, heard.t)
    same = heard.bar_pos[keep] == truth.bar_pos[index[keep]]
    return float(same.mean() > 0.5) if keep.any() else 0.0


def drops(truth: Truth, heard: Heard) -> tuple[int, int, int]:
    """(labelled drops, those found within one beat, false ones)."""
    found, excused = 0, np.zeros(len(heard.drops), bool)
    for drop in truth.drops:
        near = np.abs(heard.drops - drop) <= _beat_at(truth, drop)
        found += bool(near.any())
        excused |= near
    for entry in truth.entries:
        excused |= np.abs(heard.drops - entry) <= 2 * _beat_at(truth, entry)
    for change in truth.changes:
        excused |= np.abs(heard.drops - change) <= DROP_REST
    excused |= ~known(truth, heard.drops, 0.0)
    return len(truth.drops), found, int((~excused).sum())


def _beat_at(truth: Truth, time: float) -> float:
    return float(60.0 / local_bpm(truth.beats, np.array([time]))[0])
